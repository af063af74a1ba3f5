from datetime import UTC, datetime

import pytest

from signalbox.ingress.command_text import NO_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author, Event
from signalbox.providers.sentry.payload import Payload
from signalbox.providers.sentry.tasks import event_of
from tests.samples import sample

MIRA = Author(name="Mira Okafor")
SENTRY = Author(name="Sentry", automated=True)
ISSUE = "https://octo-org.sentry.io/issues/5310042001/"


def event_in(name: str) -> Event:
    payload = Payload.model_validate(sample("sentry", name).body)
    return event_of(name.partition(".")[0], payload, NO_TEXT)


def event_from(resource: str, action: str, **data: object) -> Event:
    payload = Payload.model_validate({"action": action, "data": data})
    return event_of(resource, payload, NO_TEXT)


def test_an_issue_is_described_by_its_title_and_level() -> None:
    assert event_in("issue.created") == Event(
        type="issue.created",
        title="ReferenceError: platform is not defined",
        detail="error",
        author=SENTRY,
        occurred_at=datetime(2024, 5, 2, 7, 58, 31, 118_000, tzinfo=UTC),
        repository="railway-web",
        url=ISSUE,
        labels=("error",),
    )


@pytest.mark.parametrize(
    ("name", "detail", "author"),
    [
        ("issue.assigned", "Jonas Lind", MIRA),
        ("issue.resolved", "in_next_release", MIRA),
        ("issue.archived", "archived_until_escalating", MIRA),
        ("issue.ignored", "archived_until_escalating", MIRA),
        ("issue.unresolved", "regressed", SENTRY),
    ],
)
def test_a_change_of_an_issue_says_who_made_it_and_what_became_of_it(
    name: str, detail: str, author: Author
) -> None:
    event = event_in(name)

    assert (event.type, event.detail, event.author) == (name, detail, author)
    assert (event.url, event.repository) == (ISSUE, "railway-web")
    assert event.occurred_at is None  # an issue has the time of its last error, not of its change


def test_an_assignee_that_stands_in_the_issue_alone_is_named() -> None:
    event = event_from("issue", "assigned", issue={"assignedTo": {"name": "Jonas Lind"}})

    assert event.detail == "Jonas Lind"


def test_an_issue_alert_is_described_by_its_rule_and_its_event() -> None:
    assert event_in("event_alert.triggered") == Event(
        type="event_alert.triggered",
        title="ReferenceError: platform is not defined",
        detail="Errors in production",
        author=SENTRY,
        occurred_at=datetime(2024, 5, 2, 8, 0, 5, 677_000, tzinfo=UTC),
        repository="railway-web",
        url=f"{ISSUE}events/e4874d664c3540c1a32eab185f12c5ab/",
        labels=("error",),
    )


@pytest.mark.parametrize(
    ("url", "project"),
    [
        ("https://sentry.example.com/api/0/projects/octo-org/web/events/1/", "web"),
        ("https://sentry.example.com/api/0/projects/octo-org/", None),
        ("https://sentry.example.com/api/0/issues/1/", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_the_project_of_an_issue_alert_is_in_the_url_of_its_event(
    url: object, project: str | None
) -> None:
    assert event_from("event_alert", "triggered", event={"url": url}).repository == project


def test_an_activity_alert_is_described_by_its_activity() -> None:
    event = event_in("activity_alert.triggered")

    assert event.title == "ReferenceError: platform is not defined"
    assert event.detail == "seer_root_cause_completed"
    assert (event.url, event.repository) == (ISSUE, "railway-web")


@pytest.mark.parametrize(
    ("action", "time"),
    [("open", (7, 40)), ("critical", (7, 40)), ("warning", (7, 40)), ("resolved", (8, 20))],
)
def test_a_metric_alert_is_described_by_its_rule(action: str, time: tuple[int, int]) -> None:
    assert event_in(f"metric_alert.{action}") == Event(
        type=f"metric_alert.{action}",
        title=f"{action.capitalize()}: Many errors",
        detail="Many errors",
        author=SENTRY,
        occurred_at=datetime(2024, 5, 2, *time, tzinfo=UTC),
        repository="railway-web",
        url="https://octo-org.sentry.io/alerts/rules/details/17/?alert=17",
    )


@pytest.mark.parametrize("projects", [None, [], ["web", "api"], "web", [1]])
def test_a_metric_alert_of_no_single_project_has_no_repository(projects: object) -> None:
    event = event_from("metric_alert", "open", metric_alert={"title": "x", "projects": projects})

    assert (event.title, event.repository, event.detail) == ("x", None, None)


def test_a_comment_is_described_by_the_number_of_its_issue() -> None:
    assert event_in("comment.created") == Event(
        type="comment.created",
        title="Comment on issue 5310042001",
        author=MIRA,
        occurred_at=datetime(2024, 5, 2, 8, 0, 5, 118_160, tzinfo=UTC),
        repository="railway-web",
    )


@pytest.mark.parametrize(
    ("resource", "action", "data"),
    [
        ("issue", "created", {"issue": {}}),
        ("issue", "assigned", {"issue": {}}),
        ("issue", "archived", {"issue": {}}),
        ("event_alert", "triggered", {"event": {}}),
        ("activity_alert", "triggered", {"issue": {}}),
        ("metric_alert", "open", {"metric_alert": {}}),
        ("comment", "deleted", {}),
    ],
)
def test_an_event_of_little_says_little(
    resource: str, action: str, data: dict[str, object]
) -> None:
    type_ = f"{resource}.{action}"

    assert event_from(resource, action, **data) == Event(type=type_, title=type_)


@pytest.mark.parametrize("resource", ["issue", "event_alert", "activity_alert", "metric_alert"])
def test_an_event_without_the_part_it_is_about_is_refused(resource: str) -> None:
    with pytest.raises(PayloadInvalid, match="is missing"):
        event_from(resource, "created")


def test_everything_is_bounded_and_stands_in_one_line() -> None:
    long = "x\n\u202e\x00" * 2_000
    issue = {"title": long, "level": long, "project": {"slug": long}, "web_url": long}

    event = event_from("issue", "created", issue=issue)

    assert len(event.title) <= 200
    assert event.url is None
    for text in (event.title, event.repository, event.detail, *event.labels):
        assert text
        assert len(text) <= 255
        assert not {"\n", "\u202e", "\x00"} & set(text)


def test_the_text_of_an_event_is_its_comment() -> None:
    payload = Payload.model_validate({"action": "created", "data": {}})
    text = CommandText(text="/run", thread="comment:7", writer=MIRA)

    event = event_of("comment", payload, text)

    assert (event.text, event.thread, event.writer) == ("/run", "comment:7", MIRA)
