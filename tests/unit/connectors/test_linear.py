import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import JsonValue

from cli.doubles.double import DoubleRequest
from cli.doubles.linear import LinearDouble
from signalbox.connectors.linear import Linear, source_issue
from signalbox.connectors.linear.answers import judge
from signalbox.connectors.linear.api import derived_id
from signalbox.connectors.linear.document import comment, description, title
from signalbox.egress.http_client import HttpResponse
from signalbox.egress.references import TargetGone
from signalbox.egress.responses import SecretRefused
from signalbox.models.change import TEST_EVENT_TYPE
from signalbox.models.command_grammar import MARKER, is_marked
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.incident import IncidentEvent
from signalbox.models.notification import begun
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import Task, TaskStatus
from tests.builders import (
    NOW,
    a_connection,
    a_notification,
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

CONNECTOR = Linear(clients())
KEY = "lin_api_Ca2Na3Ry4Zz5Qq6Ww7"
ISSUE_URL = "https://linear.app/acme/issue/RAIL-1/fix-the-login#comment-8a7e"


class Workspace(FakeTarget[LinearDouble]):
    """A workspace that a connection leads to."""

    def __init__(self, **settings: JsonValue) -> None:
        double = LinearDouble()
        facts = {**double.settings(DOUBLE_URL), "acknowledge": "comment", **settings}
        super().__init__(double, Linear, facts)

    def lose(self, field: str, *, times: int = 1) -> None:
        """Loses the answers to the next requests for this field."""
        left = [field] * times

        def lost(request: DoubleRequest) -> bool:
            return bool(left) and left[0].encode() in request.body and bool(left.pop())

        self.http.lost = lost

    @property
    def fields(self) -> list[str]:
        """The field of each request."""
        queries = [str(request.json()["query"]) for request in self.http.received]
        return [query.partition("{ ")[2].partition("(")[0].partition(" ")[0] for query in queries]


def _from_linear(**changes: object) -> Task:
    return a_task(origin=an_origin(provider="linear"), url=ISSUE_URL, **changes)


def _with_issue(workspace: Workspace) -> None:
    """Puts RAIL-1 into the workspace, which a person has created."""
    created = {
        "id": derived_id("by a person"),
        "teamId": "9cfb482a-81e3-4154-b5b9-2c805e70a02d",
        "title": "Login is broken",
    }
    query = {"query": "mutation { issueCreate }", "variables": {"input": created}}
    workspace.double.respond(
        DoubleRequest(
            method="POST",
            path="/graphql",
            headers={"authorization": workspace.double.secret("")},
            body=json.dumps(query).encode(),
        )
    )


def test_an_issue_says_what_is_to_be_done() -> None:
    task = a_task(title="Fix *the* login", description="It fails.\nSince Monday @ada.")
    notification = a_notification(task)

    assert title(notification) == "Fix *the* login"
    assert description(notification).split("\n") == [
        "**New task**",
        "",
        "- Kind: fix",
        "- Priority: normal",
        "- Repository: octo/hello",
        "- Author: octocat",
        "",
        r"> It fails\.",
        r"> Since Monday \@ada\.",
        "",
        f"[Open the source]({task.url})",
        "",
        f"`{MARKER}{task.id} {notification.id} -->`",
    ]


def test_a_comment_says_what_happened() -> None:
    task = a_task(reason="no luck", result=a_result(summary="fixed\n/run again"))
    notification = a_notification(task)

    text = comment(notification)

    assert text.split("\n\n")[:-2] == [
        "**New task**: Fix the login",
        "Reason:",
        "> no luck",
        "Result:",
        "> fixed\n> /run again",
    ]
    assert is_marked(text)


def test_the_text_of_a_template_stands_alone() -> None:
    text = comment(a_notification(text="done: *at last*"))

    assert text.startswith("> done\\: \\*at last\\*\n\n`<!--")


def test_a_secret_in_foreign_text_goes_nowhere() -> None:
    notification = a_notification(a_task(title=KEY, reason=KEY, description=KEY, progress=KEY))

    assert KEY not in title(notification) + description(notification) + comment(notification)


def test_a_task_has_one_issue_that_moves_with_it() -> None:
    workspace, task = Workspace(), a_task()

    workspace.send(a_notification(task))
    created = workspace.double.shown()
    workspace.send(a_notification(held(task)))
    workspace.send(a_notification(done(task)))

    [shown] = workspace.double.shown()
    assert created == ["RAIL-1 [Todo] Fix the login"]
    assert shown.startswith("RAIL-1 [Done] Fix the login | **Task succeeded**: Fix the login")
    assert shown.count(" | ") == 1
    assert workspace.fields == [
        *("teams", "issueCreate"),
        *("commentUpdate", "commentCreate", "issue", "issueUpdate"),
        *("commentUpdate", "issue", "issueUpdate"),
    ]


def test_each_change_can_have_a_comment_of_its_own() -> None:
    workspace, task = Workspace(comments="each", statuses={}), a_task()

    for each in (task, held(task), done(task)):
        workspace.send(a_notification(each))

    [shown] = workspace.double.shown()
    assert "Task started" in shown
    assert "Task succeeded" in shown
    assert workspace.fields == ["teams", "issueCreate", "commentCreate", "commentCreate"]


def test_an_issue_can_move_without_comments() -> None:
    workspace, task = Workspace(comments="none"), a_task()

    for each in (task, held(task)):
        workspace.send(a_notification(each))

    assert workspace.double.shown() == ["RAIL-1 [In Progress] Fix the login"]


def test_an_issue_that_is_there_already_is_not_moved() -> None:
    workspace, task = Workspace(comments="none"), a_task()
    workspace.send(a_notification(task))

    for _ in range(2):
        workspace.send(a_notification(held(task)))

    assert workspace.fields[2:] == ["issue", "issueUpdate", "issue"]


def test_an_issue_whose_creation_was_not_answered_is_found() -> None:
    workspace, notification = Workspace(), a_notification()
    workspace.lose("issueCreate")
    with pytest.raises(SendDelayed):
        workspace.send(notification)

    workspace.send(notification)

    [shown] = workspace.double.shown()
    assert shown.startswith("RAIL-1")
    assert "issueCreate" not in workspace.fields[2:]


@pytest.mark.parametrize("mode", ["update", "each"])
def test_a_comment_whose_creation_was_not_answered_is_not_repeated(mode: str) -> None:
    workspace, task = Workspace(comments=mode, statuses={}), a_task()
    workspace.send(a_notification(task))
    started = begun(a_notification(held(task)), NOW, NOW)
    workspace.lose("commentCreate")
    with pytest.raises(SendDelayed):
        workspace.send(started)

    workspace.send(begun(started, NOW, NOW))

    [shown] = workspace.double.shown()
    assert shown.count("Task started") == 1


def test_a_task_of_an_issue_is_shown_there() -> None:
    workspace, task = Workspace(), _from_linear()
    _with_issue(workspace)

    workspace.send(a_notification(task))
    workspace.send(a_notification(done(task)))

    [shown] = workspace.double.shown()
    assert shown.startswith("RAIL-1 [Done] Login is broken | **Task succeeded**: Fix the login")


def test_an_issue_that_is_not_shown_to_us_is_no_reason_to_create_another() -> None:
    workspace = Workspace()

    with pytest.raises(SendRefused, match="does not show the issue"):
        workspace.send(a_notification(_from_linear()))

    assert workspace.double.shown() == []


def test_a_team_that_is_named_by_its_id_is_not_looked_up() -> None:
    workspace = Workspace(team="9cfb482a-81e3-4154-b5b9-2c805e70a02d")

    workspace.send(a_notification())

    assert workspace.fields == ["issueCreate"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"team": "ROAD"}, "no such team"),
        ({"team": None}, "the connection has no team"),
        ({"statuses": {"created": "Triage"}}, "no status 'Triage'"),
    ],
)
def test_what_is_not_there_is_named(settings: dict[str, JsonValue], reason: str) -> None:
    with pytest.raises(SendRefused, match=reason):
        Workspace(**settings).send(a_notification())


def test_an_incident_is_an_issue_that_its_resolution_updates() -> None:
    workspace = Workspace(team="RAIL")

    workspace.send(an_alert(), an_alert(IncidentEvent.RESOLVED))

    assert len([text for text in workspace.double.shown() if "Incident" in text]) == 1


@pytest.mark.parametrize("team", ["RAIL", None])
def test_a_test_creates_nothing(team: str | None) -> None:
    workspace, notification = Workspace(team=team), a_notification()
    change = notification.change.model_copy(update={"type": TEST_EVENT_TYPE})

    workspace.send(notification.model_copy(update={"change": change}))

    assert workspace.double.shown() == []
    assert workspace.fields == ["viewer", "teams"][: 1 + bool(team)]


def test_a_test_of_a_team_that_is_not_there_fails() -> None:
    notification = a_notification()
    change = notification.change.model_copy(update={"type": TEST_EVENT_TYPE})

    with pytest.raises(SendRefused, match="no such team"):
        Workspace(team="ROAD").send(notification.model_copy(update={"change": change}))


@pytest.mark.parametrize(
    ("provider", "url", "expected"),
    [
        ("linear", ISSUE_URL, "RAIL-1"),
        ("linear", "https://linear.app/acme/issue/RAIL-12", "RAIL-12"),
        ("linear", "https://linear.app/acme/document/x-1", None),
        ("linear", "https://linear.app.example.com/acme/issue/RAIL-1", None),
        ("github", ISSUE_URL, None),
        ("linear", None, None),
    ],
)
def test_the_issue_of_a_task_is_in_its_url(
    provider: str, url: str | None, expected: str | None
) -> None:
    notification = a_notification(a_task(origin=an_origin(provider=provider), url=url))

    assert source_issue(notification.change.data) == expected


@pytest.mark.parametrize(
    ("status", "code", "message", "error"),
    [
        (200, "INPUT_ERROR", "Entity not found: Issue", TargetGone),
        (200, "INPUT_ERROR", "Entity not found: WorkflowState", SendRefused),
        (200, "INPUT_ERROR", "Argument Validation Error Ca2Na3Ry4", SendRefused),
        (400, "GRAPHQL_VALIDATION_FAILED", "", SendRefused),
        (200, "AUTHENTICATION_ERROR", "", SecretRefused),
        (401, "", "", SecretRefused),
        (200, "FORBIDDEN", "", SecretRefused),
        (400, "RATELIMITED", "", SendDelayed),
        (200, "INTERNAL_SERVER_ERROR", "", SendDelayed),
        (503, "", "", SendDelayed),
    ],
)
def test_codes_have_their_meaning(
    status: int, code: str, message: str, error: type[SendRefused | SendDelayed]
) -> None:
    body = json.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})

    with pytest.raises(error, match=f"Linear answered {status} {code}".rstrip()) as raised:
        judge(HttpResponse(status=status, body=body.encode()), NOW)

    assert type(raised.value) is error
    assert "Ca2Na3Ry4" not in raised.value.reason


@pytest.mark.parametrize("secret", [KEY, "lin_oauth_Ca2Na3Ry4", "0a" * 32])
def test_a_key_or_a_token_is_right(secret: str) -> None:
    CONNECTOR.check_secret(a_connection(), secret)


def test_an_access_token_is_sent_as_a_bearer() -> None:
    settings = CONNECTOR.settings(a_connection(settings={"team": "RAIL"}))

    request = CONNECTOR.render(a_notification(), settings, "lin_oauth_Ca2Na3Ry4")

    assert request.headers["Authorization"] == "Bearer lin_oauth_Ca2Na3Ry4"


@pytest.mark.parametrize("secret", ["", "lin_wh_Ca2Na3Ry4", f"Bearer {KEY}", f"{KEY}\n", "lin_api"])
def test_any_other_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(Conflict, match="neither an API key") as refusal:
        CONNECTOR.check_secret(a_connection(), secret)

    assert "Ca2Na3Ry4" not in refusal.value.reason


@pytest.mark.parametrize(
    "settings",
    [
        {"team": "the team"},
        {"comments": "all"},
        {"statuses": {"finished": "Done"}},
        {"statuses": {"failed": ""}},
        {"api_url": "https://api.example.com/graphql"},
    ],
)
def test_wrong_settings_are_refused(settings: Mapping[str, JsonValue]) -> None:
    with pytest.raises(SettingsInvalid, match=r"team|comments|statuses|api_url"):
        CONNECTOR.check(a_connection(settings=settings))


@pytest.mark.parametrize(
    ("query", "variables", "reason"),
    [
        ("query { nothing }", {}, "Query is not valid"),
        ("mutation { issueCreate }", {"input": {"id": "x"}}, "id must be a UUID"),
        ("mutation { issueCreate }", {"input": {"id": derived_id("a")}}, "not found: Team"),
        ("mutation { issueUpdate }", {"id": derived_id("a")}, "not found: Issue"),
        ("mutation { commentUpdate }", {"id": derived_id("a")}, "not found: Comment"),
        ("query { comment }", {"id": derived_id("a")}, "not found: Comment"),
    ],
)
def test_the_double_refuses_what_linear_refuses(
    query: str, variables: dict[str, Any], reason: str
) -> None:
    double = LinearDouble()
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"authorization": double.secret("")}

    answer = double.respond(DoubleRequest(method="POST", path="/", headers=headers, body=body))

    assert reason in answer.body.decode()


SAMPLE = "https://linear.app/octo/issue/RAIL-42/login-fails"


def a_command_task(url: str = f"{SAMPLE}#comment-c7cafc52", **changes: object) -> Task:
    """A task of a command at the issue of the double, by default in the comment there."""
    facts = {"origin": an_origin(provider="linear", event="comment.create"), "url": url}
    return a_task(**facts | changes)


def test_a_new_task_is_acknowledged_by_a_reaction_to_its_comment() -> None:
    workspace = Workspace(acknowledge="reaction", statuses={})
    task = a_command_task()

    workspace.send(a_notification(task))
    acknowledged = workspace.double.shown()
    workspace.send(a_notification(held(task)), a_notification(done(task)))

    [shown] = workspace.double.shown()
    assert acknowledged == ["RAIL-42 [Todo] Login fails | 👀 on a comment"]
    assert shown.startswith(f"{acknowledged[0]} | **Task succeeded**: Fix the login")
    assert workspace.fields[:2] == ["comment", "reactionCreate"]


def test_a_command_in_the_text_of_an_issue_is_acknowledged_there() -> None:
    workspace = Workspace(acknowledge="reaction")
    origin = an_origin(provider="linear", event="issue.create")

    workspace.send(a_notification(a_command_task(SAMPLE, origin=origin)))

    assert workspace.double.shown() == ["RAIL-42 [Todo] Login fails | 👀"]


def test_a_reaction_without_an_answer_is_repeated() -> None:
    workspace, created = Workspace(acknowledge="reaction"), a_notification(a_command_task())
    workspace.lose("reactionCreate")
    with pytest.raises(SendDelayed):
        workspace.send(created)

    workspace.send(created)

    assert workspace.double.shown() == ["RAIL-42 [Todo] Login fails | 👀 on a comment"]


@pytest.mark.parametrize(
    "task",
    [
        a_command_task(f"{SAMPLE}#comment-00000000"),
        a_command_task(f"{SAMPLE}#attachment-1"),
        a_command_task(SAMPLE),
        a_command_task(status=TaskStatus.AWAITING_APPROVAL),
    ],
    ids=["a deleted comment", "another fragment", "no fragment", "a task that awaits approval"],
)
def test_without_a_text_to_react_to_a_comment_acknowledges(task: Task) -> None:
    workspace = Workspace(acknowledge="reaction")

    workspace.send(a_notification(task))

    [shown] = workspace.double.shown()
    assert "👀" not in shown
    assert "Fix the login" in shown


def test_a_status_for_new_tasks_is_set_with_a_comment() -> None:
    workspace = Workspace(acknowledge="reaction", statuses={"created": "In Progress"})

    workspace.send(a_notification(a_command_task()))

    [shown] = workspace.double.shown()
    assert shown.startswith("RAIL-42 [In Progress] Login fails | **New task**")


def test_a_source_of_linear_acknowledges_by_reactions() -> None:
    assert CONNECTOR.reply_settings({}) == {"acknowledge": "reaction"}
