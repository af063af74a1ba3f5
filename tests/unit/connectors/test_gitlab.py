import json

import pytest
from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, DoubleResponse
from cli.doubles.gitlab import GitLabDouble
from signalbox.connectors.gitlab import GitLab, judge
from signalbox.egress.http_client import HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.egress.task_place import IssueRef
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import Task, TaskStatus
from tests.builders import (
    NOW,
    a_change,
    a_connection,
    a_notification,
    a_task,
    an_origin,
    notifications_of,
)
from tests.fakes.doubles import DOUBLE_URL
from tests.fakes.references import clients
from tests.fakes.targets import FakeTarget

SHA = "89abcdef0123456789abcdef0123456789abcdef"
HEAD = "0123456789abcdef0123456789abcdef01234567"
WEB = "https://gitlab.example.org"
PROJECT = "/api/v4/projects/rail%2Fteam%2Frailway"
CONNECTOR = GitLab(clients())


class Projects(FakeTarget[GitLabDouble]):
    """Projects that a connection leads to."""

    root = PROJECT

    def __init__(self, *actions: JsonValue, **settings: JsonValue) -> None:
        double = GitLabDouble()
        facts = {
            **double.settings(DOUBLE_URL),
            "acknowledge": "comment",
            "actions": list(actions or ["comment"]),
            "web_url": WEB,
            **settings,
        }
        super().__init__(double, GitLab, facts)


def a_railway_task(path: str = "issues/42#note_9311", **facts: object) -> Task:
    url = f"{WEB}/rail/team/railway/-/{path}"
    return a_task(repository="rail/team/railway", url=url, **facts)


def changes_of(commit: str | None = None) -> tuple[Notification, Notification, Notification]:
    return notifications_of(a_railway_task(commit=commit))


def test_a_task_has_one_comment_that_shows_its_latest_change() -> None:
    gitlab = Projects()

    gitlab.send(*changes_of())

    note = "PUT /issues/42/notes/1"
    assert gitlab.calls == ["POST /issues/42/notes", note, note]
    [shown] = gitlab.double.shown()
    assert shown.startswith("✅ **Task succeeded**: Fix the login\n\n> fixed")


@pytest.mark.parametrize("path", ["merge_requests/3", "merge_requests/3/diffs#note_1"])
def test_a_merge_request_has_comments_of_its_own(path: str) -> None:
    gitlab = Projects()

    gitlab.send(a_notification(a_railway_task(path)))

    assert gitlab.calls == ["POST /merge_requests/3/notes"]


def test_a_comment_can_be_internal() -> None:
    gitlab = Projects(internal=True)

    gitlab.send(changes_of()[0])

    assert json.loads(gitlab.http.received[0].body)["internal"] is True


def test_a_comment_whose_answer_was_lost_is_found_by_its_marker_on_any_page() -> None:
    gitlab, (created, *_) = Projects(), changes_of()
    gitlab.send_lost(created)
    for _ in range(60):
        gitlab.send(changes_of()[0])

    gitlab.send(created)

    assert len(gitlab.double.shown()) == 61
    assert gitlab.calls[-3:] == ["GET /issues/42/notes"] * 2 + ["PUT /issues/42/notes/1"]


def test_comments_before_the_task_are_not_searched() -> None:
    gitlab, (created, *_) = Projects(), changes_of()
    gitlab.send_lost(created)
    for number in range(60):
        gitlab.send(changes_of()[0])
        gitlab.double.notes[str(number + 2)]["created_at"] = "2026-02-01T12:00:00.000Z"

    gitlab.send(created)

    assert gitlab.calls[-2:] == ["GET /issues/42/notes", "POST /issues/42/notes"]


def test_a_deleted_comment_is_made_anew() -> None:
    gitlab, (created, started, succeeded) = Projects(), changes_of()
    gitlab.send(created)
    gitlab.double.delete()

    gitlab.send(started, succeeded)

    assert len(gitlab.double.shown()) == 1


def test_a_commit_has_one_status_of_the_context() -> None:
    gitlab = Projects("status", context="agent")

    gitlab.send(*changes_of(commit=SHA))

    assert gitlab.calls == [f"POST /statuses/{SHA}"] * 3
    states = [json.loads(each.body)["state"] for each in gitlab.http.received]
    assert states == ["pending", "running", "success"]
    assert gitlab.double.shown() == ["agent success: Task succeeded: fixed"]


def test_the_status_of_a_merge_request_is_that_of_its_head() -> None:
    gitlab = Projects("status")

    gitlab.send(a_notification(a_railway_task("merge_requests/3")))

    assert gitlab.calls == ["GET /merge_requests/3", f"POST /statuses/{HEAD}"]


@pytest.mark.parametrize("status", TaskStatus)
def test_a_state_that_a_status_has_already_is_no_error(status: TaskStatus) -> None:
    gitlab = Projects("status")
    notification = a_notification(a_railway_task(commit=SHA, status=status))

    gitlab.send(notification, notification)

    assert len(gitlab.double.shown()) == 1


def test_a_status_does_not_go_back() -> None:
    gitlab, running = Projects("status"), {"state": "running"}
    key = f"{PROJECT}/statuses/{SHA} signalbox"
    gitlab.double.statuses[key] = {**running}

    gitlab.send(changes_of(commit=SHA)[0])

    assert gitlab.double.statuses[key] == running


def test_a_status_that_is_not_taken_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    gitlab = Projects("status")
    refusal = DoubleResponse(status=400, body=b'{"message": "ref is missing"}')
    monkeypatch.setattr(gitlab.double, "respond", lambda _: refusal)

    with pytest.raises(SendRefused, match="GitLab answered 400"):
        gitlab.send(changes_of(commit=SHA)[0])


@pytest.mark.parametrize("event", ["pipeline", "build"])
def test_a_status_is_not_the_reason_for_another(event: str) -> None:
    gitlab = Projects("status")
    task = a_railway_task(commit=SHA, origin=an_origin(event=event))

    with pytest.raises(SendRefused, match="itself causes"):
        gitlab.send(a_notification(task))

    assert not gitlab.calls


def test_a_task_of_elsewhere_is_refused_without_a_call() -> None:
    gitlab = Projects("comment", "status")

    with pytest.raises(SendRefused, match=f"not from a repository at {WEB}"):
        gitlab.send(a_notification())

    assert not gitlab.calls


@pytest.mark.parametrize(
    ("name", "path"),
    [("rail/team/railway#7", "issues/7"), ("rail/team/railway!8", "merge_requests/8")],
)
def test_tasks_can_be_shown_in_one_place(name: str, path: str) -> None:
    gitlab = Projects(issue=name)

    gitlab.send(a_notification())

    assert gitlab.calls == [f"POST /{path}/notes"]


def test_a_test_checks_the_secret_and_changes_nothing() -> None:
    gitlab, change = Projects("comment", "status"), a_change(a_task(url=None, repository=None))

    gitlab.send(a_notification(change=change.model_copy(update={"type": "signalbox.test"})))

    assert gitlab.calls == ["GET /api/v4/user"]


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (401, b"", SecretRefused, "GitLab answered 401$"),
        (403, b'{"error":"insufficient_scope"}', SecretRefused, "lacks the scope api"),
        (403, b'{"message":"403 Forbidden"}', SecretRefused, "role of the token"),
        (404, b"", SecretRefused, "does not exist, or the token"),
        (405, b"", SendRefused, "GitLab answered 405$"),
        (502, b"", SendDelayed, "GitLab answered 502$"),
    ],
)
def test_answers_have_their_meaning(
    status: int, body: bytes, error: type[SendRefused | SendDelayed], reason: str
) -> None:
    with pytest.raises(error, match=reason) as raised:
        judge(HttpResponse(status=status, body=body), NOW)

    assert type(raised.value) is error


@pytest.mark.parametrize("secret", ["glpat-abc_DEF.01.x1", "glptoken", "a0" * 32])
def test_an_access_token_is_right(secret: str) -> None:
    CONNECTOR.check_secret(a_connection(settings={}), secret)


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("", "not an access token"),
        ("two words of it", "not an access token"),
        ("glpat-abcdefgh\n", "not an access token"),
        ("gldt-abcdefghij", "deploy, runner"),
        ("glrt-abcdefghij", "deploy, runner"),
    ],
)
def test_any_other_secret_is_refused(secret: str, reason: str) -> None:
    with pytest.raises(Conflict, match=reason):
        CONNECTOR.check_secret(a_connection(settings={}), secret)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"actions": ["check"]}, "actions"),
        ({"api_url": "http://gitlab.com/api/v4"}, "https"),
        ({"api_url": "https://gitlab.example.org"}, "web_url is missing"),
        ({"issue": "railway#1"}, "issue names no issue"),
        ({"issue": "rail/../x#1"}, "issue names no issue"),
        ({"internal": "yes"}, "internal"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, JsonValue], reason: str) -> None:
    with pytest.raises(SettingsInvalid, match=reason):
        CONNECTOR.check(a_connection(settings=settings))


@pytest.mark.parametrize(
    ("path", "issue"),
    [
        ("/-/work_items/5", IssueRef(repository="a/b", number=5)),
        ("/issues/5?x", IssueRef(repository="a/b", number=5)),
        ("/-/merge_requests/5", IssueRef(repository="a/b", number=5, is_pull=True)),
        ("/-/commit/5", None),
        ("/-/issues/5x", None),
        ("-/issues/5", None),
    ],
)
def test_an_issue_is_in_the_url(path: str, issue: IssueRef | None) -> None:
    assert CONNECTOR.issue_at("a/b", path) == issue


@pytest.mark.parametrize(
    ("method", "path", "value", "status"),
    [
        ("POST", "/projects/a%2Fb/issues/1/notes", {"body": " "}, 400),
        ("POST", "/projects/a%2Fb/issues/1/notes", {"body": "x" * 1_000_001}, 400),
        ("PUT", "/projects/a%2Fb/issues/1/notes/7", {"body": "x"}, 404),
        ("POST", f"/projects/a%2Fb/statuses/{SHA}", {"state": "done"}, 400),
        (
            "POST",
            f"/projects/a%2Fb/statuses/{SHA}",
            {"state": "running", "description": "x" * 256},
            400,
        ),
        ("GET", "/elsewhere", {}, 404),
    ],
)
def test_the_double_refuses_what_gitlab_refuses(
    method: str, path: str, value: JsonValue, status: int
) -> None:
    double = GitLabDouble()
    headers = {"authorization": f"Bearer {double.secret('')}"}
    request = DoubleRequest(
        method=method, path=f"/api/v4{path}", headers=headers, body=json.dumps(value).encode()
    )

    assert double.respond(request).status == status
