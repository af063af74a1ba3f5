import json
from typing import Any

import pytest

from cli.doubles.double import DoubleRequest
from cli.doubles.teams import TeamsDouble
from signalbox.connectors.teams import Teams, message
from signalbox.egress.http_client import HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.models.change import TASK_EVENT_PREFIX
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from tests.builders import a_change, a_connection, a_notification, a_result, a_task
from tests.fakes.doubles import DOUBLE_URL, DoubleClient
from tests.fakes.references import clients

CONNECTOR = Teams(clients())
PATH = "/powerautomate/automations/direct/workflows/86ff/triggers/manual/paths/invoke"
WORKFLOW = (
    f"https://default1.09.environment.api.powerplatform.com:443{PATH}"
    "?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=Ca2Na3Ry4Zz5Qq6Ww7"
)


def _card(notification: Notification) -> dict[str, Any]:
    attachments: Any = message(notification, width="full")["attachments"]
    card: dict[str, Any] = attachments[0]["content"]
    return card


def _shown(notification: Notification) -> str:
    """What a person sees in the channel."""
    double = TeamsDouble()
    connector = Teams(clients(DoubleClient(double)))
    connector.send(notification, a_connection(settings={}), [double.secret(DOUBLE_URL)])
    [text] = double.shown()
    return text


def test_a_card_says_what_happened() -> None:
    task = a_task(branch="main", attempt=1, reason="a reason", result=a_result(summary="one\ntwo"))
    change = a_change(task).model_copy(update={"type": f"{TASK_EVENT_PREFIX}succeeded"})
    notification = a_notification(task, change=change)

    assert _shown(notification).split(" | ") == [
        "Fix the login",
        "Task succeeded",
        "Kind: fix",
        "Priority: normal",
        "Repository: octo/hello",
        "Branch: main",
        "Author: octocat",
        "Attempt: 1 of 3",
        "Reason",
        "a reason",
        "Result",
        "one",
        "two",
        f"{task.id} · {notification.id}",
    ]
    card = _card(notification)
    assert card["body"][0]["style"] == "good"
    assert [action["url"] for action in card["actions"]] == [task.url, "https://example.com/pull/2"]


def test_the_text_of_a_template_stands_alone() -> None:
    notification = a_notification(text="*done*\n\nat last")

    shown = _shown(notification).split(" | ")

    assert shown == ["*done*", " ", "at last", f"{notification.task_id} · {notification.id}"]
    assert "actions" not in _card(notification)


def test_many_lines_end_in_one() -> None:
    lines = [str(number) for number in range(30)]

    shown = _shown(a_notification(text="\n".join(lines))).split(" | ")

    assert shown[:-1] == [*lines[:19], " ".join(lines[19:])]


def test_the_longest_message_is_posted() -> None:
    long = "漢" * 9_000
    url = f"https://example.com/{'x' * 1_300}"
    lines = "漢\n" * 4_000
    task = a_task(
        kind=long, title=long, repository=long, branch=long, author=long, attempt=1,
        reason=lines, url=url, result=a_result(summary=long[:4_000], url=url),
    )  # fmt: skip

    for notification in (a_notification(task), a_notification(task, text="漢" * 4_000)):
        assert len(json.dumps(_card(notification), ensure_ascii=False).encode()) < 20_000
        assert _shown(notification)


def test_a_secret_in_foreign_text_goes_nowhere() -> None:
    task = a_task(title=WORKFLOW, reason=WORKFLOW, url=WORKFLOW, author=WORKFLOW)

    assert "Ca2Na3Ry4" not in json.dumps(_card(a_notification(task)))


def test_a_card_can_be_narrow() -> None:
    notification = a_notification()

    narrow: Any = message(notification, width="default")["attachments"]

    assert _card(notification)["msteams"] == {"width": "Full"}
    assert "msteams" not in narrow[0]["content"]


@pytest.mark.parametrize("status", [200, 202])
def test_a_success_is_accepted(status: int) -> None:
    CONNECTOR.judge(HttpResponse(status=status))


@pytest.mark.parametrize(
    ("status", "code", "error", "reason"),
    [
        (400, "TriggerInputSchemaMismatch", SendRefused, "400 TriggerInputSchemaMismatch"),
        (400, "WorkflowTriggerIsNotEnabled", SendRefused, "the workflow is switched off"),
        (413, "x y", SendRefused, "Teams answered 413$"),
        (401, "DirectApiAuthorizationRequired", SecretRefused, "let anyone trigger the workflow"),
        (403, "AuthorizationFailed", SecretRefused, "403 AuthorizationFailed"),
        (404, "WorkflowNotFound", SecretRefused, "the workflow no longer exists"),
        (429, "", SendDelayed, "Teams answered 429"),
        (502, "NoResponse", SendDelayed, "502 NoResponse"),
    ],
)
def test_codes_have_their_meaning(
    status: int, code: str, error: type[SendRefused | SendDelayed], reason: str
) -> None:
    body = json.dumps({"error": {"code": code, "message": "Ca2Na3Ry4"}}).encode()

    with pytest.raises(error, match=reason) as raised:
        CONNECTOR.judge(HttpResponse(status=status, body=body))

    assert type(raised.value) is error
    assert "Ca2Na3Ry4" not in raised.value.reason


@pytest.mark.parametrize(
    "secret", [WORKFLOW, WORKFLOW.replace(":443", ""), WORKFLOW.replace(
        "default1.09.environment.api.powerplatform.com", "prod-1.westus.logic.azure.com")]
)  # fmt: skip
def test_the_url_of_a_workflow_is_right(secret: str) -> None:
    CONNECTOR.check_secret(a_connection(), secret)


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("", "not the URL of a workflow"),
        ("a token", "not the URL of a workflow"),
        (WORKFLOW.replace("https", "http"), "not the URL of a workflow"),
        (WORKFLOW.replace("powerplatform.com", "powerplatform.com.evil.example"), "not the URL"),
        (f"{WORKFLOW} ", "not the URL of a workflow"),
        (WORKFLOW.partition("&sig=")[0], "let anyone trigger the workflow"),
        (f"{WORKFLOW.partition('&sig=')[0]}&sig=", "let anyone trigger the workflow"),
        ("https://a.webhook.office.com/webhookb2/Ca2Na3Ry4", "retired: create a workflow"),
    ],
)
def test_any_other_secret_is_refused_without_being_shown(secret: str, reason: str) -> None:
    with pytest.raises(Conflict, match=reason) as refusal:
        CONNECTOR.check_secret(a_connection(), secret)

    assert "Ca2Na3Ry4" not in refusal.value.reason
    with pytest.raises(SecretRefused, match=reason):
        CONNECTOR.send(a_notification(), a_connection(settings={}), [secret])


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(SettingsInvalid, match="width"):
        CONNECTOR.check(a_connection(settings={"width": "wide"}))


@pytest.mark.parametrize(
    ("secret", "body", "status"),
    [
        ("/elsewhere?sig=x", b"{}", 404),
        ("?api-version=1", b"{}", 401),
        ("?sig=another", b"{}", 403),
        ("", b'{"type": "message", "attachments": []}', 400),
        ("", b'{"text": "hello"}', 400),
    ],
)
def test_the_double_refuses_what_a_workflow_refuses(secret: str, body: bytes, status: int) -> None:
    double = TeamsDouble()
    path, _, query = double.secret("").partition("?")
    given, _, other = secret.partition("?")
    fields = dict(part.split("=") for part in (other if secret else query).split("&"))

    answer = double.respond(
        DoubleRequest(method="POST", path=given or path, query=fields, body=body)
    )

    assert answer.status == status
    assert double.shown() == []
