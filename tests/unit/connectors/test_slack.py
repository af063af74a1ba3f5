import json
from datetime import timedelta

import pytest
from pydantic import JsonValue

from signalbox.connectors.slack import Slack
from signalbox.connectors.slack.message import render
from signalbox.connectors.slack.responses import judge
from signalbox.egress.http_client import HttpResponse
from signalbox.egress.responses import DEFAULT_RETRY_WAIT, SecretRefused
from signalbox.models.change import TASK_EVENT_PREFIX
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import ChangeType
from tests.builders import a_change, a_connection, a_notification, a_result, a_task
from tests.fakes.references import clients

_SLACK = Slack(clients())


def _told(**changes: object) -> str:
    """All the text of a message about a task like this."""
    return json.dumps(render(a_notification(a_task(**changes))), ensure_ascii=False)


def _blocks(**changes: object) -> JsonValue:
    return render(a_notification(a_task(**changes)))["blocks"]


def test_a_message_says_what_happened() -> None:
    task = a_task(branch="main", attempt=1, result=a_result())
    change = a_change(task).model_copy(update={"type": f"{TASK_EVENT_PREFIX}succeeded"})
    notification = a_notification(task, change=change)

    message = render(notification)

    def text(response: str, **style: bool) -> dict[str, JsonValue]:
        return {"type": "text", "text": response} | ({"style": {**style}} if style else {})

    def section(*elements: JsonValue) -> dict[str, JsonValue]:
        return {"type": "rich_text_section", "elements": list(elements)}

    def rich(*elements: JsonValue) -> dict[str, JsonValue]:
        return {"type": "rich_text", "elements": list(elements)}

    facts = [
        *(text("Kind: "), text("fix", bold=True), text("\n")),
        *(text("Priority: "), text("normal", bold=True), text("\n")),
        *(text("Repository: "), text("octo/hello", bold=True), text("\n")),
        *(text("Branch: "), text("main", bold=True), text("\n")),
        *(text("Author: "), text("octocat", bold=True), text("\n")),
        *(text("Attempt: "), text("1 of 3", bold=True)),
    ]
    links = {
        "Open the source": "https://github.com/octo/hello/issues/1#issuecomment-1",
        "Open the result": "https://example.com/pull/2",
    }
    ids = f"{task.id} · {notification.id}"
    assert message == {
        "text": ":white_check_mark: Task succeeded: Fix the login",
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            rich(
                section(
                    {"type": "emoji", "name": "white_check_mark"},
                    text(" "),
                    text("Fix the login", bold=True),
                    text("\nTask succeeded"),
                )
            ),
            rich(section(*facts)),
            rich(
                section(text("Result", bold=True)),
                {"type": "rich_text_quote", "elements": [text("fixed")]},
            ),
            rich(
                *(
                    section({"type": "link", "url": url, "text": name})
                    for name, url in links.items()
                )
            ),
            {
                "type": "context",
                "elements": [{"type": "plain_text", "text": ids, "emoji": False}],
            },
        ],
    }


@pytest.mark.parametrize("type_", [each for each in ChangeType if each is not ChangeType.UPDATED])
def test_every_change_has_a_look_of_its_own(type_: ChangeType) -> None:
    task = a_task()
    change = a_change(task, type_)

    message = render(a_notification(task, change=change))

    assert "Task changed" not in str(message["text"])


def test_a_change_of_tomorrow_is_told_too() -> None:
    task = a_task()
    change = a_change(task, "pondered")

    message = render(a_notification(task, change=change))

    assert message["text"] == ":bell: Task changed: Fix the login"


def test_nobody_is_called_by_foreign_text() -> None:
    title = "<!channel> <@U024BE7LH> & co"
    task = a_task(title=title, reason="<!here>", author="<!everyone>")

    message = render(a_notification(task))

    text = str(message["text"])
    assert "<!" not in text
    assert "<@" not in text
    assert "&lt;!channel&gt; &lt;@U024BE7LH&gt; &amp; co" in text
    assert title in _as_they_are(message["blocks"])


@pytest.mark.parametrize(
    "foreign",
    [
        "Support **kwargs in run_* helpers",
        "Fix ``make test`` and *all* of it",
        "Deploy :fire: at 10:30",
        "exit 1\n```\nTraceback",
        "**Done** [PR](https://example.com) ~old~ > quote",
        "<!channel> <@U024BE7LH> <https://evil.example|click> #general @here",
    ],
)
def test_foreign_words_are_no_markup(foreign: str) -> None:
    message = render(a_notification(a_task(title=foreign, reason=foreign)))

    shown = _as_they_are(message["blocks"])
    assert " ".join(foreign.split()) in shown
    assert foreign in shown
    assert message["mrkdwn"] is False
    assert '"mrkdwn"' not in json.dumps(message["blocks"])


def _as_they_are(part: JsonValue) -> list[str]:
    """The texts that Slack finds no markup in."""
    match part:
        case {"type": "text" | "plain_text", "text": str() as text}:
            return [text]
        case dict():
            return [text for inner in part.values() for text in _as_they_are(inner)]
        case list():
            return [text for inner in part for text in _as_they_are(inner)]
        case _:
            return []


def test_a_link_cannot_be_closed_from_within() -> None:
    text = _told(url="https://example.com/|Open>*<!channel>", result=None)

    assert "Open the source" not in text


def test_the_reason_of_a_failure_keeps_its_lines() -> None:
    text = _blocks(reason="first\r\n  second\x00 line\n\n")

    assert "first\nsecond line" in _as_they_are(text)


def test_a_long_reason_ends_with_an_ellipsis() -> None:
    text = _told(reason="<" * 2_000)

    assert "<…" in text
    assert text.count("<") == 1_499


def test_a_long_title_ends_with_no_half_escape() -> None:
    text = str(render(a_notification(a_task(title="<" * 400)))["text"])

    assert text.endswith("&lt;…")
    assert text.count("&lt;") == 299 // 4


def test_what_counts_double_counts_double() -> None:
    text = _told(reason="🚦" * 2_000)

    assert text.count("🚦") == 1_499 // 2


def test_a_secret_in_a_workers_words_goes_nowhere() -> None:
    text = _told(
        reason="git push https://octocat:ghp_Ca2Na3Ry4Zz5Qq6Ww7@github.com/octo/hello failed",
        result=a_result(summary="used xoxb-1-Ca2Na3Ry4Zz5Qq6Ww7"),
    )

    assert "Ca2Na3Ry4" not in text


@pytest.mark.parametrize("title", ["", " \n ", "\x00"])
def test_a_task_without_a_title_has_one(title: str) -> None:
    assert "untitled" in _as_they_are(_blocks(title=title))


@pytest.mark.parametrize(
    "body",
    [b"ok", b"ok\n", b'{"ok":true}', b'{"ok":true,"error":"x y"}', b'{"ok":true,"error":null}'],
)
def test_ok_is_taken(body: bytes) -> None:
    judge(HttpResponse(status=200, body=body))


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (200, "channel_not_found"),
        (200, "not_in_channel"),
        (200, "is_archived"),
        (200, "missing_scope"),
        (200, "msg_too_long"),
        (200, "msg_blocks_too_long"),
        (200, "invalid_blocks"),
        (200, "an_error_of_tomorrow"),
        (400, "invalid_payload"),
        (400, "no_text"),
        (404, "channel_not_found"),
        (410, "channel_is_archived"),
    ],
)
def test_a_permanent_error_is_refused_by_its_name(status: int, word: str) -> None:
    for body in (json.dumps({"ok": False, "error": word}).encode(), word.encode()):
        with pytest.raises(SendRefused, match=f"{status} {word}") as refusal:
            judge(HttpResponse(status=status, body=body))

        assert not isinstance(refusal.value, SecretRefused)


@pytest.mark.parametrize("error", [None, "", "ok", "Odd", "two words", 7, "x" * 100])
def test_what_is_not_ok_is_refused_whatever_it_is_called(error: JsonValue) -> None:
    with pytest.raises(SendRefused, match="200 error"):
        judge(HttpResponse(status=200, body=json.dumps({"ok": False, "error": error}).encode()))


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (200, "invalid_auth"),
        (200, "token_revoked"),
        (200, "account_inactive"),
        (401, ""),
        (403, "action_prohibited"),
        (403, "invalid_token"),
        (404, "no_service"),
    ],
)
def test_an_error_of_the_secret_lets_another_be_tried(status: int, word: str) -> None:
    with pytest.raises(SecretRefused):
        judge(HttpResponse(status=status, body=word.encode()))


@pytest.mark.parametrize(
    "word", ["internal_error", "fatal_error", "service_unavailable", "rollup_error"]
)
def test_an_error_that_passes_is_an_attempt(word: str) -> None:
    with pytest.raises(SendDelayed) as delay:
        judge(HttpResponse(status=200, body=json.dumps({"ok": False, "error": word}).encode()))

    assert delay.value.after is None


@pytest.mark.parametrize("asked", [None, timedelta(seconds=30)])
def test_too_many_is_no_attempt_even_with_a_200(asked: timedelta | None) -> None:
    with pytest.raises(SendDelayed) as delay:
        judge(
            HttpResponse(status=200, body=b'{"ok":false,"error":"ratelimited"}', retry_after=asked)
        )

    assert delay.value.after == (asked or DEFAULT_RETRY_WAIT)


def test_a_name_of_a_channel_will_do() -> None:
    _SLACK.check(a_connection(settings={"channel": "#ci-builds"}))


@pytest.mark.parametrize(
    "settings",
    [
        {"channel": ""},
        {"channel": "two words"},
        {"channel": 7},
        {"api_url": "https://slack.com.evil.example/api"},
        {"api_url": "http://slack.com/api"},
        {"api_url": "nonsense"},
    ],
)
def test_settings_must_be_right(settings: dict[str, JsonValue]) -> None:
    with pytest.raises(SettingsInvalid):
        _SLACK.check(a_connection(settings=settings))


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("nonsense", "neither"),
        ("", "neither"),
        ("xoxb-1_2", "no whole bot token"),
        ("xoxb-1 ", "no whole bot token"),
        ("xoxp-a-users-token", "starts with xoxb-"),
        ("xoxe-1-refresh", "starts with xoxb-"),
        ("xapp-1-an-apps-token", "starts with xoxb-"),
        ("https://hooks.slack.com.evil.example/services/T/B/x", "neither"),
        ("https://evil.example/https://hooks.slack.com/services/T/B/x", "neither"),
        ("https://hooks.slack.com/services/", "neither"),
        ("https://hooks.slack.com/services/T/B/x\n", "neither"),
        ("http://hooks.slack.com/services/T/B/x", "starts with https://"),
        ("https://hooks.slack.com/workflows/T/B/x", "address of a workflow"),
        ("https://hooks.slack.com/triggers/T/1/x", "address of a workflow"),
    ],
)
def test_a_secret_that_slack_never_takes_is_refused_when_it_is_set_and_when_it_is_used(
    secret: str, why: str
) -> None:
    with pytest.raises(SendRefused, match=why) as refusal:
        _SLACK.send(a_notification(), a_connection(), [secret])
    with pytest.raises(Conflict, match=why) as conflict:
        _SLACK.check_secret(a_connection(), secret)

    for error in (refusal.value, conflict.value):
        assert not secret or secret not in str(error)


@pytest.mark.parametrize(
    "secret",
    [
        "https://hooks.slack.com/services/T0001/B0001/x1Y2z3",
        "https://hooks.slack-gov.com/services/T0001/B0001/x1Y2z3",
        "xoxb-1-2-x1Y2z3",
        "xoxe.xoxb-1-x1Y2z3",
    ],
)
def test_a_secret_of_slack_is_taken(secret: str) -> None:
    _SLACK.check_secret(a_connection(), secret)


@pytest.mark.parametrize("url", ["https://slack.com/api", "https://slack-gov.com/api"])
def test_slack_itself_is_trusted(url: str) -> None:
    _SLACK.check(a_connection(settings={"channel": "C1", "api_url": url}))


def test_a_token_needs_a_channel() -> None:
    with pytest.raises(SendRefused, match="channel"):
        _SLACK.send(a_notification(), a_connection(settings={}), ["xoxb-1"])


def test_the_message_of_a_template_is_shown_as_plain_text() -> None:
    message = render(a_notification(text="Done: <!channel>\n*not bold*"))

    assert message["text"] == "Done: &lt;!channel&gt;\n*not bold*"
    assert json.dumps("Done: <!channel>\n*not bold*") in json.dumps(message["blocks"])
    assert json.dumps(message["blocks"]).count("rich_text_section") == 1
