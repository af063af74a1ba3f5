import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from signalbox.connectors.discord import Discord
from signalbox.egress.http_client import HttpClient
from signalbox.egress.text import utf16_length
from signalbox.models.connection import Connection
from signalbox.services.ports.notifications import Connector
from tests.builders import a_connection, a_notification
from tests.contract.connectors import CANARY, SecretConnectorContract, fast
from tests.fakes.http_server import FakeHttpServer, Received, Reply
from tests.fakes.references import clients


class TestDiscord(SecretConnectorContract):
    taken = Reply(body=b'{"id": "1234567890123456789", "type": 0}')
    refused = Reply(status=400, body=b'{"message": "Invalid Form Body", "code": 50035}')
    secret_refused = Reply(status=404, body=b'{"message": "Unknown Webhook", "code": 10015}')

    def connector(self, http: HttpClient) -> Connector:
        return Discord(clients(http))

    def connection(self, url: str) -> Connection:
        del url
        return a_connection(connector="discord", settings={"thread_id": "42"})

    def secrets(self, url: str) -> Sequence[str]:
        return [f"{url}/api/webhooks/{number}/{CANARY}" for number in (2, 1)]

    def check_limits(self, request: Received) -> None:
        message = json.loads(request.body)
        assert message["allowed_mentions"] == {"parse": []}
        [embed] = message["embeds"]
        fields = embed.get("fields", [])
        texts = [embed.get("title", "template"), embed["description"], embed["footer"]["text"]]
        texts += [field[part] for field in fields for part in ("name", "value")]
        assert all(texts)
        assert sum(map(utf16_length, texts)) <= 6_000
        assert utf16_length(texts[0]) <= 256
        assert utf16_length(embed["description"]) <= 4_096
        assert len(fields) <= 25
        assert all(utf16_length(field["value"]) <= 1_024 for field in fields)

    def test_it_is_posted_to_the_thread_and_waited_for(self, server: FakeHttpServer) -> None:
        self.send(server)

        [request] = server.received
        assert request.method == "POST"
        assert request.path == f"/api/webhooks/2/{CANARY}?wait=true&thread_id=42"

    def test_a_later_notification_edits_the_message(self, server: FakeHttpServer) -> None:
        connector, notification = self.connector(fast(server.url)), a_notification()

        for _ in range(2):
            connector.send(notification, self.connection(""), self.secrets(server.url)[:1])

        edit = server.received[1]
        assert edit.method == "PATCH"
        assert edit.path == f"/api/webhooks/2/{CANARY}/messages/1234567890123456789?thread_id=42"
        assert edit.body == server.received[0].body

    @pytest.mark.parametrize(
        ("seconds", "after"),
        [("64.57", timedelta(seconds=64.57)), ("0.3", timedelta(seconds=1)), ("1e9", None)],
    )
    def test_the_seconds_in_the_body_count_more_than_those_in_the_header(
        self, server: FakeHttpServer, seconds: str, after: timedelta | None
    ) -> None:
        body = f'{{"message": "slow down", "retry_after": {seconds}, "global": false}}'
        server.replies(Reply(status=429, headers={"Retry-After": "65"}, body=body.encode()))

        assert self.delay(server).after == (after or timedelta(hours=12))

    @pytest.mark.parametrize("body", [b"", b"ok", b"[]", b'{"id": 12}', b'{"id": "../x"}'])
    def test_only_a_message_means_that_it_was_taken(
        self, server: FakeHttpServer, body: bytes
    ) -> None:
        server.replies(Reply(body=body))

        self.delay(server)
