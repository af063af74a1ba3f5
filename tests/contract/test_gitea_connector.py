import json
from collections.abc import Sequence

from signalbox.connectors.gitea import Gitea
from signalbox.egress.http_client import HttpClient
from signalbox.models.connection import Connection
from signalbox.services.ports.notifications import Connector
from tests.builders import a_connection
from tests.contract.connectors import CANARY, SecretConnectorContract
from tests.fakes.http_server import FakeHttpServer, Received, Reply
from tests.fakes.references import clients


class TestGitea(SecretConnectorContract):
    taken = Reply(status=201, body=b'{"id": 1, "body": "..."}')
    refused = Reply(status=422, body=b'{"message": "[Body]: Required"}')
    secret_refused = Reply(status=401, body=b'{"message": "invalid token"}')

    def connector(self, http: HttpClient) -> Connector:
        return Gitea(clients(http))

    def connection(self, url: str) -> Connection:
        settings = {"api_url": f"{url}/api/v1", "issue": "rail-org/railway#42"}
        return a_connection(connector="gitea", settings=settings)

    def secrets(self, url: str) -> Sequence[str]:
        del url
        return [f"{CANARY}{number}" for number in (2, 1)]

    def check_limits(self, request: Received) -> None:
        body = json.loads(request.body)["body"]
        assert body.startswith("<!-- signalbox:")
        assert len(body) <= 65_536

    def test_the_issue_is_commented_with_the_token(self, server: FakeHttpServer) -> None:
        self.send(server)

        [request] = server.received
        path = "/api/v1/repos/rail-org/railway/issues/42/comments"
        assert (request.method, request.path) == ("POST", path)
        assert request.headers["authorization"] == f"token {CANARY}2"
