import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import JsonValue
from typing_extensions import override

from cli.doubles.double import DoubleRequest, DoubleResponse
from cli.doubles.github import GitHubDouble
from signalbox.connectors.github import GitHub, dispatch_event
from signalbox.connectors.github.responses import judge
from signalbox.egress.connector import TargetConnector
from signalbox.egress.http_client import HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.incident import IncidentEvent
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import TaskStatus
from tests.builders import (
    NOW,
    a_change,
    a_connection,
    a_notification,
    a_result,
    a_task,
    an_alert,
    an_origin,
    notifications_of,
)
from tests.fakes.doubles import DOUBLE_URL
from tests.fakes.references import clients
from tests.fakes.targets import FakeTarget

SHA = "89abcdef0123456789abcdef0123456789abcdef"
HEAD = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "ghp_Ca2Na3Ry4Zz5Qq6Ww7"
PULL = "https://github.com/octo/hello/pull/3#issuecomment-1"


class Repositories(FakeTarget[GitHubDouble]):
    """Repositories that a connection leads to. One connector sends all, since it keeps tokens."""

    def __init__(self, *actions: JsonValue, secret: str = "", **settings: JsonValue) -> None:
        double = GitHubDouble()
        facts = {
            **double.settings(DOUBLE_URL),
            "actions": list(actions or ["comment"]),
            "acknowledge": "comment",
            **settings,
        }
        super().__init__(double, GitHub, facts)
        self.secret = secret or self.secret
        self.connector = super().new_connector()

    @override
    def new_connector(self) -> TargetConnector[Any]:
        return self.connector


def changes_of(**facts: object) -> tuple[Notification, Notification, Notification]:
    return notifications_of(a_task(**facts))


def a_test() -> Notification:
    """The notification of `signalbox connections test`."""
    change = a_change(a_task(url=None, repository=None))
    return a_notification(change=change.model_copy(update={"type": "signalbox.test"}))


def test_a_task_has_one_comment_on_its_issue_that_shows_its_latest_change() -> None:
    github = Repositories()

    github.send(*changes_of())

    comment = "/repos/octo/hello/issues/comments/1"
    assert github.calls == [
        "POST /repos/octo/hello/issues/1/comments",
        f"PATCH {comment}",
        f"PATCH {comment}",
    ]
    [shown] = github.double.shown()
    assert shown.startswith("✅ **Task succeeded**: Fix the login\n\n> fixed")


def test_an_older_change_does_not_replace_a_later_one() -> None:
    github, (created, started, succeeded) = (
        Repositories("comment", "status"),
        changes_of(commit=SHA),
    )

    github.send(created, succeeded, started)

    assert all("Task succeeded" in text for text in github.double.shown())


def test_a_comment_whose_answer_was_lost_is_found_by_its_marker() -> None:
    github, (created, *_) = Repositories(), changes_of()
    github.send(*changes_of())  # a comment on another task
    github.send_lost(created)

    github.send(created)

    assert len(github.double.shown()) == 2
    assert github.calls[-2:] == [
        "GET /repos/octo/hello/issues/1/comments",
        "PATCH /repos/octo/hello/issues/comments/2",
    ]
    assert github.http.received[-2].query["since"] == "2026-03-01T11:58:00Z"


def test_a_comment_is_looked_for_on_all_pages() -> None:
    github, (created, *_) = Repositories(), changes_of()
    for _ in range(60):
        github.send(a_notification())
    github.send_lost(created)

    github.send(created)

    assert len(github.double.comments) == 61


def test_a_deleted_comment_is_made_anew() -> None:
    github, (created, started, succeeded) = Repositories(), changes_of()
    github.send(created)
    github.double.delete()

    github.send(started, succeeded)

    assert len(github.double.shown()) == 1


def test_an_incident_is_one_comment_on_the_issue_of_the_connection() -> None:
    github = Repositories("comment", "status", "labels", issue="octo/ops#7")

    github.send(an_alert(), an_alert(IncidentEvent.RESOLVED))

    [shown] = github.double.shown()
    assert "Incident resolved" in shown
    assert github.calls[0] == "POST /repos/octo/ops/issues/7/comments"


@pytest.mark.parametrize(
    "github", [Repositories("comment"), Repositories("status", issue="octo/ops#7")]
)
def test_an_incident_without_an_issue_to_comment_on_is_refused(github: Repositories) -> None:
    with pytest.raises(SendRefused, match="set `issue`"):
        github.send(an_alert())

    assert github.calls == []


def test_a_commit_has_one_status_of_the_context() -> None:
    github = Repositories("status", context="agent / fix")

    github.send(*changes_of(commit=SHA))

    assert github.calls == [f"POST /repos/octo/hello/statuses/{SHA}"] * 3
    states = [json.loads(each.body)["state"] for each in github.http.received]
    assert states == ["pending", "pending", "success"]
    assert github.double.shown() == ["agent / fix success: Task succeeded: fixed"]
    [status] = github.double.statuses.values()
    assert status["target_url"] == "https://example.com/pull/2"


def test_the_status_stays_at_the_commit_that_was_the_head_at_first() -> None:
    github, (created, _, succeeded) = Repositories("status"), changes_of(url=PULL)

    github.send(created, succeeded)

    assert github.calls == [
        "GET /repos/octo/hello/pulls/3",
        f"POST /repos/octo/hello/statuses/{HEAD}",
        f"POST /repos/octo/hello/statuses/{HEAD}",
    ]


def test_a_long_text_fits_into_a_status() -> None:
    github = Repositories("status")

    github.send(a_notification(a_task(commit=SHA, reason="🚦\n" * 300)))

    [status] = github.double.statuses.values()
    assert str(status["description"]).endswith("…")


@cache
def an_app_key() -> tuple[str, RSAKey]:
    """The private key of an App, and the public key to verify with; making them takes long."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return pem.decode(), RSAKey.import_key(private.public_key())


def an_app(github: Repositories) -> list[dict[str, Any]]:
    """Makes the secret that of an App, and returns the claims that it shows."""
    pem, key = an_app_key()
    claims: list[dict[str, Any]] = []

    def verify(token: str) -> bool:
        try:
            claims.append(dict(jwt.decode(token, key, algorithms=["RS256"]).claims))
        except (JoseError, ValueError):
            return False
        return True

    github.double.verify = verify
    app = {"client_id": "Iv1.8a61", "installation_id": 1, "private_key": pem}
    github.secret = json.dumps(app)
    return claims


def test_an_app_has_one_check_run_for_a_task_and_one_token_for_50_minutes() -> None:
    github = Repositories("check")
    claims = an_app(github)
    created, started, succeeded = changes_of(commit=SHA)

    github.connector.check_secret(github.connection, github.secret)
    github.send(created)
    github.clock.advance(timedelta(minutes=50))
    github.send(started)
    github.clock.advance(timedelta(seconds=1))
    github.send(succeeded)

    issue = "POST /app/installations/1/access_tokens"
    edit = "PATCH /repos/octo/hello/check-runs/1"
    assert github.calls == [issue, "POST /repos/octo/hello/check-runs", edit, issue, edit]
    now = int(NOW.timestamp())
    assert claims[0] == {"iss": "Iv1.8a61", "iat": now - 60, "exp": now + 540}
    [run] = github.double.checks.values()
    assert run["external_id"] == created.task_id
    assert github.double.shown() == ["signalbox success: Task succeeded: fixed"]


def test_a_check_run_whose_answer_was_lost_is_found_by_its_external_id() -> None:
    github, (created, started, _) = Repositories("check"), changes_of(commit=SHA)
    an_app(github)
    github.send(a_notification(a_task(commit=SHA)))
    github.send_lost(created)

    github.send(created, started)

    assert len(github.double.checks) == 2


def test_a_token_that_was_revoked_is_replaced_once() -> None:
    github, (created, started, _) = Repositories(), changes_of()
    an_app(github)
    github.send(created)
    github.double.tokens.clear()

    github.send(started)

    assert [call.split()[0] for call in github.calls] == ["POST", "POST", "PATCH", "POST", "PATCH"]


def test_threads_share_a_token_that_the_first_one_requests() -> None:
    github = Repositories()
    an_app(github)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(github.send, [a_notification() for _ in range(8)]))

    assert len(github.double.comments) == 8
    assert github.calls.count("POST /app/installations/1/access_tokens") == 1


def test_an_app_signs_by_githubs_clock_if_ours_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    github = Repositories()
    claims = an_app(github)
    respond = github.double.respond
    refusal = DoubleResponse(status=401, headers={"Date": "Sun, 01 Mar 2026 13:00:00 GMT"})
    answers = iter([refusal])
    monkeypatch.setattr(github.double, "respond", lambda each: next(answers, None) or respond(each))

    github.send(a_notification())

    assert [claim["iat"] for claim in claims] == [int(NOW.timestamp()) + 3_600 - 60]
    assert len(github.double.comments) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"installation_id": 2}, "no such installation_id"), ({}, "the key is not one of the App")],
)
def test_an_app_that_is_not_installed_is_refused(change: dict[str, int], reason: str) -> None:
    github = Repositories()
    an_app(github)
    if not change:
        github.double.verify = lambda _: False
    github.secret = json.dumps(json.loads(github.secret) | change)

    with pytest.raises(SecretRefused, match=reason):
        github.send(a_notification())


def test_the_label_of_the_status_replaces_the_one_before() -> None:
    github = Repositories("labels")
    created, started, succeeded = changes_of()
    github.double.labels["octo/hello/issues/1"] = ["bug", "signalbox: failed"]

    github.send(created)
    assert github.double.labels["octo/hello/issues/1"] == ["bug"]
    github.send(started)
    assert github.double.labels["octo/hello/issues/1"] == ["bug", "signalbox: running"]
    github.send(succeeded)
    assert github.double.labels["octo/hello/issues/1"] == ["bug", "signalbox: done"]


def test_labels_can_be_chosen() -> None:
    github = Repositories("labels", labels={"running": "agent/at work"})

    github.send(changes_of()[1])

    assert github.double.shown() == ["octo/hello/issues/1: agent/at work"]


def test_a_change_can_start_a_workflow() -> None:
    github, (created, _, succeeded) = Repositories("dispatch"), changes_of(commit=SHA)

    github.send(created, succeeded)

    assert github.calls == ["POST /repos/octo/hello/dispatches"] * 2
    event: Any = github.double.events[1]
    assert event["event_type"] == "signalbox.task.succeeded"
    assert event["client_payload"]["notification_id"] == succeeded.id
    assert event["client_payload"]["task"]["commit"] == SHA
    assert event["client_payload"]["result"]["summary"] == "fixed"


def test_an_event_has_no_secret_and_a_type_that_can_be_chosen() -> None:
    task = a_task(title=TOKEN, labels=(TOKEN,), result=a_result(summary=TOKEN), reason=TOKEN)

    event = dispatch_event(a_notification(task, text=TOKEN), "agent")

    assert event["event_type"] == "agent"
    assert "Ca2Na3Ry4" not in json.dumps(event)


def test_actions_that_do_not_fit_are_left_out() -> None:
    github = Repositories("comment", "status")

    github.send(a_notification(a_task(url="https://github.com/octo/hello/commit/1", commit=SHA)))
    github.send(a_notification(a_task()))

    assert github.calls == [
        f"POST /repos/octo/hello/statuses/{SHA}",
        "POST /repos/octo/hello/issues/1/comments",
    ]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"url": None}, "not from a repository at https://github.com"),
        ({"repository": "octo/other"}, "not from a repository"),
        ({"url": "https://github.com/octo/hello/issues"}, "no issue or pull request"),
    ],
)
def test_a_task_that_no_action_fits_is_refused_without_a_call(
    facts: Mapping[str, object], reason: str
) -> None:
    github = Repositories("comment", "status")

    with pytest.raises(SendRefused, match=reason):
        github.send(a_notification(a_task(**facts)))

    assert not github.calls


def test_a_check_run_is_not_the_reason_for_another() -> None:
    github = Repositories("check")
    an_app(github)

    with pytest.raises(SendRefused, match="itself causes"):
        github.send(
            a_notification(a_task(commit=SHA, origin=an_origin(event="check_run.completed")))
        )


def test_tasks_can_be_shown_on_one_issue() -> None:
    github = Repositories(issue="octo/ops#7")

    github.send(a_notification(a_task(url=None, repository=None)))

    assert github.calls == ["POST /repos/octo/ops/issues/7/comments"]


def test_a_test_checks_the_secret_and_changes_nothing() -> None:
    github = Repositories("comment", "status", "labels", "dispatch")

    github.send(a_test())

    assert github.calls == ["GET /rate_limit"]


def test_a_test_comments_on_the_issue_of_the_connection_only() -> None:
    github = Repositories("comment", "labels", "dispatch", issue="octo/ops#7")

    github.send(a_test())

    assert github.calls == ["POST /repos/octo/ops/issues/7/comments"]


def test_a_test_with_a_wrong_secret_fails() -> None:
    github = Repositories(secret=TOKEN)

    with pytest.raises(SecretRefused, match="GitHub answered 401"):
        github.send(a_test())


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (403, {"message": "Unable to create comment: issue is locked"}, SendRefused, "is locked"),
        (403, {"message": "Resource not accessible"}, SecretRefused, "lacks a permission"),
        (404, {"message": "Not Found"}, SecretRefused, "does not exist, or the secret"),
        (410, {"message": "This issue was deleted"}, SendRefused, "GitHub answered 410$"),
        (422, {"errors": [{"field": "sha", "code": "invalid"}]}, SendRefused, "422: sha invalid$"),
        (422, {"errors": [{"field": TOKEN, "code": "x"}]}, SendRefused, "answered 422$"),
        (451, {}, SendRefused, "GitHub answered 451$"),
        (500, {}, SendDelayed, "GitHub answered 500$"),
    ],
)
def test_answers_have_their_meaning(
    status: int, body: JsonValue, error: type[SendRefused | SendDelayed], reason: str
) -> None:
    with pytest.raises(error, match=reason) as raised:
        judge(HttpResponse(status=status, body=json.dumps(body).encode()), NOW)

    assert type(raised.value) is error


@pytest.mark.parametrize(
    "secret",
    [TOKEN, "gho_12345678", "ghs_12345678.ab-cd", "github_pat_11AA0_bB", "0123456789" * 4],
)
def test_a_token_is_right(secret: str) -> None:
    GitHub(clients()).check_secret(a_connection(settings={}), secret)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "a token",
        "ghr_12345678",
        f"{TOKEN}\n",
        "-----BEGIN RSA PRIVATE KEY-----\nCa2Na3Ry4",
        '{"app_id": 1, "installation_id": 2}',
        '{"app_id": 1, "client_id": "Iv1", "installation_id": 2, "private_key": "Ca2Na3Ry4"}',
        '{"app_id": 1, "installation_id": "../2", "private_key": "Ca2Na3Ry4"}',
        '{"app_id": 1, "installation_id": 2, "private_key": "Ca2Na3Ry4"}',
    ],
)
def test_any_other_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(Conflict) as refusal:
        GitHub(clients()).check_secret(a_connection(settings={}), secret)

    assert "the secret" in refusal.value.reason
    assert "Ca2Na3Ry4" not in refusal.value.reason


def test_a_check_run_needs_an_app() -> None:
    connection = a_connection(settings={"actions": ["check"]})

    with pytest.raises(Conflict, match="need a GitHub App"):
        GitHub(clients()).check_secret(connection, TOKEN)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"actions": []}, "actions"),
        ({"actions": ["merge"]}, "actions"),
        ({"api_url": "http://api.github.com"}, "https"),
        ({"api_url": "https://github.example.com"}, "web_url is missing"),
        ({"issue": "octo/hello"}, "issue names no issue"),
        ({"issue": "octo/..#1"}, "issue names no issue"),
        ({"context": " x"}, "context"),
        ({"labels": {"done": "x"}}, "labels"),
        ({"labels": {"running": ""}}, "labels"),
        ({"event_type": "two words"}, "event_type"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, JsonValue], reason: str) -> None:
    with pytest.raises(SettingsInvalid, match=reason):
        GitHub(clients()).check(a_connection(settings=settings))


@pytest.mark.parametrize(
    ("api_url", "web_url"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.octo.ghe.com", "https://octo.ghe.com"),
        ("https://github.example.com/api/v3", "https://github.example.com"),
        ("https://github.example.com/api", None),
    ],
)
def test_the_address_of_issues_follows_from_that_of_the_api(
    api_url: str, web_url: str | None
) -> None:
    assert GitHub(clients()).web_url(api_url) == web_url


@pytest.mark.parametrize("status", TaskStatus)
def test_every_status_of_a_task_is_one_of_a_check_run(status: TaskStatus) -> None:
    github = Repositories("check", "status")
    an_app(github)

    github.send(a_notification(a_task(commit=SHA, status=status)))

    assert len(github.double.shown()) == 2


@pytest.mark.parametrize(
    ("method", "path", "value", "status"),
    [
        ("POST", "/repos/o/r/issues/1/comments", {"body": " "}, 422),
        ("POST", "/repos/o/r/issues/1/comments", {"body": "x" * 65_537}, 422),
        ("PATCH", "/repos/o/r/issues/comments/9", {"body": "x"}, 404),
        ("POST", "/repos/o/r/statuses/main", {"state": "success", "context": "x"}, 422),
        ("POST", f"/repos/o/r/statuses/{SHA}", {"state": "done", "context": "x"}, 422),
        ("POST", "/repos/o/r/check-runs", {"name": "x", "head_sha": SHA}, 403),
        ("POST", "/repos/o/r/issues/1/labels", {"labels": [""]}, 422),
        ("DELETE", "/repos/o/r/issues/1/labels/x", {}, 404),
        ("POST", "/repos/o/r/dispatches", {"event_type": "x" * 101}, 422),
        ("GET", "/elsewhere", {}, 404),
    ],
)
def test_the_double_refuses_what_github_refuses(
    method: str, path: str, value: JsonValue, status: int
) -> None:
    double = GitHubDouble()
    headers = {"authorization": f"Bearer {double.secret('')}"}
    body = json.dumps(value).encode()

    answer = double.respond(DoubleRequest(method=method, path=path, headers=headers, body=body))

    assert answer.status == status
    assert b'"message": ' in answer.body
