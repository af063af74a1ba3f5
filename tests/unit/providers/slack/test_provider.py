import json
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.command_grammar import new_commands
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.request import InboundRequest
from signalbox.providers.slack.payload import read_form
from signalbox.providers.slack.provider import Slack, ephemeral
from tests.samples import names, request_of, sample

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_EMPTY = Answer(body="", media_type="text/plain")


def recorded(name: str) -> InboundRequest:
    found = sample("slack", name)
    return request_of("slack", found.headers, found.raw)


def parsed(name: str) -> ParsedPayload:
    return Slack().parse(recorded(name))


def parsed_event(**event: object) -> ParsedPayload:
    body = {"type": "event_callback", "event": event}
    return Slack().parse(request_of("slack", {}, json.dumps(body).encode()))


def parsed_interaction(**payload: object) -> ParsedPayload:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    return Slack().parse(request_of("slack", _FORM, body))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("app_mention", [("run", "the slow tests priority=high")]),
        ("message", [("run", "the slow tests priority=high")]),
        ("message.bot_message", []),
        ("message_changed", [("retest", "")]),
        ("message_deleted", []),
        ("reaction_added", []),
        ("slash_command", [("run", "the slow tests")]),
        (
            "message_action",
            [("agent", "> Build 2207 of railway failed on main\n> See the log of the slow tests")],
        ),
        ("shortcut", [("retest", "")]),
        ("block_actions", [("retest", "nightly")]),
        ("block_actions.static_select", [("retest", "nightly")]),
        ("view_submission", []),
    ],
)
def test_the_commands_in_an_event_are_found(name: str, expected: list[tuple[str, str]]) -> None:
    [event] = parsed(name).events

    found = new_commands(event, mention="signalbox")

    assert [(command.name, command.instruction) for command in found] == expected
    assert event.type in Slack.events


def test_the_challenge_is_answered() -> None:
    challenge = sample("slack", "url_verification").body["challenge"]

    assert parsed("url_verification") == ParsedPayload(
        type="url_verification", handshake=Answer(body=f'{{"challenge": "{challenge}"}}')
    )


def test_a_challenge_that_is_missing_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match="challenge is missing"):
        Slack().parse(request_of("slack", {}, b'{"type":"url_verification"}'))


@pytest.mark.parametrize(
    ("name", "type_", "reason"),
    [
        ("app_rate_limited", "app_rate_limited", "Slack withheld events: over 30,000 in an hour"),
        ("channel_created", "channel_created", "the event channel_created is not read"),
        ("message.channel_join", "message", "a message of this subtype is not read"),
    ],
)
def test_an_event_that_is_not_read_is_ignored(name: str, type_: str, reason: str) -> None:
    assert parsed(name) == ParsedPayload(type=type_, ignored=reason)


def test_a_request_of_an_unknown_kind_is_ignored() -> None:
    found = Slack().parse(request_of("slack", {}, b'{"type":"new_kind"}'))

    assert found == ParsedPayload(type="new_kind", ignored="the event new_kind is not read")


def test_an_event_that_is_not_read_is_ignored_whatever_else_is_odd() -> None:
    found = parsed_event(type="channel_created", channel={}, text=[], message="x")

    assert found.ignored == "the event channel_created is not read"


@pytest.mark.parametrize("type_", ["slash_command", "message_deleted", "shortcut"])
def test_an_event_does_not_pass_for_another_kind_of_request(type_: str) -> None:
    assert parsed_event(type=type_).ignored == f"the event {type_} is not read"


def test_a_change_that_left_the_text_alone_is_ignored() -> None:
    message = {"text": "see https://example.com", "user": "U1", "ts": "1.2"}

    found = parsed_event(
        type="message",
        subtype="message_changed",
        message=message | {"attachments": []},
        previous_message=message,
    )

    assert found.ignored == "the text of the message did not change"


def test_our_own_message_is_ignored() -> None:
    found = parsed_event(type="message", text="<!-- signalbox:task=tsk_1 -->", user="U1")

    assert found == ParsedPayload(
        type="message", ignored="it is from our own app, or has our marker"
    )


def test_a_slash_command_is_answered_with_its_outcome_for_its_sender_only() -> None:
    found = parsed("slash_command")

    assert found.reply is ephemeral
    assert json.loads(ephemeral("No task: a < b & c").body or "") == {
        "response_type": "ephemeral",
        "text": "No task: a &lt; b &amp; c",
    }


@pytest.mark.parametrize("name", ["block_actions", "message_action", "shortcut", "view_submission"])
def test_an_interaction_is_answered_with_an_empty_body(name: str) -> None:
    assert parsed(name).answer == _EMPTY


@pytest.mark.parametrize("type_", ["view_closed", "block_suggestion", "dialog_submission"])
def test_an_interaction_that_is_not_read_is_ignored_and_answered(type_: str) -> None:
    assert parsed_interaction(type=type_) == ParsedPayload(
        type=type_, ignored=f"the event {type_} is not read", answer=_EMPTY
    )


@pytest.mark.parametrize(
    ("name", "follows"),
    [
        ("block_actions", True),
        ("block_actions.static_select", True),
        ("message_action", True),
        ("view_submission.conversation", True),
        ("view_submission", False),
        ("shortcut", False),
        ("app_mention", False),
        ("slash_command", False),
    ],
)
def test_the_outcome_follows_where_slack_takes_a_message_and_shows_no_answer(
    name: str,
    follows: bool,  # noqa: FBT001
) -> None:
    assert parsed(name).follow_up is follows


@pytest.mark.parametrize("odd", [{"response_url": 7}, {"response_urls": [None, {}, 7]}, {}])
def test_an_odd_place_for_the_outcome_is_none(odd: dict[str, object]) -> None:
    found = parsed_interaction(type="shortcut", callback_id="run", user={"id": "U1"}, **odd)

    assert (found.follow_up, len(found.events)) == (False, 1)


@pytest.mark.parametrize(
    "ignored",
    [
        {"type": "interactive_message"},
        {"type": "message_action", "message": {"text": "<!-- signalbox:task=tsk_1 -->"}},
    ],
)
def test_the_outcome_of_an_ignored_interaction_follows_too(ignored: dict[str, object]) -> None:
    found = parsed_interaction(response_url="https://hooks.slack.com/app/x", **ignored)

    assert found.ignored
    assert found.follow_up


@pytest.mark.parametrize(("action_id", "follows"), [("open_build", False), ("retest", True)])
def test_a_button_that_only_opens_a_link_has_no_outcome(
    action_id: str,
    follows: bool,  # noqa: FBT001
) -> None:
    found = parsed_interaction(
        type="block_actions",
        user={"id": "U1"},
        response_url="https://hooks.slack.com/actions/x",
        actions=[{"action_id": action_id, "url": "https://example.com/builds/1"}],
    )

    assert found.follow_up is follows


def test_no_representation_of_a_request_shows_where_its_outcome_is_sent() -> None:
    requests = [recorded(name) for name in names("slack") if b"response_url" in recorded(name).body]

    shown = [repr(read_form(request)) for request in requests]

    assert len(shown) > 3
    assert not [text for text in shown if "hooks.slack.com" in text]


def test_an_interaction_and_a_slash_command_with_our_marker_are_ignored() -> None:
    marked = "<!-- signalbox:task=tsk_1 -->"
    slash = urlencode({"command": "/run", "text": marked, "user_id": "U1"}).encode()

    shortcut = parsed_interaction(
        type="message_action", callback_id="run", message={"text": marked}, user={"id": "U1"}
    )

    assert shortcut.ignored == "it is from our own app, or has our marker"
    assert shortcut.answer == _EMPTY
    assert Slack().parse(request_of("slack", _FORM, slash)).ignored == shortcut.ignored


@pytest.mark.parametrize("body", [b"ssl_check=1&token=x", b"token=x&ssl_check=1"])
def test_a_check_of_the_certificate_is_answered_without_a_signature(body: bytes) -> None:
    assert Slack().answer_unsigned(request_of("slack", _FORM, body)) == Answer()


@pytest.mark.parametrize(
    ("headers", "body"),
    [(_FORM, b"command=/run&text=ssl_check"), (_FORM, b"ssl_check=11"), ({}, b"ssl_check=1")],
)
def test_nothing_else_is_answered_without_a_signature(headers: dict[str, str], body: bytes) -> None:
    assert Slack().answer_unsigned(request_of("slack", headers, body)) is None


def test_a_retry_is_recognised_by_the_id_of_its_event() -> None:
    first = recorded("app_mention")
    retry = first.with_headers({"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"})

    assert Slack().delivery_key(first) == Slack().delivery_key(retry) == "Ev06SQ1JBA1"
    assert {"x-slack-retry-num", "x-slack-retry-reason"} <= Slack().recorded_headers


@pytest.mark.parametrize("name", ["slash_command", "message_action", "url_verification"])
def test_a_request_without_an_event_is_named_by_its_hash(name: str) -> None:
    key = Slack().delivery_key(recorded(name))

    assert key.startswith("sha256:")
    assert key != Slack().delivery_key(recorded("block_actions"))


@pytest.mark.parametrize("name", names("slack"))
def test_nothing_secret_is_in_an_event(name: str) -> None:
    shown = repr(parsed(name))

    for secret in ("hooks.slack.com", "70000000000", "Jhj5dZrVaK7ZwHHjRyZWjbDl"):
        assert secret not in shown


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("type", "event", "text", "user", "ts", "subtype", "message", "channel"),
                    *("previous_message", "edited", "authorizations", "bot_profile", "actions"),
                    *("callback_id", "challenge", "item", "view", "team", "metadata"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)
_TYPES = st.sampled_from(["event_callback", "url_verification", *Slack.events])


@given(_JSON, _TYPES, st.dictionaries(st.sampled_from(["event", "message", "user"]), _JSON))
def test_no_json_makes_parse_fail_otherwise(
    document: object, type_: str, parts: dict[str, object]
) -> None:
    event = {"type": type_, **parts}
    for whole in (document, {"type": type_, "event": document}, event, {**event, "event": event}):
        body = json.dumps(whole)
        for headers, raw in (({}, body.encode()), (_FORM, urlencode({"payload": body}).encode())):
            with suppress(PayloadInvalid):
                Slack().parse(request_of("slack", headers, raw))
