from datetime import UTC, datetime

import pytest

from signalbox.ingress.command_text import NO_TEXT, CommandText
from signalbox.models.event import Author, Event
from signalbox.providers.jira.payload import Payload
from signalbox.providers.jira.tasks import events_of
from tests.samples import sample

_MIRA = Author(name="712020:6f1c2a9b-07d3-45c8-a6f0-b1d2e3c49586")
_PAGE = "https://octo.atlassian.net/browse/RAIL-42"


def events_in(name: str) -> tuple[Event, ...]:
    payload = Payload.model_validate(sample("jira", name).body)
    return events_of(name.partition(".")[0], payload, NO_TEXT)


def events_from(name: str, **parts: object) -> tuple[Event, ...]:
    return events_of(name, Payload.model_validate({"webhookEvent": name, **parts}), NO_TEXT)


def updated(*items: object, **fields: object) -> list[tuple[str, str | None]]:
    whole, *parts = events_from(
        "issue_updated", issue={"fields": fields}, changelog={"items": items}
    )
    assert whole.type == "issue_updated"
    return [(event.type.removeprefix("issue_updated."), event.detail) for event in parts]


def test_a_comment_has_the_facts_of_its_issue() -> None:
    assert events_in("comment_created") == (
        Event(
            type="comment_created",
            title="Login fails behind the proxy",
            author=_MIRA,
            occurred_at=datetime(2024, 5, 2, 8, 1, 5, 120_000, tzinfo=UTC),
            repository="RAIL",
            url=f"{_PAGE}?focusedCommentId=10311",
            labels=("bug",),
        ),
    )


def test_a_comment_may_come_without_its_issue() -> None:
    assert events_from("comment_created", comment={"id": "7"}) == (
        Event(type="comment_created", title="comment_created"),
    )


def test_an_issue_without_fields_is_named_by_its_key() -> None:
    issue = {"key": "RAIL-42", "self": "https://example.com/jira/rest/api/2/issue/10042"}

    [event] = events_from("comment_created", issue=issue, comment={"id": "7"})

    assert (event.title, event.repository) == ("RAIL-42", "RAIL")
    assert event.url == "https://example.com/jira/browse/RAIL-42?focusedCommentId=7"


def test_the_page_of_a_comment_is_found_by_the_url_of_the_comment() -> None:
    comment = {"id": "7", "self": "https://octo.atlassian.net/rest/api/2/issue/10042/comment/7"}

    [event] = events_from("comment_created", issue={"key": "RAIL-42"}, comment=comment)

    assert event.url == f"{_PAGE}?focusedCommentId=7"


@pytest.mark.parametrize(
    "issue",
    [
        {},
        {"key": "RAIL-42"},
        {"self": "https://octo.atlassian.net/rest/api/2/10042"},
        {"key": "RAIL-42", "self": "https://api.atlassian.com/ex/jira/1f3a/rest/api/2/10042"},
        {"key": "RAIL 42", "self": "https://octo.atlassian.net/rest/api/2/10042"},
    ],
)
def test_an_issue_whose_page_is_unknown_has_no_url(issue: object) -> None:
    [event] = events_from("issue_deleted", issue=issue)

    assert event.url is None


def test_a_new_issue_has_an_event_for_each_label_and_for_its_assignee() -> None:
    events = events_in("issue_created")

    assert [(event.type, event.detail) for event in events] == [
        ("issue_created", "Bug"),
        ("issue_created.labels", "bug"),
        ("issue_created.labels", "agent"),
        ("issue_created.assignee", "5b10ac8d82e05b22cc7d4ef5"),
    ]
    assert {event.url for event in events} == {_PAGE}
    assert {event.author for event in events} == {_MIRA}


@pytest.mark.parametrize(
    ("name", "details"),
    [
        ("issue_updated.labels", ["agent", "priority:high"]),
        ("issue_updated.status", ["In Progress"]),
        ("issue_updated.assignee", ["5b10ac8d82e05b22cc7d4ef5"]),
        ("issue_updated.description", [None]),
    ],
)
def test_an_update_has_an_event_for_what_it_sets(name: str, details: list[str | None]) -> None:
    whole, *parts = events_in(name)

    assert (whole.type, whole.detail) == ("issue_updated", "Bug")
    assert [(event.type, event.detail) for event in parts] == [(name, detail) for detail in details]
    assert all(event.title == "Login fails behind the proxy" for event in parts)


def test_a_deleted_issue_is_one_event() -> None:
    [event] = events_in("issue_deleted")

    assert (event.type, event.detail, event.text) == ("issue_deleted", "Bug", None)


def test_labels_are_compared_as_sets() -> None:
    labels = {"field": "labels", "fromString": "bug  agent", "toString": "agent new bug newer"}

    assert updated(labels) == [("labels", "new"), ("labels", "newer")]
    assert updated({"field": "labels", "fromString": "bug", "toString": ""}) == []
    assert updated({"field": "labels", "fromString": None, "toString": None}) == []


def test_only_an_assignee_that_is_set_is_an_event() -> None:
    item = {"field": "assignee", "to": "JIRAUSER10100", "toString": "Mira Okafor"}

    assert updated(item, assignee={"name": "mira"}) == [("assignee", "mira")]
    assert updated(item, assignee=None) == [("assignee", "JIRAUSER10100")]
    assert updated({"field": "assignee", "from": "JIRAUSER10100", "to": None}) == []


def test_a_custom_field_of_the_same_name_is_another_field() -> None:
    custom = {"field": "labels", "fieldtype": "custom", "fieldId": "customfield_1", "toString": "a"}

    assert updated(custom, {"field": "Rank", "toString": "Ranked higher"}, None) == []


def test_the_field_is_known_by_its_id_or_on_a_server_by_its_name() -> None:
    cloud = {"field": "Status", "fieldId": "status", "toString": "Done"}
    server = {"field": "status", "fieldtype": "jira", "toString": "Done"}

    assert updated(cloud) == updated(server) == [("status", "Done")]


def test_the_text_of_an_update_belongs_to_the_event_of_the_description() -> None:
    payload = Payload.model_validate(sample("jira", "issue_updated.description").body)
    text = CommandText(text="/run", previous_text="", thread="issue:42", writer=_MIRA)

    whole, description = events_of("issue_updated", payload, text)

    assert (whole.text, whole.thread) == (None, None)
    assert (description.text, description.previous_text) == ("/run", "")
    assert (description.thread, description.writer) == ("issue:42", _MIRA)


def test_many_labels_are_bounded() -> None:
    labels = {"field": "labels", "toString": " ".join(f"label{n}" for n in range(1_000))}

    assert len(updated(labels)) == 100
