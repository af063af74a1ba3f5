import json

import pytest

from signalbox.models.command_grammar import new_commands
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.event_vocabulary import matches_event
from signalbox.providers.linear.provider import Linear
from tests.samples import names, request_of, sample


def parsed(name: str) -> ParsedPayload:
    found = sample("linear", name)
    return Linear().parse(request_of("linear", found.headers, found.raw))


def parsed_from(body: object) -> ParsedPayload:
    return Linear().parse(request_of("linear", {}, json.dumps(body).encode()))


@pytest.mark.parametrize("name", [name for name in names("linear") if name != "reaction.create"])
def test_a_recorded_event_is_read(name: str) -> None:
    found = parsed(name)

    types = [event.type for event in found.events]
    assert found.type == types[0] == ".".join(name.split(".")[:2])
    assert name in types
    assert set(types) <= set(Linear.events)
    for event in found.events:
        assert event.author
        assert event.occurred_at
        assert (event.repository, event.title) == ("RAIL", "Login fails behind the proxy")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("comment.create", [("agent", "fix the login priority=high")]),
        ("comment.update", [("run", "the slow tests")]),
        ("comment.remove", []),
        ("issue.create", [("run", "the login tests")]),
        ("issue.update.labels", []),
        ("issue.remove", []),
    ],
)
def test_the_commands_in_an_event_are_found(name: str, expected: list[tuple[str, str]]) -> None:
    found = [
        (command.name, command.instruction)
        for event in parsed(name).events
        for command in new_commands(event, mention="signalbox")
    ]

    assert found == expected


def test_an_event_that_is_not_read_is_ignored_whatever_else_is_odd() -> None:
    assert parsed_from({"type": "Project", "action": "update", "data": 7}) == ParsedPayload(
        type="project.update", ignored="the event project.update is not read", answer=Answer()
    )
    assert parsed("reaction.create").ignored
    assert parsed_from({"type": "Issue", "action": "restore"}).ignored


def test_our_own_comment_is_ignored() -> None:
    comment = {"id": "7", "body": "Done.\n<!-- signalbox:task=tsk_1 -->"}

    found = parsed_from({"type": "Comment", "action": "create", "data": comment})

    assert (found.events, found.ignored) == ((), "the text is our own, by its marker")


@pytest.mark.parametrize("name", names("linear"))
def test_every_delivery_is_answered_with_200(name: str) -> None:
    assert parsed(name).answer == Answer()


def test_an_event_without_its_data_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match=r"^data is missing$"):
        parsed_from({"type": "Issue", "action": "create"})


def test_the_delivery_key_is_the_id_that_linear_gives() -> None:
    request = request_of("linear", {"Linear-Delivery": "234d1a4e-b617-4388"}, b"{}")

    assert Linear().delivery_key(request) == "234d1a4e-b617-4388"


@pytest.mark.parametrize(
    "pattern", ["Issue.*.labels:agent", "issue.update.state:In Progress", "comment.*"]
)
def test_a_pattern_selects_events(pattern: str) -> None:
    assert matches_event(pattern, Linear.events)
