from datetime import UTC, datetime

import pytest

from signalbox.ingress.command_text import NO_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author, Event
from signalbox.providers.github.payload import Payload
from signalbox.providers.github.tasks import event_of, event_type, is_read
from tests.samples import sample

_SHA = "4f1c2a9be07d35c8a6f0b1d2e3c4958677ab01cd"
_WEB = "https://github.com/octo-org/railway"


def event_in(name: str) -> Event:
    return event_of(name.partition(".")[0], payload_in(name), NO_TEXT)


def payload_in(name: str) -> Payload:
    return Payload.model_validate(sample("github", name).body)


def event_from(name: str, **facts: object) -> Event:
    return event_of(name, Payload.model_validate(facts), NO_TEXT)


def test_a_comment_is_told_with_the_issue_it_stands_under() -> None:
    assert event_in("issue_comment.created") == Event(
        type="issue_comment.created",
        title="Login fails behind the proxy",
        author=Author(name="mira-okafor"),
        occurred_at=datetime(2024, 5, 2, 8, 0, 5, tzinfo=UTC),
        repository="octo-org/railway",
        url=f"{_WEB}/issues/42#issuecomment-2090000311",
        labels=("bug",),
    )


@pytest.mark.parametrize(
    ("name", "url", "detail"),
    [
        ("issues.opened", "/issues/42", None),
        ("issues.edited", "/issues/42", None),
        ("issues.labeled", "/issues/42", "agent"),
        ("issues.assigned", "/issues/42", "jonas-lind"),
        ("discussion.created", "/discussions/90", None),
        ("discussion_comment.created", "/discussions/90#discussioncomment-9300078", None),
    ],
)
def test_an_event_on_a_topic_has_its_own_url_and_detail(
    name: str, url: str, detail: str | None
) -> None:
    event = event_in(name)

    assert event.type == name
    assert event.url == f"{_WEB}{url}"
    assert event.detail == detail
    assert event.branch is event.commit is None


@pytest.mark.parametrize(
    ("name", "url", "detail"),
    [
        ("pull_request.opened", "", None),
        ("pull_request.reopened", "", None),
        ("pull_request.synchronize", "", None),
        ("pull_request.edited", "", None),
        ("pull_request.labeled", "", "agent"),
        ("pull_request.review_requested", "", "jonas-lind"),
        ("pull_request_review.submitted", "#pullrequestreview-2035000801", "changes_requested"),
        ("pull_request_review_comment.created", "#discussion_r1588000417", None),
    ],
)
def test_an_event_on_a_pull_request_names_its_branch_and_commit(
    name: str, url: str, detail: str | None
) -> None:
    event = event_in(name)

    assert event.title == "Keep the session across the proxy"
    assert event.url == f"{_WEB}/pull/57{url}"
    assert event.detail == detail
    assert (event.branch, event.commit) == ("fix/login", _SHA)
    assert event.occurred_at


def test_a_team_can_be_asked_for_a_review() -> None:
    event = event_from(
        "pull_request",
        action="review_requested",
        pull_request={"id": 1, "title": "A change"},
        requested_team={"slug": "signals"},
    )

    assert event.detail == "signals"


def test_a_push_is_told_by_its_newest_commit() -> None:
    assert event_in("push") == Event(
        type="push",
        title="Keep the session across the proxy",
        detail="refs/heads/main",
        author=Author(name="mira-okafor"),
        occurred_at=datetime(2024, 5, 2, 7, 58, 31, tzinfo=UTC),
        repository="octo-org/railway",
        branch="main",
        commit=_SHA,
        url=f"{_WEB}/compare/9d0e7b6a5c4f...4f1c2a9be07d",
    )


def test_a_deleted_branch_has_no_commit() -> None:
    event = event_from("push", ref="refs/heads/old", after="0" * 40, deleted=True)

    assert event.title == "refs/heads/old deleted"
    assert event.branch == "old"
    assert event.commit is None


def test_a_pushed_tag_is_no_branch() -> None:
    event = event_from("push", ref="refs/tags/v1", after=_SHA, head_commit={"message": None})

    assert event.title == "refs/tags/v1 pushed"
    assert event.detail == "refs/tags/v1"
    assert event.branch is None


def test_a_run_tells_how_it_ended() -> None:
    run, check = event_in("workflow_run.completed"), event_in("check_run.completed")

    assert run.title == "CI: Keep the session across the proxy"
    assert check.title == "lint: 3 problems"
    for event in (run, check):
        assert event.detail == "failure"
        assert (event.branch, event.commit) == ("main", _SHA)
        assert event.author == Author(name="mira-okafor")


def test_a_run_that_goes_on_tells_its_status() -> None:
    run = {"name": "CI", "display_title": "CI", "status": "queued", "conclusion": None}

    event = event_from("workflow_run", action="requested", workflow_run=run)

    assert (event.title, event.detail) == ("CI", "queued")


def test_a_pressed_button_of_a_check_is_told_by_its_identifier() -> None:
    event = event_from(
        "check_run",
        action="requested_action",
        check_run={"name": "lint", "conclusion": "failure", "details_url": f"{_WEB}/runs/1"},
        requested_action={"identifier": "fix_all"},
    )

    assert (event.detail, event.url, event.branch) == ("fix_all", f"{_WEB}/runs/1", None)


def test_a_release_is_told_by_its_name_and_tag() -> None:
    event = event_in("release.published")

    assert (event.title, event.detail) == ("1.4.0: winter timetable", "v1.4.0")
    assert (event.branch, event.commit) == ("main", None)


def test_a_release_of_a_commit_is_of_no_branch() -> None:
    release = {"tag_name": "v1", "target_commitish": _SHA}

    event = event_from("release", action="created", release=release)

    assert (event.title, event.branch, event.commit) == ("v1", None, _SHA)


def test_an_event_of_little_says_little() -> None:
    event = event_from("issues", action="opened", issue={"id": 1})

    assert event == Event(type="issues.opened", title="issues.opened")


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("issue_comment", {"action": "created", "issue": {"id": 1}}),
        ("issue_comment", {"action": "created", "comment": {"id": 1}}),
        ("issues", {"action": "opened"}),
        ("issues", {"issue": {"id": 1}}),
        ("pull_request", {"action": "opened"}),
        ("pull_request_review", {"action": "submitted", "pull_request": {"id": 1}}),
        ("pull_request_review_comment", {"action": "created", "comment": {"id": 1}}),
        ("push", {}),
        ("workflow_run", {"action": "completed"}),
        ("check_run", {"action": "completed"}),
        ("release", {"action": "published"}),
        ("discussion", {"action": "created"}),
        ("discussion_comment", {"action": "created", "comment": {"id": 1}}),
    ],
)
def test_an_event_without_the_part_it_is_about_is_refused(
    name: str, facts: dict[str, object]
) -> None:
    with pytest.raises(PayloadInvalid, match="is missing"):
        event_from(name, **facts)


@pytest.mark.parametrize(
    ("user", "automated"),
    [
        ({"login": "mira", "type": "User"}, False),
        ({"login": "mira", "type": None}, False),
        ({"login": "octo-org", "type": "Organization"}, False),
        ({"login": "renovate[bot]", "type": "Bot"}, True),
        ({"login": "renovate", "type": "Bot"}, True),
        ({"login": "renovate[bot]", "type": "User"}, True),
    ],
)
def test_a_bot_is_known_by_its_type_or_its_name(user: dict[str, str], *, automated: bool) -> None:
    author = event_from("issues", action="opened", issue={"id": 1}, sender=user).author

    assert author == Author(name=user["login"], automated=automated)


def test_everything_is_bounded_and_stands_in_one_line() -> None:
    long = "x\n\u202e\x00" * 2_000
    event = event_from(
        "pull_request",
        action="labeled",
        pull_request={
            "id": 1,
            "title": long,
            "html_url": f"https://github.com/{'a' * 3_000}",
            "labels": [{"name": long}, {"name": " "}, {"name": None}, None] * 200,
            "head": {"ref": long, "sha": long},
        },
        label={"name": long},
        repository={"full_name": long},
        sender={"login": long},
    )

    assert event.author
    names = [event.detail, event.repository, event.branch, event.author.name, *event.labels]
    assert len(event.title) <= 200
    assert len(event.labels) == 100
    assert all(name and len(name) <= 255 for name in names)
    assert not any({"\n", "\u202e", "\x00"} & set(text or "") for text in [event.title, *names])
    assert event.url is event.commit is None


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://github.com/a", "/a", ""])
def test_only_web_urls_are_kept(url: str) -> None:
    issue = {"id": 1, "html_url": url}

    assert event_from("issues", action="opened", issue=issue).url is None


def test_what_was_said_is_handed_on() -> None:
    response = CommandText(text="/run", previous_text="/ran", thread="issues:1")
    payload = Payload.model_validate({"action": "edited", "issue": {"id": 1}})

    event = event_of("issues", payload, response)

    assert (event.text, event.previous_text, event.thread) == ("/run", "/ran", "issues:1")


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("issues", "opened"),
        ("issues", "edited"),
        ("pull_request", "review_requested"),
        ("issue_comment", "deleted"),
        ("check_run", "rerequested"),
        ("discussion", "created"),
        ("push", None),
    ],
)
def test_these_are_read(event: str, action: str | None) -> None:
    assert is_read(event, action)


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("issues", "closed"),
        ("pull_request", "closed"),
        ("discussion", "locked"),
        ("star", "created"),
        ("star", None),
    ],
)
def test_these_are_not_read(event: str, action: str | None) -> None:
    assert not is_read(event, action)


def test_a_type_is_the_event_and_its_action() -> None:
    assert event_type("issues", "opened") == "issues.opened"
    assert event_type("push", None) == "push"


@pytest.mark.parametrize(
    ("conclusion", "counts_as"),
    [
        ("failure", ()),
        ("timed_out", ("failure",)),
        ("startup_failure", ("failure",)),
        ("cancelled", ()),
        (None, ()),
    ],
)
def test_a_run_that_did_not_end_well_counts_as_a_failure(
    conclusion: str | None, counts_as: tuple[str, ...]
) -> None:
    run = {"id": 1, "name": "CI", "conclusion": conclusion, "status": "completed"}

    event = event_from("workflow_run", action="completed", workflow_run=run)

    assert (event.detail, event.counts_as) == (conclusion or "completed", counts_as)


def test_a_label_is_no_failure_whatever_it_is_called() -> None:
    event = event_from("issues", action="labeled", issue={"id": 1}, label={"name": "timed_out"})

    assert event.counts_as == ()
