import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from signalbox.connectors.github import GitHub
from signalbox.egress.http_client import HttpClient
from signalbox.egress.text import utf16_length
from signalbox.models.connection import Connection
from signalbox.services.ports.notifications import Connector
from tests.builders import NOW, a_connection
from tests.contract.connectors import CANARY, SecretConnectorContract
from tests.fakes.http_server import FakeHttpServer, Received, Reply
from tests.fakes.references import clients


class TestGitHub(SecretConnectorContract):
    taken = Reply(status=201, body=b'{"id": 1, "body": "..."}')
    refused = Reply(status=422, body=b'{"message": "Validation Failed"}')
    secret_refused = Reply(status=401, body=b'{"message": "Bad credentials"}')

    def connector(self, http: HttpClient) -> Connector:
        return GitHub(clients(http))

    def connection(self, url: str) -> Connection:
        settings = {"api_url": url, "web_url": "https://github.com", "issue": "octo/hello#1"}
        return a_connection(connector="github", settings=settings)

    def secrets(self, url: str) -> Sequence[str]:
        del url
        return [f"ghp_{CANARY}{number}" for number in (2, 1)]

    def check_limits(self, request: Received) -> None:
        body = json.loads(request.body)["body"]
        assert body.startswith("<!-- signalbox:")
        assert 0 < utf16_length(body) <= 65_536

    def test_the_issue_is_commented_with_the_token(self, server: FakeHttpServer) -> None:
        self.send(server)

        [request] = server.received
        assert (request.method, request.path) == ("POST", "/repos/octo/hello/issues/1/comments")
        assert request.headers["authorization"] == f"Bearer ghp_{CANARY}2"
        assert request.headers["x-github-api-version"] == "2022-11-28"

    @pytest.mark.parametrize("status", [403, 429])
    @pytest.mark.parametrize(
        ("headers", "message", "seconds"),
        [
            ({"Retry-After": "7", "X-RateLimit-Remaining": "0"}, "", 7),
            ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772366490"}, "", 90),
            ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, "", 1),
            ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, "", 60),
            ({}, "You have exceeded a secondary rate limit.", 60),
        ],
    )
    def test_a_rate_limit_is_waited_for(
        self,
        server: FakeHttpServer,
        status: int,
        headers: dict[str, str],
        message: str,
        seconds: int,
    ) -> None:
        body = json.dumps({"message": message}).encode()
        server.replies(Reply(status=status, headers=headers, body=body))

        assert int(NOW.timestamp()) == 1772366400
        assert self.delay(server).after == timedelta(seconds=seconds)
        assert len(server.received) == 1
