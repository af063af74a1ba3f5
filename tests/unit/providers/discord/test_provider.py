import json

import pytest

from signalbox.models.command_grammar import new_commands
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.request import InboundRequest
from signalbox.providers.discord.provider import Discord, ephemeral
from tests.samples import names, request_of, sample

_RECEIVED = Answer(body="", status=204)


def recorded(name: str) -> InboundRequest:
    found = sample("discord", name)
    return request_of("discord", found.headers, found.raw)


def parsed(name: str) -> ParsedPayload:
    return Discord().parse(recorded(name))


def parsed_from(body: str) -> ParsedPayload:
    return Discord().parse(request_of("discord", {}, body.encode()))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("application_command", [("run", "the slow tests priority=high")]),
        ("application_command.subcommand", [("run", "the slow tests")]),
        (
            "application_command.message",
            [("agent", "> Build 2207 of railway failed on main\n> See the log of the slow tests")],
        ),
        ("message_component", [("retest", "nightly")]),
        ("modal_submit", []),
        ("application_authorized", []),
        ("entitlement_create", []),
    ],
)
def test_the_commands_in_an_event_are_found(name: str, expected: list[tuple[str, str]]) -> None:
    [event] = parsed(name).events

    found = new_commands(event, mention="signalbox")

    assert [(command.name, command.instruction) for command in found] == expected
    assert event.type in Discord.events


def test_a_ping_is_answered_as_discord_expects_it() -> None:
    assert parsed("ping") == ParsedPayload(type="ping", handshake=Answer(body='{"type":1}'))


def test_a_ping_of_the_url_of_events_is_answered_without_a_body() -> None:
    assert parsed("webhook_ping") == ParsedPayload(type="ping", handshake=_RECEIVED)


def test_an_event_of_the_application_is_answered_without_a_body() -> None:
    assert parsed("application_authorized").answer == _RECEIVED


def test_an_event_of_the_application_that_is_not_read_is_ignored_whatever_its_data() -> None:
    assert parsed("lobby_message_create") == ParsedPayload(
        type="lobby_message_create",
        ignored="the event lobby_message_create is not read",
        answer=_RECEIVED,
    )


def test_no_suggestions_are_made_while_somebody_types() -> None:
    found = parsed("application_command_autocomplete")

    assert found.ignored == "there are no suggestions while somebody types"
    assert found.answer == Answer(body='{"type":8,"data":{"choices":[]}}')


@pytest.mark.parametrize(
    "name",
    ["application_command", "application_command.message", "message_component", "modal_submit"],
)
def test_an_interaction_is_answered_with_its_outcome(name: str) -> None:
    assert parsed(name).reply is ephemeral


def test_the_outcome_is_a_message_for_its_sender_only_without_markup_and_mentions() -> None:
    answer = ephemeral("Task tsk_1 (run) @everyone <@7> [x](y)\n**" + "_" * 2_000)

    message = json.loads(answer.body or "")
    assert message["type"] == 4
    assert message["data"]["flags"] == 64
    assert message["data"]["allowed_mentions"] == {"parse": []}
    assert message["data"]["content"].startswith(
        r"Task tsk\_1 (run) @everyone \<@7\> \[x\](y) \*\*\_"
    )
    assert len(message["data"]["content"]) == 2_000
    assert answer.media_type == "application/json"


def test_a_command_on_our_own_message_is_ignored_and_answered() -> None:
    message = '{"id":"9","content":"Done.","author":{"id":"1000"}}'
    data = (
        f'{{"name":"Agent","type":3,"target_id":"9","resolved":{{"messages":{{"9":{message}}}}}}}'
    )

    found = parsed_from(f'{{"type":2,"application_id":"1000","data":{data},"user":{{"id":"7"}}}}')

    assert found == ParsedPayload(
        type="application_command",
        ignored="it is about a message of our own application, or has our marker",
        reply=ephemeral,
    )


def test_an_interaction_of_an_unknown_type_is_ignored_whatever_its_data() -> None:
    assert parsed_from('{"type":6,"data":[],"user":7}') == ParsedPayload(
        type="interaction_6", ignored="the event interaction_6 is not read"
    )


def test_the_delivery_key_is_the_id_of_the_interaction() -> None:
    assert Discord().delivery_key(recorded("application_command")) == "1236000000000000002"
    assert Discord().delivery_key(recorded("application_authorized")).startswith("sha256:")


@pytest.mark.parametrize("name", names("discord"))
def test_the_token_of_an_interaction_is_in_no_event(name: str) -> None:
    assert "aW50ZXJhY3Rpb246" not in repr(parsed(name))
