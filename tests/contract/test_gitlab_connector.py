import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from signalbox.connectors.gitlab import GitLab
from signalbox.egress.http_client import HttpClient
from signalbox.egress.text import utf16_length
from signalbox.models.connection import Connection
from signalbox.services.ports.notifications import Connector
from tests.builders import NOW, a_connection
from tests.contract.connectors import CANARY, SecretConnectorContract
from tests.fakes.http_server import FakeHttpServer, Received, Reply
from tests.fakes.references import clients


class TestGitLab(SecretConnectorContract):
    taken = Reply(status=201, body=b'{"id": 1, "body": "..."}')
    refused = Reply(status=400, body=b'{"message": "400 Bad request"}')
    secret_refused = Reply(status=401, body=b'{"message": "401 Unauthorized"}')

    def connector(self, http: HttpClient) -> Connector:
        return GitLab(clients(http))

    def connection(self, url: str) -> Connection:
        settings = {"api_url": f"{url}/api/v4", "issue": "rail/railway#42"}
        return a_connection(connector="gitlab", settings=settings)

    def secrets(self, url: str) -> Sequence[str]:
        del url
        return [f"glpat-{CANARY}{number}" for number in (2, 1)]

    def check_limits(self, request: Received) -> None:
        body = json.loads(request.body)["body"]
        assert body.startswith("<!-- signalbox:")
        assert 0 < utf16_length(body) <= 1_000_000
        assert not any(line.startswith("/") for line in body.splitlines())

    def test_the_issue_is_commented_with_the_token(self, server: FakeHttpServer) -> None:
        self.send(server)

        [request] = server.received
        path = "/api/v4/projects/rail%2Frailway/issues/42/notes"
        assert (request.method, request.path) == ("POST", path)
        assert request.headers["authorization"] == f"Bearer glpat-{CANARY}2"

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"RateLimit-Reset": "1772366490"}, 90),
            ({"RateLimit-Reset": "1772366490", "Retry-After": "7"}, 7),
            ({"RateLimit-Reset": "soon"}, 60),
        ],
    )
    def test_a_rate_limit_is_waited_for(
        self, server: FakeHttpServer, headers: dict[str, str], seconds: int
    ) -> None:
        server.replies(Reply(status=429, headers=headers))

        assert int(NOW.timestamp()) == 1772366400
        assert self.delay(server).after == timedelta(seconds=seconds)
