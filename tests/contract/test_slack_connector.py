"""Both ways to Slack keep the promises of a connector."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from signalbox.connectors.slack import Slack
from signalbox.egress.http_client import HttpClient
from signalbox.egress.text import utf16_length
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, SendDelayed
from signalbox.models.notification import begun, delayed, delivered, redelivered
from signalbox.services.ports.notifications import Connector
from tests.builders import NOW, a_connection, a_notification
from tests.contract.connectors import CANARY, SecretConnectorContract, fast
from tests.fakes.http_server import FakeHttpServer, Fault, Received, Reply, paths
from tests.fakes.references import clients

_FINE = Reply(body=b'{"ok": true, "channel": "C024BE91L", "ts": "1503435956.000247"}')
_FOREIGN_MARKUP = re.compile(r"[<>]|&(?!amp;|lt;|gt;)")


class SlackContract(SecretConnectorContract):
    def connector(self, http: HttpClient) -> Connector:
        return Slack(clients(http))

    def check_limits(self, request: Received) -> None:
        message = json.loads(request.body)
        assert request.headers["content-type"] == "application/json; charset=utf-8"
        assert 0 < utf16_length(message["text"]) <= 4_000
        assert not _FOREIGN_MARKUP.search(message["text"])
        assert len(message["blocks"]) <= 50
        assert message["mrkdwn"] is False
        for block in message["blocks"]:
            assert block["type"] in {"rich_text", "context"}
            self._check_elements(block["elements"])
        assert utf16_length(json.dumps(message["blocks"], ensure_ascii=False)) < 13_000

    def _check_elements(self, elements: Sequence[Mapping[str, Any]]) -> None:
        assert elements
        for element in elements:
            match element["type"]:
                case "rich_text_section" | "rich_text_quote":
                    self._check_elements(element["elements"])
                case "text" | "plain_text":
                    assert 0 < utf16_length(element["text"]) <= 3_000
                    assert element["type"] == "text" or element["emoji"] is False
                case "link":
                    assert urlsplit(element["url"]).scheme in {"http", "https"}
                    assert utf16_length(element["url"]) <= 3_000
                    assert element["text"] in {"Open the source", "Open the result"}
                case other:
                    assert (other, element["name"]) == ("emoji", element["name"])
                    assert re.fullmatch(r"[a-z_]+", element["name"])


class TestSlackByWebhook(SlackContract):
    taken = Reply(body=b"ok")
    refused = Reply(status=400, body=b"invalid_blocks")
    secret_refused = Reply(status=404, body=b"no_service")

    def connection(self, url: str) -> Connection:
        del url
        return a_connection(settings={})

    def secrets(self, url: str) -> Sequence[str]:
        return [f"{url}/services/T0001/B000{number}/{CANARY}" for number in (2, 1)]

    def test_it_goes_to_the_secret_address(self, server: FakeHttpServer) -> None:
        self.send(server)

        assert paths(server.received) == [f"/services/T0001/B0002/{CANARY}"]
        assert "channel" not in json.loads(server.received[0].body)

    @pytest.mark.parametrize("body", [b"", b"<html>ok</html>", b"\xff", b'{"ok": "yes"}', b"[]"])
    def test_only_the_word_ok_means_that_it_was_taken(
        self, server: FakeHttpServer, body: bytes
    ) -> None:
        server.replies(Reply(body=body))

        self.delay(server)


class TestSlackByToken(SlackContract):
    taken = _FINE
    refused = Reply(body=b'{"ok": false, "error": "channel_not_found"}')
    secret_refused = Reply(body=b'{"ok": false, "error": "invalid_auth"}')

    def connection(self, url: str) -> Connection:
        return a_connection(settings={"channel": "C024BE91L", "api_url": f"{url}/api"})

    def secrets(self, url: str) -> Sequence[str]:
        del url
        return [f"xoxb-{number}-{CANARY}" for number in (2, 1)]

    def test_it_is_posted_to_the_channel_with_its_ids(self, server: FakeHttpServer) -> None:
        notification = a_notification()

        self.send(server, notification)

        (request,) = server.received
        message = json.loads(request.body)
        assert request.path == "/api/chat.postMessage"
        assert request.headers["authorization"] == f"Bearer xoxb-2-{CANARY}"
        assert message["channel"] == "C024BE91L"
        assert message["metadata"]["event_type"] == "signalbox_task"
        assert message["metadata"]["event_payload"] == {
            "notification_id": notification.id,
            "task_id": notification.task_id,
            "change_id": notification.change.id,
        }

    def test_what_got_through_before_a_timeout_is_not_sent_again(
        self, server: FakeHttpServer
    ) -> None:
        first = begun(a_notification(), NOW, NOW)
        server.replies(Reply(fault=Fault.HANG))
        with pytest.raises(SendDelayed):
            self.send(server, first)
        again = begun(delayed(first, "no answer", NOW, NOW, counts=True), NOW, NOW)
        history = {"ok": True, "messages": [json.loads(server.received[0].body)]}
        server.replies(Reply(body=json.dumps(history).encode()))

        self.send(server, again)

        assert paths(server.received) == ["/api/chat.postMessage", "/api/conversations.history"]

    @pytest.mark.parametrize(
        "history",
        [
            Reply(body=b'{"ok": true, "messages": []}'),
            Reply(body=b'{"ok": false, "error": "missing_scope"}'),
            Reply(status=404),
            Reply(body=b'{"ok": true, "messages": ["' + b"x" * 1_100_000),
        ],
    )
    def test_what_is_not_found_is_sent_again(self, server: FakeHttpServer, history: Reply) -> None:
        unknown = begun(begun(a_notification(), NOW, NOW), NOW, NOW)
        server.replies(history)

        self.send(server, unknown)

        assert paths(server.received) == ["/api/conversations.history", "/api/chat.postMessage"]

    def test_it_is_looked_for_around_the_latest_attempts_that_may_have_got_through(
        self, server: FakeHttpServer
    ) -> None:
        notification = a_notification()
        for minute in (0, 57, 60):
            began = NOW + timedelta(minutes=minute)
            notification = delayed(
                begun(notification, began, began), "no answer", began, began, counts=True
            )
        for minute in range(70, 90):
            at = NOW + timedelta(minutes=minute)
            notification = delayed(
                begun(notification, at, at),
                "too many",
                at,
                at,
                counts=False,
            )
        server.replies(Reply(body=b'{"ok": true, "messages": []}'))

        self.send(server, begun(notification, NOW + timedelta(hours=2), NOW))

        query = parse_qs(urlsplit(server.received[0].path).query)
        span = (float(query["oldest"][0]), float(query["latest"][0]))
        hour = NOW.timestamp() + 3_600
        assert span == (hour - 180 - 120, hour + 120)
        assert query["limit"] == ["100"]
        assert paths(server.received) == ["/api/conversations.history", "/api/chat.postMessage"]

    def test_an_attempt_without_an_end_is_looked_for_where_it_began(
        self, server: FakeHttpServer
    ) -> None:
        lost = begun(a_notification(), NOW, NOW)
        again = begun(lost, NOW + timedelta(hours=6), NOW)
        server.replies(Reply(body=b'{"ok": true, "messages": []}'))

        self.send(server, again)

        query = parse_qs(urlsplit(server.received[0].path).query)
        assert float(query["latest"][0]) == NOW.timestamp() + 120

    def test_it_is_found_behind_much_that_others_said(self, server: FakeHttpServer) -> None:
        unknown = begun(begun(a_notification(), NOW, NOW), NOW, NOW)
        others = [{"type": "message", "text": "x" * 4_000}] * 99
        history = {"ok": True, "messages": [*others, {"text": unknown.id}]}
        server.replies(Reply(body=json.dumps(history).encode()))

        self.send(server, unknown)

        assert paths(server.received) == ["/api/conversations.history"]

    def test_a_token_that_may_not_even_look_is_given_up_for_an_older_one(
        self, server: FakeHttpServer
    ) -> None:
        unknown = begun(begun(a_notification(), NOW, NOW), NOW, NOW)
        server.replies(self.secret_refused, Reply(body=b'{"ok": true, "messages": []}'))

        self.send(server, unknown)

        assert paths(server.received) == [
            "/api/conversations.history",
            "/api/conversations.history",
            "/api/chat.postMessage",
        ]

    def test_what_somebody_wants_sent_again_is_sent_again(self, server: FakeHttpServer) -> None:
        first = delivered(begun(a_notification(), NOW, NOW), NOW)
        again = redelivered(first, NOW + timedelta(seconds=1))

        self.send(server, begun(again, again.queued_at, again.queued_at))

        assert paths(server.received) == ["/api/chat.postMessage"]

    @pytest.mark.parametrize(
        ("response", "waits"),
        [
            (Reply(status=429, headers={"Retry-After": "9"}), True),
            (Reply(body=b'{"ok": false, "error": "ratelimited"}'), True),
            (Reply(body=b'{"ok": false, "error": "internal_error"}'), False),
            (Reply(body=b"<html>later</html>"), False),
            (Reply(status=502), False),
        ],
    )
    def test_where_slack_cannot_say_what_was_sent_nothing_is_sent(
        self, server: FakeHttpServer, response: Reply, *, waits: bool
    ) -> None:
        unknown = begun(begun(a_notification(), NOW, NOW), NOW, NOW)
        server.replies(response)

        with pytest.raises(SendDelayed) as delay:
            self.send(server, unknown)

        assert (delay.value.after is not None) == waits
        assert paths(server.received) == ["/api/conversations.history"]

    def test_a_token_is_no_secret_of_a_connection_without_a_channel(self) -> None:
        connector = Slack(clients())

        with pytest.raises(Conflict, match="needs a channel") as refusal:
            connector.check_secret(a_connection(settings={}), f"xoxb-{CANARY}")

        assert CANARY not in refusal.value.reason

    def test_a_token_is_not_sent_to_an_address_nobody_trusts(self) -> None:
        connection = a_connection(settings={"channel": "C1", "api_url": "https://example.com"})

        with FakeHttpServer().running() as server, pytest.raises(Exception, match="trusted"):
            Slack(clients(fast(server.url))).send(
                a_notification(), connection, self.secrets(server.url)
            )

    @pytest.mark.parametrize("found", [True, False])
    def test_it_is_looked_for_on_every_page(self, server: FakeHttpServer, found: bool) -> None:  # noqa: FBT001
        unknown = begun(begun(a_notification(), NOW, NOW), NOW, NOW)
        first = b'{"ok": true, "messages": [], "response_metadata": {"next_cursor": "bmV4dA=="}}'
        last = json.dumps({"ok": True, "messages": [unknown.id] if found else []}).encode()
        server.replies(Reply(body=first), Reply(body=last))

        self.send(server, unknown)

        asked = [parse_qs(urlsplit(request.path).query) for request in server.received]
        assert [query.get("cursor") for query in asked[:2]] == [None, ["bmV4dA=="]]
        assert len(asked) == (2 if found else 3)

    @pytest.mark.parametrize(
        "later",
        [
            Reply(body=b'{"ok": true, "response_metadata": {"next_cursor": "bmV4dA=="}}'),
            Reply(
                status=429,
                headers={"Retry-After": "60"},
                body=b'{"ok": false, "error": "ratelimited"}',
            ),
        ],
    )
    def test_it_is_not_looked_for_without_end(self, server: FakeHttpServer, later: Reply) -> None:
        unknown = begun(begun(a_notification(), NOW, NOW), NOW, NOW)
        server.replies(
            Reply(body=b'{"ok": true, "response_metadata": {"next_cursor": "bmV4dA=="}}'),
            *[later] * (1 if later.status == 429 else 9),
        )

        self.send(server, unknown)

        assert paths(server.received)[-1] == "/api/chat.postMessage"
        assert len(server.received) <= 11
