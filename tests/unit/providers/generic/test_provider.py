import hashlib
import json
from dataclasses import replace

import pytest
from pydantic import JsonValue

from signalbox.models.command_grammar import new_commands
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.request import InboundRequest
from signalbox.providers.generic.provider import Generic
from tests.samples import names, request_of, sample


def plain(**settings: JsonValue) -> Generic:
    return Generic().with_settings({"preset": "plain", **settings})


def request(body: JsonValue, **headers: str) -> InboundRequest:
    return request_of("generic", headers, json.dumps(body).encode())


@pytest.mark.parametrize("name", [name for name in names("generic") if "subscription" not in name])
def test_a_recorded_event_is_read(name: str) -> None:
    recorded = sample("generic", name)

    found = Generic().with_settings(recorded.settings).parse(recorded.request())

    assert [event.type for event in found.events] == [found.type]


def test_the_command_in_a_text_is_found() -> None:
    recorded = sample("generic", "plain.comment")
    [event] = Generic().with_settings(recorded.settings).parse(recorded.request()).events

    [command] = new_commands(event, mention="signalbox")

    assert (command.name, command.instruction) == ("run", "update-table year=2024")


def test_a_subscription_of_sns_waits_for_its_confirmation_by_an_operator() -> None:
    recorded = sample("generic", "sns.subscription")

    assert Generic().with_settings(recorded.settings).parse(recorded.request()) == ParsedPayload(
        type="subscriptionconfirmation",
        ignored="it asks to confirm a subscription: open the SubscribeURL in its body",
    )


@pytest.mark.parametrize(
    ("ignore", "reason"),
    [
        ("body.draft", "the setting ignore says so"),
        ("body.draft && 'a draft'", "a draft"),
        ("!(body.draft)", None),
        ("body.missing", None),
        ("''", None),
    ],
)
def test_what_the_settings_ignore_is_ignored(ignore: str, reason: str | None) -> None:
    found = plain(ignore=ignore).parse(request({"draft": True}))

    assert found.ignored == reason
    assert bool(found.events) is (reason is None)


@pytest.mark.parametrize(
    ("handshake", "answer"),
    [
        ("body.challenge", Answer(body="abc", media_type="text/plain")),
        ("{challenge: body.challenge}", Answer(body='{"challenge":"abc"}')),
        ("body.missing", None),
        ("body.missing && {a: body.missing}", None),
        ("`7`", None),
    ],
)
def test_a_handshake_is_answered_as_the_settings_say(handshake: str, answer: Answer | None) -> None:
    found = plain(handshake=handshake).parse(request({"challenge": "abc"}))

    assert found.handshake == answer
    assert bool(found.events) is (answer is None)


def test_our_own_text_is_ignored() -> None:
    found = plain(text="body.text").parse(request({"text": "<!-- signalbox:task=tsk_1 -->"}))

    assert found == ParsedPayload(type="webhook", ignored="the text is our own, by its marker")


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("evt_1", "evt_1"),
        (7, "7"),
        ("two words", f"sha256:{hashlib.sha256(b'two words').hexdigest()}"),
        ("é" * 200, f"sha256:{hashlib.sha256(('é' * 200).encode()).hexdigest()}"),
    ],
)
def test_the_key_is_the_id_that_the_settings_name(given: JsonValue, key: str) -> None:
    assert plain(delivery_id="body.id").delivery_key(request({"id": given})) == key


@pytest.mark.parametrize("body", [b"{}", b'{"id":null}', b"\xff"])
def test_without_an_id_the_key_is_a_hash_of_the_body(body: bytes) -> None:
    key = plain(delivery_id="body.id").delivery_key(request_of("generic", {}, body))

    assert key == f"sha256:{hashlib.sha256(body).hexdigest()}"


def test_two_sources_of_cloudevents_may_use_the_same_id() -> None:
    provider = Generic().with_settings({"preset": "cloudevents"})
    events: list[JsonValue] = [{"id": "1", "source": source} for source in ("/a", "/b")]

    assert [provider.delivery_key(request(event)) for event in events] == ["/a/1", "/b/1"]


def test_the_headers_that_are_read_are_stored_so_that_a_replay_reads_the_same() -> None:
    recorded = sample("generic", "cloudevents.binary")
    provider = Generic().with_settings(recorded.settings)
    received = provider.sign(recorded.request(), "secret")
    kept = {
        name: value for name, value in received.headers.items() if name in provider.recorded_headers
    }

    assert "authorization" not in kept
    assert provider.parse(replace(received, headers=kept)) == provider.parse(received)


def test_a_sender_of_cloudevents_is_told_that_it_may_deliver() -> None:
    asked = {"webhook-request-origin": "eventgrid.azure.net", "webhook-request-rate": "120"}
    origin = {"allow": "POST", "webhook-allowed-origin": "eventgrid.azure.net"}

    answers = [
        Generic().answer_unsigned(
            InboundRequest(method="OPTIONS", path="/", headers=headers, body=b"")
        )
        for headers in (asked, {"webhook-request-origin": "eventgrid.azure.net"})
    ]

    assert answers == [
        Answer(headers={**origin, "webhook-allowed-rate": "*"}),
        Answer(headers=origin),
    ]


@pytest.mark.parametrize(
    ("method", "origin"),
    [("POST", "a.example"), ("OPTIONS", ""), ("OPTIONS", "a\r\nb"), ("OPTIONS", "é"), ("GET", "a")],
)
def test_nothing_else_is_answered_without_a_signature(method: str, origin: str) -> None:
    asked = InboundRequest(
        method=method, path="/", headers={"webhook-request-origin": origin}, body=b""
    )

    assert Generic().answer_unsigned(asked) is None
