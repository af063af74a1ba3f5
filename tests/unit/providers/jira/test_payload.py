import pytest
from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid
from signalbox.providers.jira.payload import Fields, Issue, Payload, decoded, event_name, read
from tests.samples import request_of

_NAMED: dict[str, JsonValue] = {"webhookEvent": "comment_created"}


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("jira:issue_created", "issue_created"),
        ("comment_created", "comment_created"),
        ("sprint_started", "sprint_started"),
        ("jira:version_released", "version_released"),
    ],
)
def test_an_event_is_named_without_its_prefix(event: str, name: str) -> None:
    assert event_name({"webhookEvent": event, "comment": 7}) == name


@pytest.mark.parametrize(
    "document", [{}, {"webhookEvent": None}, {"webhookEvent": 7}, {"webhookEvent": ""}, [], "x"]
)
def test_a_payload_that_names_no_event_is_refused(document: JsonValue) -> None:
    with pytest.raises(PayloadInvalid):
        event_name(document)


@pytest.mark.parametrize("event", ["a b", "é", "a" * 65, "a\n", "<b>"])
def test_a_name_that_is_none_is_refused(event: str) -> None:
    with pytest.raises(PayloadInvalid, match="webhookEvent"):
        event_name({"webhookEvent": event})


def test_the_body_is_read_as_json() -> None:
    assert decoded(request_of("jira", {}, b'{"a":1}')) == {"a": 1}


@pytest.mark.parametrize(
    "part", ["timestamp", "user", "comment", "issue", "changelog", "unheard_of"]
)
def test_a_part_may_be_missing_or_null(part: str) -> None:
    assert read({**_NAMED, part: None}) == read(_NAMED)


def test_an_id_is_a_number_or_a_text_of_digits() -> None:
    assert read({**_NAMED, "issue": {"id": 42}}) == read({**_NAMED, "issue": {"id": "42"}})


@pytest.mark.parametrize("odd", [7, ["x", 1], {"a": 1}, True])
def test_a_field_that_only_informs_may_be_of_any_type(odd: JsonValue) -> None:
    fields = {"summary": odd, "labels": odd, "project": odd, "issuetype": odd, "assignee": odd}
    issue = {"key": odd, "self": odd, "fields": fields}

    found = read({**_NAMED, "timestamp": "soon", "issue": issue})

    known = {"project", "issue_type", "assignee"} if isinstance(odd, dict) else set()
    assert found.timestamp is None
    assert found.issue
    assert found.issue.fields
    assert found.issue.model_dump(exclude={"fields"}) == Issue().model_dump(exclude={"fields"})
    assert found.issue.fields.model_dump(exclude=known) == Fields().model_dump(exclude=known)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"comment": {}}, "comment.id: Field required"),
        ({"comment": {"id": "abc"}}, "comment.id: String should match pattern"),
        ({"comment": {"id": True}}, "comment.id: Input should be a valid string"),
        ({"comment": {"id": 1, "author": "mira"}}, "comment.author: Input should be"),
        ({"user": {"accountType": 7}}, "user.accountType: Input should be a valid string"),
        ({"issue": []}, "issue: Input should be"),
        ({"changelog": {"items": "x"}}, "changelog.items: Input should be"),
    ],
)
def test_the_reason_says_where_the_payload_is_wrong(
    parts: dict[str, JsonValue], reason: str
) -> None:
    with pytest.raises(PayloadInvalid) as refusal:
        read({**_NAMED, **parts})

    assert refusal.value.reason.startswith(reason)


def test_a_payload_of_only_a_name_is_read() -> None:
    assert read(_NAMED) == Payload(webhookEvent="comment_created")
