import json

import pytest

from signalbox.models.command_grammar import new_commands
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import ParsedPayload
from signalbox.models.event_vocabulary import matches_event
from signalbox.models.ids import delivery_id
from signalbox.providers.trello.provider import Trello
from signalbox.services.deliveries.plan_tasks import DeliveryContext, plan_tasks
from tests.builders import NOW, a_source
from tests.samples import names, request_of, sample


def parsed(name: str) -> ParsedPayload:
    found = sample("trello", name)
    return Trello().parse(request_of("trello", found.headers, found.raw))


def parsed_from(**action: object) -> ParsedPayload:
    body = json.dumps({"action": action}).encode()
    return Trello().parse(request_of("trello", {}, body))


@pytest.mark.parametrize(
    "name", [name for name in names("trello") if name != "addAttachmentToCard"]
)
def test_a_recorded_event_is_read(name: str) -> None:
    found = parsed(name)

    types = [event.type for event in found.events]
    assert found.type == types[0] == name.partition(".")[0]
    assert name in types
    assert set(types) <= set(Trello.events)
    for event in found.events:
        assert event.author
        assert event.occurred_at
        assert (event.repository, event.title) == ("Railway", "Login fails behind the proxy")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("commentCard", [("agent", "fix the login priority=high")]),
        ("updateComment", [("run", "the slow tests")]),
        ("deleteComment", []),
        ("updateCard.desc", [("run", "the login tests")]),
        ("updateCard.list", []),
        ("createCard", []),
    ],
)
def test_the_commands_in_an_event_are_found(name: str, expected: list[tuple[str, str]]) -> None:
    found = [
        (command.name, command.instruction)
        for event in parsed(name).events
        for command in new_commands(event, mention="signalbox")
    ]

    assert found == expected


def test_an_action_that_is_not_read_is_ignored_whatever_else_is_odd() -> None:
    assert parsed_from(type="voteOnCard", data=7) == ParsedPayload(
        type="voteOnCard", ignored="the action voteOnCard is not read"
    )
    assert parsed("addAttachmentToCard").ignored


def test_our_own_comment_is_ignored() -> None:
    found = parsed_from(type="commentCard", data={"text": "Done.\n<!-- signalbox:task=tsk_1 -->"})

    assert (found.events, found.ignored) == ((), "the text is our own, by its marker")


def test_an_action_of_our_own_member_makes_no_task() -> None:
    found = parsed_from(
        type="commentCard", data={"text": "/run"}, memberCreator={"username": "signalbox"}
    )
    context = DeliveryContext(
        id=delivery_id("trello", "default", "7"),
        key="7",
        source=a_source(provider="trello", events=("*",)),
        at=NOW,
        request_id=None,
        retention=0,
    )

    plan = plan_tasks(found, context)

    assert plan.tasks == ()
    assert plan.notes == ("commentCard: signalbox is our own account",)


def test_a_payload_without_an_action_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match="action"):
        Trello().parse(request_of("trello", {}, b'{"model":{}}'))


def test_the_delivery_key_is_the_id_of_the_action() -> None:
    request = request_of("trello", {}, b'{"action":{"id":"66336b85f0a1b2c3d4e50001"}}')

    assert Trello().delivery_key(request) == "66336b85f0a1b2c3d4e50001"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"action":[]}', b'{"action":{"id":""}}', b"\xff"])
def test_without_an_id_the_delivery_key_is_a_hash_of_the_body(body: bytes) -> None:
    assert Trello().delivery_key(request_of("trello", {}, body)).startswith("sha256:")


@pytest.mark.parametrize(
    "pattern", ["updateCard.list:Doing", "addLabelToCard:agent", "*Comment", "updatecard*"]
)
def test_a_pattern_selects_events(pattern: str) -> None:
    assert matches_event(pattern, Trello.events)
