from urllib.parse import urlencode

import pytest
from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid
from signalbox.models.request import InboundRequest
from signalbox.providers.slack.payload import (
    Authorization,
    Envelope,
    InnerEvent,
    Interaction,
    SlashCommand,
    read_envelope,
    read_event,
    read_form,
    read_heading,
)
from tests.samples import request_of

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def json_request(body: bytes) -> InboundRequest:
    return request_of("slack", {"Content-Type": "application/json"}, body)


def form_request(**fields: str) -> InboundRequest:
    return request_of("slack", _FORM, urlencode(fields).encode())


def event_in(envelope: Envelope) -> InnerEvent:
    assert read_heading(envelope).type
    return read_event(envelope)


def test_a_form_with_a_payload_is_an_interaction_and_another_one_a_slash_command() -> None:
    interaction = read_form(form_request(payload='{"type":"shortcut","callback_id":"retest"}'))
    command = read_form(form_request(command="/signalbox", text="run x", user_id="U1"))

    assert interaction == Interaction(type="shortcut", callback_id="retest")
    assert command == SlashCommand(command="/signalbox", text="run x", user_id="U1")


def test_a_slash_command_alone_has_no_text() -> None:
    command = read_form(form_request(command="/signalbox", text=""))

    assert command == SlashCommand(command="/signalbox")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"text": "run"},
        {"command": "signalbox"},
        {"command": "/"},
        {"command": "/a b"},
        {"command": "/" + "x" * 33},
        {"payload": ""},
        {"payload": "{"},
        {"payload": "[]"},
        {"payload": "{}"},
        {"payload": '{"type":"Robert\'); DROP"}'},
    ],
)
def test_an_odd_form_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(PayloadInvalid):
        read_form(form_request(**fields))


@pytest.mark.parametrize("body", [b"payload=%7B%7D&payload=%7B%7D", b"command=/a&command=/b"])
def test_a_field_that_is_repeated_does_not_count(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read_form(request_of("slack", _FORM, body))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{}", "type: Field required"),
        (b'{"type":"A B"}', "type: String should match"),
        (b'{"type":"event_callback","api_app_id":1}', "api_app_id: Input should be a valid string"),
        (b'{"type":"url_verification","challenge":""}', "challenge: String should have at least"),
    ],
)
def test_what_decides_is_of_its_type(body: bytes, reason: str) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        read_envelope(json_request(body))

    assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (None, "event is missing"),
        ([], "the body: Input should be a valid dictionary"),
        ({}, "type: Field required"),
        ({"type": "A B"}, "type: String should match"),
        ({"type": "message", "subtype": 1}, "subtype: Input should be a valid string"),
        ({"type": "message", "bot_id": 1}, "bot_id: Input should be a valid string"),
        ({"type": "message", "text": ["x"]}, "text: Input should be a valid string"),
        ({"type": "message", "edited": "x"}, "edited: Input should be a valid dictionary"),
    ],
)
def test_what_decides_in_an_event_is_of_its_type(event: JsonValue, reason: str) -> None:
    envelope = Envelope(type="event_callback", event=event)

    with pytest.raises(PayloadInvalid) as refused:
        event_in(envelope)

    assert refused.value.reason.startswith(reason)


def test_what_only_informs_may_be_of_any_type() -> None:
    odd = b'"channel_type":{},"event_ts":5.5,"reaction":[],"item":"x","metadata":[1]'

    envelope = read_envelope(
        json_request(
            b'{"type":"event_callback","team_id":7,"event":{"type":"message",' + odd + b"}}"
        )
    )

    assert envelope.team_id is None
    assert read_event(envelope) == InnerEvent(type="message")


@pytest.mark.parametrize(
    ("authorizations", "bot"),
    [
        (None, None),
        ((), None),
        ((None,), None),
        ((Authorization(user_id="U1", is_bot=False),), None),
        ((Authorization(user_id="U1"), Authorization(user_id="U2", is_bot=True)), "U2"),
    ],
)
def test_the_bot_user_is_the_one_that_is_a_bot(
    authorizations: tuple[Authorization | None, ...] | None, bot: str | None
) -> None:
    assert Envelope(type="event_callback", authorizations=authorizations).bot_user == bot
