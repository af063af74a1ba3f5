from datetime import UTC, datetime

import pytest

from signalbox.ingress.command_text import NO_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author, Event
from signalbox.providers.bitbucket.payload import Payload
from signalbox.providers.bitbucket.tasks import EVENT_TYPES, events_of
from tests.samples import sample

_SHA = "4f1c2a9be07d35c8a6f0b1d2e3c4958677ab01cd"
_PAGE = "https://bitbucket.org/rail/railway"
_MIRA = Author(name="712020:6f1c2a9b-07d3-45c8-a6f0-b1d2e3c49586")
_JONAS = "712020:0d28e7ed-f2b4-419e-bb95-cc6dbe760cae"


def events_in(name: str) -> tuple[Event, ...]:
    return events_of(name, Payload.model_validate(sample("bitbucket", name).body), NO_TEXT)


def event_in(name: str) -> Event:
    [event] = events_in(name)
    return event


def events_from(type_: str, **facts: object) -> tuple[Event, ...]:
    return events_of(type_, Payload.model_validate(facts), NO_TEXT)


def test_a_comment_has_the_facts_of_its_pull_request() -> None:
    assert event_in("pullrequest.comment_created") == Event(
        type="pullrequest.comment_created",
        title="Keep the session across the proxy",
        author=_MIRA,
        occurred_at=datetime(2024, 5, 2, 8, 0, 5, 122433, tzinfo=UTC),
        repository="rail/railway",
        branch="fix/login",
        url=f"{_PAGE}/pull-requests/57/_/diff#comment-669392967",
    )


@pytest.mark.parametrize("name", ["pullrequest.created", "pullrequest.fulfilled"])
def test_a_pull_request_has_its_branch_and_no_commit_since_that_is_shortened(name: str) -> None:
    event = event_in(name)

    assert event.url == f"{_PAGE}/pull-requests/57"
    assert (event.branch, event.commit) == ("fix/login", None)


def test_a_push_has_an_event_for_each_branch_and_tag() -> None:
    branch, tag = events_in("repo.push")

    assert branch.title == "Keep the session across the proxy"
    assert (branch.detail, branch.branch) == ("refs/heads/main", "main")
    assert (tag.detail, tag.branch) == ("refs/tags/v1.4.0", None)
    assert branch.commit == tag.commit == _SHA
    assert branch.url
    assert branch.url.startswith(f"{_PAGE}/branches/compare/")
    assert tag.url == f"{_PAGE}/commits/{_SHA}"
    assert branch.occurred_at == datetime(2024, 5, 2, 7, 58, 20, tzinfo=UTC)


def test_a_deleted_branch_has_no_commit() -> None:
    old = {"type": "branch", "name": "old", "target": {"hash": _SHA, "message": "Before"}}

    [event] = events_from("repo.push", push={"changes": [{"new": None, "old": old}]})

    assert (event.title, event.branch) == ("refs/heads/old deleted", "old")
    assert event.commit is event.url is None
    assert event.occurred_at is None


def test_a_branch_without_a_target_was_pushed() -> None:
    new = {"type": "branch", "name": "main", "target": None}

    [event] = events_from("repo.push", push={"changes": [{"new": new}]})

    assert event.title == "refs/heads/main pushed"


@pytest.mark.parametrize("changes", [None, [], [None], [{"new": None, "old": None}]])
def test_a_push_that_changed_nothing_has_no_events(changes: object) -> None:
    assert events_from("repo.push", push={"changes": changes}) == ()


def test_an_issue_has_its_kind_as_a_label() -> None:
    event = event_in("issue.created")

    assert event.title == "Login fails behind the proxy"
    assert (event.labels, event.detail) == (("bug",), None)
    assert event.url == f"{_PAGE}/issues/42/login-fails-behind-the-proxy"


def test_an_update_of_an_issue_has_its_new_assignee() -> None:
    assert event_in("issue.updated").detail == f"assignee:{_JONAS}"


@pytest.mark.parametrize("changes", [None, {}, {"assignee": {"new": None}}, {"status": {}}])
def test_an_update_of_something_else_has_no_detail(changes: object) -> None:
    [event] = events_from("issue.updated", issue={"id": 1}, changes=changes)

    assert event == Event(type="issue.updated", title="issue.updated")


def test_a_comment_on_an_issue_has_the_facts_of_the_issue() -> None:
    event = event_in("issue.comment_created")

    assert event.title == "Login fails behind the proxy"
    assert event.url == f"{_PAGE}/issues/42#comment-650003"


def test_a_comment_on_a_commit_has_its_message_and_hash() -> None:
    event = event_in("repo.commit_comment_created")

    assert (event.title, event.commit) == ("Keep the session across the proxy", _SHA)
    assert event.url == f"{_PAGE}/commits/{_SHA}#comment-660001"


def test_a_commit_status_has_its_state_in_lower_case() -> None:
    event = event_in("repo.commit_status_updated")

    assert (event.title, event.detail) == ("Unit tests: 3 tests failed", "failed")
    assert (event.branch, event.commit) == ("main", _SHA)
    assert event.author
    assert event.author.automated


def test_a_commit_status_of_little_has_its_key() -> None:
    [event] = events_from("repo.commit_status_created", commit_status={"key": "unit"})

    assert (event.title, event.detail, event.commit) == ("unit", None, None)


def test_a_comment_on_a_commit_without_the_commit_is_read() -> None:
    [event] = events_from("repo.commit_comment_created", comment={"id": 1})

    assert (event.title, event.commit) == ("repo.commit_comment_created", None)


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_an_event_without_the_part_it_is_about_is_refused(type_: str) -> None:
    with pytest.raises(PayloadInvalid, match="is missing"):
        events_from(type_)


def test_the_text_is_handed_on() -> None:
    text = CommandText(text="/run", thread="/issue:1")

    [event] = events_of("issue.created", Payload.model_validate({"issue": {"id": 1}}), text)

    assert (event.text, event.thread) == ("/run", "/issue:1")
