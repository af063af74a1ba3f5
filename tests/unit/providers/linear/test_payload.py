import pytest
from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid
from signalbox.providers.linear.payload import Before, Payload, decoded, event_type, read
from tests.samples import request_of


@pytest.mark.parametrize(
    ("heading", "event"),
    [
        ({"type": "Issue", "action": "create"}, "issue.create"),
        ({"type": "ProjectUpdate", "action": "remove", "data": 7}, "projectupdate.remove"),
        ({"type": "IssueSLA", "action": "highRisk"}, "issuesla.highrisk"),
        ({"type": "OAuthApp"}, "oauthapp"),
        ({"type": "Issue", "action": None}, "issue"),
    ],
)
def test_an_event_is_named_by_its_type_and_action(heading: JsonValue, event: str) -> None:
    assert event_type(heading) == event


@pytest.mark.parametrize(
    "heading",
    [
        {},
        [],
        {"type": None},
        {"type": ""},
        {"type": "a b"},
        {"type": "a" * 65},
        {"type": "Issue", "action": "é"},
        {"type": "Issue", "action": 7},
    ],
)
def test_a_payload_that_names_no_event_is_refused(heading: JsonValue) -> None:
    with pytest.raises(PayloadInvalid):
        event_type(heading)


def test_the_body_is_read_as_json() -> None:
    assert decoded(request_of("linear", {}, b'{"a":1}')) == {"a": 1}


@pytest.mark.parametrize("part", ["actor", "data", "updatedFrom", "url", "createdAt", "unheardOf"])
def test_a_part_may_be_missing_or_null(part: str) -> None:
    assert read({part: None}) == read({}) == Payload()


@pytest.mark.parametrize("odd", [7, ["x", 1], {"labels": 7}, True])
def test_a_field_that_only_informs_may_be_of_any_type(odd: JsonValue) -> None:
    fields = dict.fromkeys(("title", "identifier", "team", "issue", "labels", "state"), odd)

    found = read({"data": {"id": "1", **fields, "assigneeId": odd}, "url": odd, "createdAt": odd})

    assert found.data
    assert (found.data.title, found.data.identifier, found.data.labels) == (None, None, None)
    assert (found.data.assignee_id, found.url) == (None, None)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"data": {}}, "data.id: Field required"),
        ({"data": {"id": "a b"}}, "data.id: String should match pattern"),
        ({"data": {"id": "1", "body": 7}}, "data.body: Input should be a valid string"),
        ({"actor": {"type": 7}}, "actor.type: Input should be a valid string"),
        ({"updatedFrom": []}, "updatedFrom: Input should be"),
    ],
)
def test_the_reason_says_where_the_payload_is_wrong(parts: JsonValue, reason: str) -> None:
    with pytest.raises(PayloadInvalid) as refusal:
        read(parts)

    assert refusal.value.reason.startswith(reason)


def test_a_field_that_had_no_value_before_was_changed_too() -> None:
    before = Before.model_validate({"assigneeId": None})

    assert before.has("assignee_id")
    assert not before.has("state_id")
