import json

import pytest
from pydantic import JsonValue

from cli.doubles.double import DoubleRequest
from cli.doubles.gitea import GiteaDouble
from signalbox.connectors.gitea import Gitea, judge
from signalbox.egress.http_client import HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import Task, TaskStatus
from tests.builders import (
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
WEB = "https://git.example.org"
CONNECTOR = Gitea(clients())


class Repositories(FakeTarget[GiteaDouble]):
    """Repositories that a connection leads to."""

    root = "/api/v1/repos/rail-org/railway"

    def __init__(self, *actions: JsonValue, **settings: JsonValue) -> None:
        double = GiteaDouble()
        facts = {
            **double.settings(DOUBLE_URL),
            "acknowledge": "comment",
            "actions": list(actions or ["comment"]),
            "web_url": WEB,
            **settings,
        }
        super().__init__(double, Gitea, facts)


def a_railway_task(path: str = "issues/42#issuecomment-9311", **facts: object) -> Task:
    url = f"{WEB}/rail-org/railway/{path}"
    return a_task(repository="rail-org/railway", url=url, **facts)


def changes_of(commit: str | None = None) -> tuple[Notification, Notification, Notification]:
    return notifications_of(a_railway_task(commit=commit))


def test_a_task_has_one_comment_that_shows_its_latest_change() -> None:
    gitea = Repositories()

    gitea.send(*changes_of())

    comment = "PATCH /issues/comments/1"
    assert gitea.calls == ["POST /issues/42/comments", comment, comment]
    [shown] = gitea.double.shown()
    assert shown.startswith("✅ **Task succeeded**: Fix the login\n\n> fixed")


def test_a_comment_whose_answer_was_lost_is_found_by_its_marker() -> None:
    gitea, (created, *_) = Repositories(), changes_of()
    gitea.send(changes_of()[0])
    gitea.send_lost(created)

    gitea.send(created)

    assert len(gitea.double.shown()) == 2
    assert gitea.calls[-2:] == ["GET /issues/42/comments", "PATCH /issues/comments/2"]
    assert gitea.http.received[-2].query == {"since": "2026-03-01T11:58:00Z"}


def test_a_deleted_comment_is_made_anew() -> None:
    gitea, (created, started, succeeded) = Repositories(), changes_of()
    gitea.send(created)
    gitea.double.delete()

    gitea.send(started, succeeded)

    assert len(gitea.double.shown()) == 1


def test_a_commit_has_one_status_of_the_context() -> None:
    gitea = Repositories("status", context="agent")

    gitea.send(*changes_of(commit=SHA))

    assert gitea.calls == [f"POST /statuses/{SHA}"] * 3
    states = [json.loads(each.body)["state"] for each in gitea.http.received]
    assert states == ["pending", "pending", "success"]
    assert gitea.double.shown() == ["agent success: Task succeeded: fixed"]


def test_the_status_of_a_pull_request_is_that_of_its_head() -> None:
    gitea = Repositories("comment", "status")

    gitea.send(a_notification(a_railway_task("pulls/57")))

    assert gitea.calls == [
        "POST /issues/57/comments",
        "GET /pulls/57",
        f"POST /statuses/{HEAD}",
    ]


@pytest.mark.parametrize("status", TaskStatus)
def test_every_status_of_a_task_is_one_of_a_commit(status: TaskStatus) -> None:
    gitea = Repositories("status")

    gitea.send(a_notification(a_railway_task(commit=SHA, status=status)))

    assert len(gitea.double.shown()) == 1


def test_a_status_is_not_the_reason_for_another() -> None:
    gitea = Repositories("status")
    task = a_railway_task(commit=SHA, origin=an_origin(event="status"))

    with pytest.raises(SendRefused, match="itself causes"):
        gitea.send(a_notification(task))

    assert not gitea.calls


def test_a_task_of_elsewhere_is_refused_without_a_call() -> None:
    gitea = Repositories("comment", "status")

    with pytest.raises(SendRefused, match=f"not from a repository at {WEB}"):
        gitea.send(a_notification())

    assert not gitea.calls


def test_tasks_can_be_shown_on_one_issue() -> None:
    gitea = Repositories(issue="rail-org/railway#7")

    gitea.send(a_notification())

    assert gitea.calls == ["POST /issues/7/comments"]


@pytest.mark.parametrize("may_read_user", [True, False])
def test_a_test_checks_the_token_whatever_its_scopes(*, may_read_user: bool) -> None:
    gitea, change = Repositories(), a_change(a_task(url=None, repository=None))
    gitea.double.may_read_user = may_read_user

    gitea.send(a_notification(change=change.model_copy(update={"type": "signalbox.test"})))

    assert gitea.calls == ["GET /api/v1/user"]


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (401, b"", SecretRefused, "the forge answered 401$"),
        (403, b'{"message": "not at least one of required scope(s)"}', SecretRefused, "a scope"),
        (403, b"", SecretRefused, "the account of the token may not"),
        (404, b"", SecretRefused, "does not exist, or the token"),
        (423, b"", SendRefused, "is archived"),
        (422, b"", SendRefused, "the forge answered 422$"),
        (502, b"", SendDelayed, "the forge answered 502$"),
    ],
)
def test_answers_have_their_meaning(
    status: int, body: bytes, error: type[SendRefused | SendDelayed], reason: str
) -> None:
    with pytest.raises(error, match=reason) as raised:
        judge(HttpResponse(status=status, body=body))

    assert type(raised.value) is error


@pytest.mark.parametrize("secret", ["", "two words of it", "a0" * 20 + "\n", "short"])
def test_only_a_token_is_a_secret(secret: str) -> None:
    with pytest.raises(Conflict, match="not an access token"):
        CONNECTOR.check_secret(a_connection(settings={}), secret)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "api_url"),
        ({"api_url": "http://git.example.org/api/v1"}, "https"),
        ({"api_url": "https://git.example.org"}, "web_url is missing"),
        ({"api_url": "https://git.example.org/api/v1", "actions": ["check"]}, "actions"),
        ({"api_url": "https://git.example.org/api/v1", "issue": "railway#1"}, "issue names"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, JsonValue], reason: str) -> None:
    with pytest.raises(SettingsInvalid, match=reason):
        CONNECTOR.check(a_connection(settings=settings))


@pytest.mark.parametrize("path", ["/git", ""])
def test_the_address_of_issues_follows_from_that_of_the_api(path: str) -> None:
    assert CONNECTOR.web_url(f"{WEB}{path}/api/v1") == f"{WEB}{path}"


@pytest.mark.parametrize(
    ("method", "path", "value", "status"),
    [
        ("POST", "/repos/a/b/issues/1/comments", {"body": " "}, 422),
        ("PATCH", "/repos/a/b/issues/comments/7", {"body": "x"}, 404),
        ("POST", f"/repos/a/b/statuses/{SHA}", {"state": "done"}, 500),
        ("GET", "/elsewhere", {}, 404),
    ],
)
def test_the_double_refuses_what_gitea_refuses(
    method: str, path: str, value: JsonValue, status: int
) -> None:
    double = GiteaDouble()
    headers = {"authorization": f"token {double.secret('')}"}
    request = DoubleRequest(
        method=method, path=f"/api/v1{path}", headers=headers, body=json.dumps(value).encode()
    )

    assert double.respond(request).status == status
