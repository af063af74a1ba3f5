import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from cli.doubles.double import DoubleRequest
from cli.doubles.jira import JiraDouble
from signalbox.connectors.jira import Jira, Settings, source_issue
from signalbox.connectors.jira.api import judge
from signalbox.connectors.jira.document import comment_body, issue_fields
from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.models.change import Change, task_view
from signalbox.models.command_grammar import is_marked
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import ChangeType, Task
from signalbox.providers.jira.text import text_of
from tests.builders import (
    NOW,
    a_change,
    a_connection,
    a_notification,
    a_notification_of,
    a_result,
    a_task,
    an_alert,
    an_origin,
    done,
    held,
)
from tests.fakes.doubles import DOUBLE_URL
from tests.fakes.references import clients
from tests.fakes.targets import FakeTarget

CONNECTOR = Jira(clients())
SECRET = "bot@example.com:a-token"
CLOUD = "11223344-a1b2-3b33-c444-def123456789"
TEST = "signalbox.test"


class Site(FakeTarget[JiraDouble]):
    """A site that a connection leads to, with an issue of a person."""

    root = "/rest/api/3"

    def __init__(self, **settings: JsonValue) -> None:
        double = JiraDouble()
        super().__init__(double, Jira, {"site": DOUBLE_URL, "project": "DEMO", **settings})
        self.key = double.add_issue()

    def task(self, **changes: object) -> Task:
        """A task of a comment on the issue of a person."""
        url = f"{DOUBLE_URL}/browse/{self.key}?focusedCommentId=7"
        return a_task(origin=an_origin(provider="jira"), url=url, repository="DEMO", **changes)

    @property
    def shown(self) -> Sequence[str]:
        """All but the issue of a person, unless there is nothing else."""
        first, *others = self.double.shown()
        return others or [first]


def _plain(document: Mapping[str, Any]) -> str:
    """The text of a document, as the provider reads it."""
    return text_of(dict(document))


def _fields(task: Task) -> dict[str, Any]:
    return issue_fields(a_notification(task), project="RAIL", issue_type="Task", labels=["bot"])


def test_an_issue_says_what_a_task_asks_for() -> None:
    task = a_task(branch="main", description="It fails\nsince yesterday.")

    fields = _fields(task)

    assert fields["project"] == {"key": "RAIL"}
    assert fields["issuetype"] == {"name": "Task"}
    assert fields["summary"] == "Fix the login"
    assert fields["labels"] == ["bot", f"signalbox-{task.id}"]
    request, state, links, marker = _plain(fields["description"]).split("\n\n")
    assert request == "It fails\nsince yesterday."
    assert state == (
        "New task · Kind: fix · Priority: normal · Repository: octo/hello · Branch: main"
        " · Author: octocat"
    )
    assert links == "Source"
    assert marker.startswith(f"<!-- signalbox:{task.id} ntf_")


def test_a_comment_says_what_became_of_it() -> None:
    task = a_task(attempt=1, reason="a reason", result=a_result())

    text = _plain(comment_body(a_notification_of(task, "succeeded")))

    assert text.startswith("Task succeeded · Kind: fix")
    assert "Reason: a reason" in text
    assert "Result: fixed" in text
    assert "Source · Result" in text


def test_the_progress_of_a_running_task_is_shown() -> None:
    assert "Progress: half" in _plain(
        comment_body(a_notification_of(a_task(progress="half"), "updated"))
    )


def test_the_message_of_a_template_replaces_our_words() -> None:
    notification = a_notification().model_copy(update={"text": "Look:\nfixed"})

    text = _plain(comment_body(notification))

    assert text.startswith("Look:\nfixed")
    assert "New task" not in text


@pytest.mark.parametrize(
    "document", [comment_body(a_notification()), _fields(a_task())["description"]]
)
def test_our_texts_are_recognised_when_they_return(document: dict[str, JsonValue]) -> None:
    assert is_marked(_plain(document))


def test_foreign_text_is_only_text() -> None:
    title = "*bold* [link|https://evil.example] \n[~accountid:1] ghp_0123456789abcdef0123"

    fields = _fields(a_task(title=title, description="h1. {code}"))

    assert fields["summary"] == "*bold* [link|https://evil.example] [~accountid:1] [masked]"
    assert {"type": "text", "text": "h1. {code}"} in fields["description"]["content"][0]["content"]


def test_a_text_of_many_lines_is_cut() -> None:
    description = _fields(a_task(description="a\n" * 2_000))["description"]

    [request, *_] = description["content"]
    assert len(request["content"]) == 119
    assert request["content"][-1]["text"] == "…"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://acme.atlassian.net/browse/RAIL-24", "RAIL-24"),
        ("https://Acme.atlassian.net/browse/RAIL-24?focusedCommentId=1", "RAIL-24"),
        ("https://acme.atlassian.net.evil.example/browse/RAIL-24", None),
        ("https://other.atlassian.net/browse/RAIL-24", None),
        ("https://acme.atlassian.net/browse/RAIL-24/../../x", None),
        ("https://acme.atlassian.net/issues/?jql=x", None),
        (None, None),
    ],
)
def test_the_issue_of_a_task_is_in_its_url(url: str | None, key: str | None) -> None:
    task = a_task(origin=an_origin(provider="jira"), url=url)

    assert source_issue(task_view(task), "https://acme.atlassian.net") == key


def test_the_url_of_another_provider_is_no_issue() -> None:
    task = a_task(url="https://acme.atlassian.net/browse/RAIL-24")

    assert source_issue(task_view(task), "https://acme.atlassian.net") is None


def test_a_task_has_one_issue_and_one_comment() -> None:
    site = Site()
    task = a_task()
    running = held(task)

    for notification in (
        a_notification(task),
        a_notification_of(running, "started"),
        a_notification_of(done(task), "succeeded"),
    ):
        site.send(notification)

    [issue] = site.shown
    assert issue.startswith("DEMO-2 [To Do] Fix the login")
    assert issue.count("comment: ") == 1
    assert "comment: Task succeeded" in issue
    assert "Result: fixed" in issue


def test_each_change_can_have_a_comment_of_its_own() -> None:
    site = Site(comments="each")
    task = a_task()

    site.send(a_notification(task))
    site.send(a_notification_of(held(task), "started"))
    site.send(a_notification_of(done(task), "succeeded"))

    [issue] = site.shown
    assert issue.count("comment: ") == 2
    assert issue.index("Task started") < issue.index("Task succeeded")


def test_an_issue_can_be_left_without_comments() -> None:
    site = Site(comments="none", statuses={"succeeded": "done"})
    task = a_task()

    site.send(a_notification(task))
    site.send(a_notification_of(done(task), "succeeded"))

    [issue] = site.shown
    assert "comment: " not in issue
    assert "[Done]" in issue


def test_an_issue_moves_with_the_task() -> None:
    site = Site(statuses={"started": "in progress", "succeeded": "Done"})
    task = a_task()

    site.send(a_notification(task))
    site.send(a_notification_of(held(task), "started"))

    assert "[In Progress]" in site.shown[0]
    assert site.calls[-1] == "POST /issue/DEMO-2/transitions"


def test_an_issue_that_has_the_status_is_not_moved() -> None:
    site = Site(statuses={"created": "To Do"})

    site.send(a_notification())

    assert site.calls == ["POST /issue", "GET /issue/DEMO-2"]


def test_an_older_change_does_not_move_an_issue_back() -> None:
    site = Site(statuses={"started": "In Progress", "succeeded": "Done"})
    task = a_task()

    site.send(a_notification_of(done(task), "succeeded"))
    site.send(a_notification_of(held(task), "started"))

    [issue] = site.shown
    assert "[Done]" in issue
    assert "Task started" not in issue


def test_a_status_that_the_workflow_does_not_reach_is_refused() -> None:
    site = Site(statuses={"created": "Released"})

    with pytest.raises(SendRefused, match='no transition of DEMO-2 to the status "Released"'):
        site.send(a_notification())


@pytest.mark.parametrize(
    ("comments", "begin"), [("update", "Task succeeded"), ("each", "New task")]
)
def test_a_task_of_an_issue_is_shown_there(comments: str, begin: str) -> None:
    site = Site(comments=comments, statuses={"succeeded": "Done"})
    task = site.task()

    site.send(a_notification(task))
    site.send(a_notification_of(done(task), "succeeded"))

    [issue] = site.double.shown()
    assert issue.startswith("DEMO-1 [Done] An issue of a person")
    assert f"comment: {begin}" in issue
    assert issue.count("comment: ") == (1 if comments == "update" else 2)


def test_a_task_of_an_issue_needs_no_comment() -> None:
    site = Site(comments="none", statuses={"created": "In Progress"})

    site.send(a_notification(site.task()))

    [issue] = site.double.shown()
    assert issue.startswith("DEMO-1 [In Progress]")
    assert "comment: " not in issue


def test_an_issue_whose_creation_was_not_answered_is_found() -> None:
    site = Site()

    again = site.send_lost(a_notification())
    site.send(again)

    assert len(site.shown) == 1
    assert site.calls[1].startswith("GET /search/jql")


@pytest.mark.parametrize("comments", ["update", "each"])
def test_a_comment_that_was_not_answered_is_found(comments: str) -> None:
    site = Site(comments=comments)

    again = site.send_lost(a_notification(site.task()))
    site.send(again)

    [issue] = site.double.shown()
    assert issue.count("comment: ") == 1


def test_a_deleted_issue_is_created_again() -> None:
    site = Site()
    task = a_task()
    site.send(a_notification(task))

    site.double.delete()
    site.send(a_notification_of(done(task), "succeeded"))

    [issue] = site.double.shown()
    assert issue.startswith("DEMO-3")
    assert "Task succeeded" in issue


def test_a_deleted_comment_is_written_again() -> None:
    site = Site()
    task = site.task()
    site.send(a_notification(task))

    site.double.delete(comments_only=True)
    site.send(a_notification_of(done(task), "succeeded"))

    assert "comment: Task succeeded" in site.double.shown()[0]


def test_a_deleted_issue_of_a_person_is_not_created_again() -> None:
    site = Site()
    task = site.task()
    site.double.delete()

    with pytest.raises(SendRefused, match="404"):
        site.send(a_notification(task))

    assert site.double.shown() == []


def _probe() -> Notification:
    task = a_task(origin=an_origin(provider="signalbox"), url=None)
    change: Change = a_change(task).model_copy(update={"type": TEST})
    return a_notification(task, change=change)


def test_a_test_creates_an_issue() -> None:
    site = Site()

    site.send(_probe())

    assert "Task changed" in site.shown[0]


def test_a_test_without_a_project_checks_the_credentials() -> None:
    site = Site(project=None)

    site.send(_probe())

    assert site.calls == ["GET /myself"]


def test_an_incident_without_a_project_is_refused() -> None:
    with pytest.raises(SendRefused, match="no project"):
        Site(project=None).send(an_alert())


def test_a_task_of_another_provider_needs_a_project() -> None:
    site = Site(project=None)

    with pytest.raises(SendRefused, match="no project"):
        site.send(a_notification())

    assert site.calls == []


def test_a_site_can_be_called_through_the_gateway() -> None:
    settings = Settings(site="https://acme.atlassian.net", cloud_id=CLOUD, project="RAIL")

    request = CONNECTOR.render(a_notification(), settings, "eyJhbGciOi.token")

    assert request.url == f"https://api.atlassian.com/ex/jira/{CLOUD}/rest/api/3/issue"
    assert request.headers["Authorization"] == "Bearer eyJhbGciOi.token"


def test_what_is_rendered_for_a_task_of_an_issue_is_a_comment() -> None:
    settings = Settings(site=DOUBLE_URL, project="DEMO")

    request = CONNECTOR.render(a_notification(Site().task()), settings, SECRET)

    assert request.url == f"{DOUBLE_URL}/rest/api/3/issue/DEMO-1/comment"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SendRefused),
        (401, SecretRefused),
        (403, SecretRefused),
        (404, SendRefused),
        (413, SendRefused),
        (429, SendDelayed),
        (503, SendDelayed),
    ],
)
def test_an_answer_is_judged_by_its_status(status: int, error: type[Exception]) -> None:
    with pytest.raises(error, match=str(status)) as raised:
        judge(HttpResponse(status=status, body=b'{"errorMessages": ["a secret"]}'), NOW)

    assert type(raised.value) is error or status == 404


def test_the_fields_that_are_wrong_are_named() -> None:
    errors = {"customfield_10010": "Team is required.", "issuetype": "a secret"}
    body = json.dumps({"errorMessages": [], "errors": errors}).encode()

    with pytest.raises(SendRefused) as refusal:
        judge(HttpResponse(status=400, body=body), NOW)

    assert refusal.value.reason == (
        "Jira answered 400 because of the fields customfield_10010, issuetype"
    )


def test_the_credentials_are_in_no_text_of_the_api() -> None:
    assert "Basic" not in repr(CONNECTOR._api(Settings(site=DOUBLE_URL), SECRET))


def test_a_wait_is_that_of_retry_after() -> None:
    headers = {"x-ratelimit-reset": "2026-03-01T13:00Z"}
    wait = timedelta(seconds=3)

    with pytest.raises(SendDelayed) as delay:
        judge(HttpResponse(status=429, headers=headers, retry_after=wait), NOW)

    assert delay.value.after == wait


def test_an_answer_without_an_id_is_no_success() -> None:
    class Other(HttpClient):
        def __call__(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse(status=200, body=b"{}")

    site = Site()

    with pytest.raises(SendDelayed, match="something else"):
        Jira(clients(Other(trusted=[DOUBLE_URL]))).send(a_notification(), site.connection, [SECRET])


@pytest.mark.parametrize("secret", ["a-token", "bot@example.com", "bot:token", "", "a b@c.d:x"])
def test_a_secret_without_an_address_cannot_work(secret: str) -> None:
    connection = a_connection(connector="jira", settings={"site": "https://acme.atlassian.net"})

    with pytest.raises(Conflict, match="EMAIL:API_TOKEN"):
        CONNECTOR.check_secret(connection, secret)


def test_an_access_token_works_with_a_cloud_id() -> None:
    settings: dict[str, JsonValue] = {"site": "https://acme.atlassian.net", "cloud_id": CLOUD}

    CONNECTOR.check_secret(a_connection(connector="jira", settings=settings), "eyJhbGciOi.token")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"site": "http://acme.atlassian.net"}, "site"),
        ({"site": "https://acme.atlassian.net/"}, "site"),
        ({"project": "rail"}, "project"),
        ({"labels": ["two words"]}, "labels"),
        ({"statuses": {"begun": "Done"}}, "statuses"),
        ({"comments": "all"}, "comments"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, JsonValue], name: str) -> None:
    facts = {"site": "https://acme.atlassian.net"} | settings

    with pytest.raises(SettingsInvalid, match=name):
        CONNECTOR.check(a_connection(connector="jira", settings=facts))


def test_every_change_can_have_a_status() -> None:
    statuses: dict[str, JsonValue] = {str(change): "Done" for change in ChangeType}
    settings: dict[str, JsonValue] = {"site": DOUBLE_URL, "statuses": statuses}

    Jira(clients(Site().http)).check(a_connection(connector="jira", settings=settings))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("summary", "x" * 256),
        ("summary", "two\nlines"),
        ("summary", " "),
        ("labels", ["two words"]),
        ("issuetype", {"name": "Epic"}),
        ("project", {"key": "RAIL"}),
        ("description", "wiki text"),
        ("description", {"type": "doc", "version": 1, "content": [{"type": "text", "text": ""}]}),
    ],
)
def test_the_double_refuses_what_jira_refuses(field: str, value: JsonValue) -> None:
    fields = issue_fields(a_notification(), project="DEMO", issue_type="Task", labels=[])
    body = json.dumps({"fields": fields | {field: value}}).encode()
    headers = {"authorization": "Basic Ym90QGV4YW1wbGUuY29tOmRvdWJsZQ=="}

    answer = JiraDouble().respond(
        DoubleRequest(method="POST", path="/rest/api/3/issue", headers=headers, body=body)
    )

    assert answer.status == 400
    assert list(json.loads(answer.body)["errors"]) == [field]
