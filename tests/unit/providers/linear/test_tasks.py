from datetime import UTC, datetime

import pytest

from signalbox.ingress.command_text import NO_TEXT
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author, Event
from signalbox.providers.linear.payload import Payload
from signalbox.providers.linear.tasks import events_of
from tests.samples import sample

_MIRA = "674c90c8-35ea-454d-8ca4-5548258fd795"
_JONAS = "e825c109-f691-4716-a85f-b68a2626531c"
_URL = "https://linear.app/octo/issue/RAIL-42/login-fails-behind-the-proxy"


def events_in(name: str) -> tuple[Event, ...]:
    payload = Payload.model_validate(sample("linear", name).body)
    return events_of(".".join(name.split(".")[:2]), payload, NO_TEXT)


def updated(before: object, **data: object) -> list[tuple[str, str | None]]:
    parts = {"updatedFrom": before, "data": {"id": "7", **data}}
    whole, *fields = events_of("issue.update", Payload.model_validate(parts), NO_TEXT)
    assert whole.type == "issue.update"
    return [(event.type.removeprefix("issue.update."), event.detail) for event in fields]


def test_a_comment_has_the_facts_of_its_issue() -> None:
    assert events_in("comment.create") == (
        Event(
            type="comment.create",
            title="Login fails behind the proxy",
            author=Author(name=_MIRA),
            occurred_at=datetime(2026, 3, 1, 11, 59, 58, 858_000, tzinfo=UTC),
            repository="RAIL",
            url=f"{_URL}#comment-c7cafc52",
        ),
    )


def test_a_comment_on_something_else_has_no_issue() -> None:
    payload = Payload.model_validate({"data": {"id": "7", "documentContentId": "8"}})

    assert events_of("comment.create", payload, NO_TEXT) == (
        Event(type="comment.create", title="comment.create"),
    )


def test_a_new_issue_has_an_event_for_each_label_and_for_its_assignee() -> None:
    events = events_in("issue.create")

    assert [(event.type, event.detail) for event in events] == [
        ("issue.create", None),
        ("issue.create.labels", "Bug"),
        ("issue.create.labels", "agent"),
        ("issue.create.assignee", _JONAS),
    ]
    assert {event.labels for event in events} == {("Bug", "agent")}
    assert {event.url for event in events} == {_URL}


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("issue.update.labels", "agent"),
        ("issue.update.state", "In Progress"),
        ("issue.update.assignee", _JONAS),
    ],
)
def test_an_update_has_an_event_for_what_it_sets(name: str, detail: str) -> None:
    whole, event = events_in(name)

    assert (whole.type, whole.detail) == ("issue.update", None)
    assert (event.type, event.detail) == (name, detail)
    assert event.title == "Login fails behind the proxy"


def test_labels_are_compared_by_their_ids() -> None:
    labels = [{"id": "1", "name": "bug"}, None, {"id": "2", "name": "agent"}, {"id": "3"}]

    assert updated({"labelIds": ["1", "9"]}, labels=labels) == [("labels", "agent")]
    assert updated({"labelIds": ["1", "2", "3"]}, labels=labels) == []
    assert updated({"labelIds": []}, labels=None) == []
    assert updated({"labelIds": "odd"}, labels=labels) == []
    assert updated({"title": "before"}, labels=labels) == []


def test_a_state_is_named_where_it_is_known() -> None:
    assert updated({"stateId": "1"}, state={"name": "Done"}) == [("state", "Done")]
    assert updated({"stateId": "1"}) == [("state", None)]
    assert updated({}, state={"name": "Done"}) == []


def test_only_an_assignee_that_is_set_is_an_event() -> None:
    assert updated({"assigneeId": None}, assigneeId="u") == [("assignee", "u")]
    assert updated({"assigneeId": "u"}, assigneeId=None) == []
    assert updated(None, assigneeId="u") == []


def test_a_removed_issue_is_one_event() -> None:
    [event] = events_in("issue.remove")

    assert (event.type, event.author, event.text) == ("issue.remove", Author(name=_JONAS), None)


@pytest.mark.parametrize(
    ("issue", "title", "repository"),
    [
        ({}, "issue.create", None),
        ({"identifier": "RAIL-42"}, "RAIL-42", "RAIL"),
        ({"title": "A title", "team": {"key": "WEB"}}, "A title", "WEB"),
    ],
)
def test_what_is_missing_has_a_substitute(
    issue: dict[str, object], title: str, repository: str | None
) -> None:
    payload = Payload.model_validate({"data": {"id": "7", **issue}})

    [event] = events_of("issue.create", payload, NO_TEXT)

    assert (event.title, event.repository) == (title, repository)


def test_an_event_without_its_data_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match=r"^data is missing$"):
        events_of("issue.create", Payload(), NO_TEXT)


def test_the_title_in_a_url_is_encoded() -> None:
    url = "https://linear.app/octo/issue/TRI-1/welcome-\U0001f44b?a=%20#comment-a4083fcd"
    payload = Payload.model_validate({"data": {"id": "7"}, "url": url})

    [event] = events_of("comment.create", payload, NO_TEXT)

    assert event.url == url.replace("\U0001f44b", "%F0%9F%91%8B")
