import pytest
from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid
from signalbox.providers.trello.payload import Action, Before, action_type, decoded, read
from tests.samples import request_of


def an_action(**parts: JsonValue) -> JsonValue:
    return {"action": {"type": "commentCard", **parts}}


def test_an_action_is_named_whatever_else_is_odd() -> None:
    assert action_type({"action": {"type": "voteOnCard", "data": 7, "id": []}}) == "voteOnCard"


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"action": None},
        {"action": {}},
        {"action": {"type": None}},
        {"action": {"type": ""}},
        {"action": {"type": "a b"}},
        {"action": {"type": "a" * 65}},
    ],
)
def test_a_payload_that_names_no_action_is_refused(document: JsonValue) -> None:
    with pytest.raises(PayloadInvalid):
        action_type(document)


def test_the_body_is_read_as_json() -> None:
    assert decoded(request_of("trello", {}, b'{"a":1}')) == {"a": 1}


@pytest.mark.parametrize("part", ["id", "date", "data", "memberCreator", "member", "unheardOf"])
def test_a_part_may_be_missing_or_null(part: str) -> None:
    assert read(an_action(**{part: None})) == Action(type="commentCard")


@pytest.mark.parametrize("odd", [7, ["x", 1], {"name": 7, "color": 7, "username": 7}, True])
def test_a_field_that_only_informs_may_be_of_any_type(odd: JsonValue) -> None:
    parts = dict.fromkeys(("board", "list", "listAfter", "label"), odd)
    card: JsonValue = {"id": "1", "name": odd, "shortLink": odd}

    found = read(an_action(date=odd, member=odd, data={**parts, "card": card}))

    assert found.member is None
    assert found.data
    assert found.data.card
    assert (found.data.card.name, found.data.card.short_link) == (None, None)
    for part in (found.data.board, found.data.card_list, found.data.list_after, found.data.label):
        assert part is None or part.name is None


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"id": "a b"}, "action.id: String should match pattern"),
        ({"data": []}, "action.data: Input should be"),
        ({"data": {"text": 7}}, "action.data.text: Input should be a valid string"),
        ({"data": {"card": {"desc": 7}}}, "action.data.card.desc: Input should be a valid string"),
        ({"memberCreator": {"username": 7}}, "action.memberCreator.username: Input should be"),
    ],
)
def test_the_reason_says_where_the_payload_is_wrong(
    parts: dict[str, JsonValue], reason: str
) -> None:
    with pytest.raises(PayloadInvalid) as refusal:
        read(an_action(**parts))

    assert refusal.value.reason.startswith(reason)


def test_a_description_that_was_empty_before_was_changed_too() -> None:
    assert Before.model_validate({"desc": None}).has("desc")
    assert not Before.model_validate({"name": "x"}).has("desc")
