import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from pydantic import JsonValue

from signalbox.connectors.jira import Jira
from signalbox.egress.http_client import HttpClient
from signalbox.egress.text import utf16_length
from signalbox.models.connection import Connection
from signalbox.services.ports.notifications import Connector
from tests.builders import NOW, a_connection
from tests.contract.connectors import CANARY, SecretConnectorContract
from tests.fakes.http_server import FakeHttpServer, Received, Reply
from tests.fakes.references import clients


class TestJira(SecretConnectorContract):
    taken = Reply(status=201, body=b'{"id": "10000", "key": "RAIL-24"}')
    refused = Reply(status=400, body=b'{"errorMessages": [], "errors": {"summary": "no"}}')
    secret_refused = Reply(status=401)

    def connector(self, http: HttpClient) -> Connector:
        return Jira(clients(http))

    def secrets(self, url: str) -> Sequence[str]:
        del url
        return [f"bot@example.com:{number}{CANARY}" for number in (2, 1)]

    def check_limits(self, request: Received) -> None:
        fields = json.loads(request.body)["fields"]
        assert 0 < utf16_length(fields["summary"]) <= 255
        assert "\n" not in fields["summary"]
        assert all(0 < len(label) <= 255 and " " not in label for label in fields["labels"])
        assert all(text and "\n" not in text for text in _texts(fields["description"]))
        assert utf16_length(json.dumps(fields["description"], ensure_ascii=False)) <= 32_767

    def connection(self, url: str) -> Connection:
        return a_connection(connector="jira", settings={"site": url, "project": "RAIL"})

    def test_an_issue_is_created_by_the_account(self, server: FakeHttpServer) -> None:
        self.send(server)

        [request] = server.received
        assert (request.method, request.path) == ("POST", "/rest/api/3/issue")
        basic = b64encode(f"bot@example.com:2{CANARY}".encode()).decode()
        assert request.headers["authorization"] == f"Basic {basic}"

    @pytest.mark.parametrize(
        ("reset", "seconds"),
        [("2026-03-01T12:02Z", 120), ("2026-03-01T12:00:30Z", 30), ("2026-03-01T11:00Z", 1)],
    )
    def test_the_time_of_a_reset_is_waited_for(
        self, server: FakeHttpServer, reset: str, seconds: int
    ) -> None:
        server.replies(Reply(status=429, headers={"X-RateLimit-Reset": reset}))

        assert NOW.isoformat() == "2026-03-01T12:00:00+00:00"
        assert self.delay(server).after == timedelta(seconds=seconds)


def _texts(node: JsonValue) -> Iterator[str]:
    match node:
        case {"type": "text", "text": str(text)}:
            yield text
        case {"content": list(content)}:
            assert content
            for each in content:
                yield from _texts(each)
