from datetime import UTC, datetime

import pytest

from signalbox.ingress.command_text import NO_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author, Event
from signalbox.providers.gitea.payload import Payload
from signalbox.providers.gitea.tasks import event_of, event_type, is_read
from tests.samples import sample

_SHA = "4f1c2a9be07d35c8a6f0b1d2e3c4958677ab01cd"
_WEB = "https://git.example.org/rail-org/railway"


def event_in(name: str) -> Event:
    payload = Payload.model_validate(sample("gitea", name).body)
    return event_of(name.partition(".")[0], payload, NO_TEXT)


def event_from(event: str, **facts: object) -> Event:
    return event_of(event, Payload.model_validate(facts), NO_TEXT)


def test_a_comment_has_the_facts_of_its_issue() -> None:
    assert event_in("issue_comment.created") == Event(
        type="issue_comment.created",
        title="Login fails behind the proxy",
        author=Author(name="mira-okafor"),
        occurred_at=datetime(2024, 5, 2, 8, 0, 5, tzinfo=UTC),
        repository="rail-org/railway",
        url=f"{_WEB}/issues/42#issuecomment-9311",
        labels=("bug",),
    )


@pytest.mark.parametrize(
    ("name", "url", "detail"),
    [
        ("pull_request.opened", "", None),
        ("pull_request.synchronized", "", None),
        ("pull_request.label_updated", "", "agent"),
        ("pull_request.assigned", "", "jonas-lind"),
        ("pull_request.review_requested", "", "jonas-lind"),
        ("pull_request_comment.created", "#issuecomment-9320", None),
        ("pull_request_review_rejected", "", None),
    ],
)
def test_an_event_on_a_pull_request_has_its_branch_and_commit(
    name: str, url: str, detail: str | None
) -> None:
    event = event_in(name)

    assert (event.type, event.detail) == (name, detail)
    assert event.title == "Keep the session across the proxy"
    assert event.url == f"{_WEB}/pulls/57{url}"
    assert (event.branch, event.commit) == ("fix/login", _SHA)


def test_a_comment_on_a_pull_request_of_an_older_version_has_the_facts_of_the_issue() -> None:
    event = event_from(
        "pull_request_comment",
        action="created",
        issue={"id": 1, "title": "A change"},
        comment={"id": 2, "html_url": f"{_WEB}/pulls/1#issuecomment-2"},
    )

    assert (event.title, event.url) == ("A change", f"{_WEB}/pulls/1#issuecomment-2")


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        (None, ("agent", "bug")),
        ({}, ("agent", "bug")),
        ({"added_labels": [{"name": "bug"}], "removed_labels": None}, ("bug",)),
        ({"added_labels": [], "removed_labels": [{"name": "old"}]}, ()),
        (
            {
                "added_labels": [{"name": "agent"}, {"name": "bug"}],
                "removed_labels": [{"name": "bug"}],
            },
            ("agent",),
        ),
    ],
    ids=["not named", "empty", "added", "removed", "replaced"],
)
def test_changed_labels_are_the_added_ones_or_all_where_they_are_not_named(
    changes: object, details: tuple[str, ...]
) -> None:
    labels = [{"name": "agent"}, {"name": "bug"}, {"name": None}, None]

    event = event_from(
        "issues", action="label_updated", issue={"id": 1, "labels": labels}, changes=changes
    )

    assert (event.detail, event.counts_as) == (details[0] if details else None, details[1:])
    assert event.labels == ("agent", "bug")


def test_every_assignee_is_matched_and_named_once() -> None:
    ada, ben = {"login": "ada"}, {"login": "ben"}
    issue = {"id": 1, "assignee": ada, "assignees": [ada, ben, None, {"login": None}]}

    event = event_from("issues", action="assigned", issue=issue)

    assert (event.detail, event.counts_as) == ("ada", ("ben",))


def test_a_push_is_described_by_its_newest_commit() -> None:
    event = event_in("push")

    assert event.title == "Keep the session across the proxy"
    assert event.detail == "refs/heads/main"
    assert event.occurred_at == datetime(2024, 5, 2, 7, 58, 20, tzinfo=UTC)
    assert (event.branch, event.commit) == ("main", _SHA)
    assert event.url
    assert event.url.startswith(f"{_WEB}/compare/")


@pytest.mark.parametrize(
    ("ref", "after", "title", "branch"),
    [
        ("refs/heads/old", "0" * 40, "refs/heads/old deleted", "old"),
        ("refs/tags/v1", _SHA, "refs/tags/v1 pushed", None),
        ("refs/heads/new", None, "refs/heads/new pushed", "new"),
    ],
)
def test_a_push_without_a_commit_is_described_by_its_ref(
    ref: str, after: str | None, title: str, branch: str | None
) -> None:
    event = event_from("push", ref=ref, after=after)

    assert (event.title, event.branch) == (title, branch)


def test_a_release_has_its_name_and_tag() -> None:
    event = event_in("release.published")

    assert (event.title, event.detail) == ("1.4.0: winter timetable", "v1.4.0")
    assert (event.branch, event.commit) == ("main", None)


def test_a_release_of_a_commit_has_no_branch() -> None:
    event = event_from("release", action="updated", release={"target_commitish": _SHA})

    assert (event.title, event.branch, event.commit) == ("release.updated", None, _SHA)


def test_a_run_of_gitea_has_its_conclusion() -> None:
    event = event_in("workflow_run.completed")

    assert event.title == "CI: Keep the session across the proxy"
    assert (event.detail, event.branch, event.commit) == ("failure", "main", _SHA)


def test_a_run_that_goes_on_has_its_status() -> None:
    event = event_from("workflow_run", action="queued", workflow_run={"status": "queued"})

    assert (event.title, event.detail) == ("workflow_run.queued", "queued")


def test_a_run_of_forgejo_has_its_result_in_its_type() -> None:
    event = event_in("action_run_failure")

    assert (event.type, event.detail) == ("action_run_failure", None)
    assert event.title == "ci.yml: Keep the session across the proxy"
    assert (event.branch, event.commit) == ("main", _SHA)


@pytest.mark.parametrize(
    ("state", "counts_as"),
    [("error", ("failure",)), ("failure", ()), ("success", ()), (None, ())],
)
def test_a_status_that_is_an_error_counts_as_a_failure(
    state: str | None, counts_as: tuple[str, ...]
) -> None:
    event = event_from("status", state=state, context="ci", sha=_SHA)

    assert (event.title, event.detail, event.counts_as) == ("ci", state, counts_as)
    assert event.commit == _SHA


def test_an_event_without_facts_has_its_type_as_title() -> None:
    event = event_from("issues", action="opened", issue={"id": 1})

    assert event == Event(type="issues.opened", title="issues.opened")


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("issue_comment", {"action": "created", "issue": {"id": 1}}),
        ("pull_request_comment", {"action": "created", "comment": {"id": 1}}),
        ("issues", {"action": "opened"}),
        ("pull_request", {"action": "opened"}),
        ("pull_request_review_approved", {"action": "reviewed"}),
        ("push", {}),
        ("release", {"action": "published"}),
        ("workflow_run", {"action": "completed"}),
        ("action_run_success", {"action": "success"}),
    ],
)
def test_an_event_without_the_part_it_is_about_is_refused(
    name: str, facts: dict[str, object]
) -> None:
    with pytest.raises(PayloadInvalid, match="is missing"):
        event_from(name, **facts)


def test_everything_is_bounded_and_stands_in_one_line() -> None:
    long = "x\n\u202e\x00" * 2_000
    event = event_from(
        "pull_request",
        action="assigned",
        pull_request={
            "id": 1,
            "title": long,
            "html_url": f"https://git.example.org/{'a' * 3_000}",
            "labels": [{"name": long}, {"name": " "}, {"name": None}, None] * 200,
            "head": {"ref": long, "sha": long},
            "assignees": [{"login": long}],
        },
        repository={"full_name": long},
        sender={"login": long},
    )

    assert event.author
    names = [event.detail, event.repository, event.branch, event.author.name, *event.labels]
    assert len(event.title) <= 200
    assert len(event.labels) == 100
    assert all(name and len(name) <= 255 for name in names)
    assert event.url is event.commit is None


def test_the_text_is_handed_on() -> None:
    text = CommandText(text="/run", previous_text="/ran", thread="/issue:1")
    payload = Payload.model_validate({"action": "edited", "issue": {"id": 1}})

    event = event_of("issues", payload, text)

    assert (event.text, event.previous_text, event.thread) == ("/run", "/ran", "/issue:1")


@pytest.mark.parametrize(
    ("event", "action", "type_"),
    [
        ("issues", "opened", "issues.opened"),
        ("issues", None, "issues"),
        ("push", None, "push"),
        ("pull_request_review_approved", "reviewed", "pull_request_review_approved"),
        ("action_run_recover", "recover", "action_run_recover"),
    ],
)
def test_a_type_is_the_event_and_its_action_unless_there_is_one_only(
    event: str, action: str | None, type_: str
) -> None:
    assert event_type(event, action) == type_
    assert is_read(event)
