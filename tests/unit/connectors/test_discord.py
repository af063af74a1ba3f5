from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import JsonValue

from cli.doubles.discord import DiscordDouble
from cli.doubles.double import DoubleRequest
from signalbox.connectors.discord import Discord, judge, message
from signalbox.egress.http_client import HttpResponse
from signalbox.egress.references import TargetGone
from signalbox.egress.responses import SecretRefused
from signalbox.egress.text import utf16_length
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import ChangeType, Task
from tests.builders import (
    a_connection,
    a_notification,
    a_notification_of,
    a_result,
    a_task,
    done,
    held,
)
from tests.fakes.references import clients
from tests.fakes.targets import FakeTarget

CONNECTOR = Discord(clients())
HOOK = "https://discord.com/api/webhooks/1234567890/Ca2Na3Ry4Zz5-Qq6_Ww7"


class Channel(FakeTarget[DiscordDouble]):
    """A channel that a connection leads to."""

    def __init__(self, **settings: JsonValue) -> None:
        super().__init__(DiscordDouble(), Discord, settings)

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.http.received]


def _embed(task: Task, type_: str = "created") -> dict[str, Any]:
    embeds: Any = message(a_notification_of(task, type_))["embeds"]
    embed: dict[str, Any] = embeds[0]
    return embed


def test_a_message_says_what_happened() -> None:
    task = a_task(branch="main", attempt=1, reason="a reason", result=a_result())

    embed = _embed(task, "succeeded")

    assert embed["title"] == "Fix the login"
    assert embed["description"] == "**Task succeeded**\n\na reason\n\nfixed"
    assert embed["color"] == 0x2ECC71
    assert embed["timestamp"] == "2026-03-01T12:00:00+00:00"
    assert {field["name"]: field["value"] for field in embed["fields"]} == {
        "Kind": "fix",
        "Priority": "normal",
        "Repository": "octo/hello",
        "Branch": "main",
        "Author": "octocat",
        "Attempt": "1 of 3",
        "Source": r"[open](https://github.com/octo/hello/issues/1#issuecomment-1)",
        "Result": "[open](https://example.com/pull/2)",
    }
    assert embed["footer"]["text"].startswith(f"{task.id} · ntf_")


def test_progress_is_shown_until_there_is_a_result() -> None:
    fields = _embed(a_task(progress="3 of 7 files"))["fields"]

    assert {"name": "Progress", "value": "3 of 7 files", "inline": True} in fields


def test_foreign_text_is_no_markup_and_no_link() -> None:
    embed = _embed(
        a_task(
            title="**bold** <@1> @everyone",
            reason="[click](https://evil.example)\n# big\n- item",
            url="https://example.com/a_(b)",
        )
    )

    assert embed["title"] == r"\*\*bold\*\* \<@1\> @everyone"
    assert r"\[click\]\(https://evil.example\)" in embed["description"]
    assert "\n\\# big\n\\- item" in embed["description"]
    assert embed["fields"][-1]["value"] == "[open](https://example.com/a_%28b%29)"


def test_a_secret_in_foreign_text_goes_nowhere() -> None:
    embed = _embed(a_task(title=HOOK, reason=HOOK, url=HOOK, progress=HOOK))

    assert "Ca2Na3Ry4" not in str(embed)


def test_the_longest_texts_fit_together() -> None:
    long = "*" * 10_000
    url = f"https://example.com/{'x' * 880}"
    embed = _embed(
        a_task(
            kind=long,
            title=long,
            repository=long,
            branch=long,
            author=long,
            attempt=1,
            reason=long,
            result=a_result(summary="*" * 4_000, url=url),
            url=url,
        )
    )

    texts = [embed["title"], embed["description"], embed["footer"]["text"]]
    texts += [field[part] for field in embed["fields"] for part in ("name", "value")]
    assert len(embed["fields"]) == 8
    assert 5_000 < sum(map(utf16_length, texts)) < 5_900


def test_the_text_of_a_template_stands_alone() -> None:
    embeds: Any = message(a_notification(text="*done*\nat last"))["embeds"]

    assert embeds[0]["description"] == "\\*done\\*\nat last"
    assert not {"title", "fields"} & embeds[0].keys()


@pytest.mark.parametrize("type_", ChangeType)
def test_every_change_can_be_shown(type_: ChangeType) -> None:
    assert _embed(a_task(), type_)["description"]


def test_a_task_has_one_message_that_shows_its_latest_change() -> None:
    channel, task = Channel(), a_task()

    for each in (task, held(task), done(task)):
        channel.send(a_notification(each))

    [text] = channel.double.shown()
    assert channel.methods == ["POST", "PATCH", "PATCH"]
    assert "Fix the login | **Task succeeded**\n\nfixed" in text.replace("\\", "")


def test_an_older_change_does_not_replace_a_later_one() -> None:
    channel, task = Channel(), a_task()
    channel.send(a_notification(done(task)))

    channel.send(a_notification(held(task)))

    assert channel.methods == ["POST"]
    assert "Task succeeded" in channel.double.shown()[0]


def test_each_change_can_have_a_message_of_its_own() -> None:
    channel, task = Channel(mode="each"), a_task()

    for each in (task, done(task)):
        channel.send(a_notification(each))

    assert channel.methods == ["POST", "POST"]
    assert len(channel.double.shown()) == 2
    assert channel.references.kept == {}


def test_a_deleted_message_is_posted_anew() -> None:
    channel, task = Channel(), a_task()
    channel.send(a_notification(task))
    channel.double.delete()

    channel.send(a_notification(held(task)))
    channel.send(a_notification(done(task)))

    assert channel.methods == ["POST", "PATCH", "POST", "PATCH"]
    assert len(channel.double.shown()) == 1


def test_an_edit_that_was_not_answered_is_repeated() -> None:
    channel, task = Channel(), a_task()
    channel.send(a_notification(task))
    channel.http.lost = lambda _: True
    with pytest.raises(SendDelayed):
        channel.send(a_notification(done(task)))
    channel.http.lost = lambda _: False

    channel.send(a_notification(done(task)))

    assert channel.methods == ["POST", "PATCH", "PATCH"]


@pytest.mark.parametrize(
    ("status", "code", "error", "reason"),
    [
        (400, 50035, SendRefused, "Discord answered 400 50035"),
        (400, 220001, SendRefused, "needs a thread_id"),
        (404, 10003, SendRefused, "no such thread_id"),
        (404, 10008, TargetGone, "Discord answered 404 10008"),
        (400, 50083, TargetGone, "Discord answered 400 50083"),
        (404, 10015, SecretRefused, "the webhook no longer exists"),
        (404, 0, SecretRefused, "the webhook no longer exists"),
        (401, 50027, SecretRefused, "Discord answered 401 50027"),
        (403, 50013, SecretRefused, "Discord answered 403 50013"),
        (429, 30046, SendDelayed, "Discord answered 429 30046"),
        (500, 0, SendDelayed, "Discord answered 500"),
    ],
)
def test_codes_have_their_meaning(
    status: int, code: int, error: type[SendRefused | SendDelayed], reason: str
) -> None:
    body = f'{{"message": "Ca2Na3Ry4", "code": {code}}}'.encode()

    with pytest.raises(error, match=reason) as raised:
        judge(HttpResponse(status=status, body=body))

    assert type(raised.value) is error
    assert "Ca2Na3Ry4" not in raised.value.reason


@pytest.mark.parametrize(
    "secret",
    [
        HOOK,
        HOOK.replace("discord.com", "discordapp.com"),
        HOOK.replace("discord.com", "ptb.discord.com"),
        HOOK.replace("/api/", "/api/v10/"),
    ],
)
def test_the_url_of_a_webhook_is_right(secret: str) -> None:
    CONNECTOR.check_secret(a_connection(), secret)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "a token",
        "https://discord.com/api/webhooks/1234567890",
        HOOK.replace("https", "http"),
        HOOK.replace("discord.com", "discord.com.example.com"),
        f"{HOOK}/slack",
        f"{HOOK}?wait=true",
        f"{HOOK}\n",
    ],
)
def test_any_other_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(Conflict, match="not the URL of a webhook") as refusal:
        CONNECTOR.check_secret(a_connection(), secret)

    assert "Ca2Na3Ry4" not in refusal.value.reason


@pytest.mark.parametrize("settings", [{"mode": "all"}, {"thread_id": "general"}, {"thread_id": 1}])
def test_wrong_settings_are_refused(settings: Mapping[str, JsonValue]) -> None:
    with pytest.raises(SettingsInvalid, match=r"mode|thread_id"):
        CONNECTOR.check(a_connection(settings=settings))


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/api/webhooks/7/x", b'{"embeds": [{"title": "a"}]}', 404, 10015),
        ("POST", "/wrong", b'{"embeds": [{"title": "a"}]}', 401, 50027),
        ("POST", "", b"{}", 400, 50035),
        ("POST", "", b'{"embeds": [{"title": "%s"}]}' % (b"a" * 257), 400, 50035),
        (
            "POST",
            "",
            b'{"embeds": [{"description": "%s"}, {"description": "%s"}]}'
            % (b"a" * 3_001, b"a" * 3_000),
            400,
            50035,
        ),
        ("PATCH", "/messages/1", b'{"embeds": [{"title": "a"}]}', 404, 10008),
    ],
)
def test_the_double_refuses_what_discord_refuses(
    method: str, path: str, body: bytes, status: int, code: int
) -> None:
    double = DiscordDouble()
    hook = double.secret("")
    target = path if path.startswith("/api") else hook + path
    if path == "/wrong":
        target = f"{hook.rpartition('/')[0]}/wrong"

    answer = double.respond(DoubleRequest(method=method, path=target, body=body))

    assert answer.status == status
    assert f'"code": {code}'.encode() in answer.body
