import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from signalbox.connectors.teams import Teams
from signalbox.egress.http_client import HttpClient
from signalbox.models.connection import Connection
from signalbox.services.ports.notifications import Connector
from tests.builders import a_connection
from tests.contract.connectors import CANARY, SecretConnectorContract
from tests.fakes.http_server import FakeHttpServer, Received, Reply
from tests.fakes.references import clients


class TestTeams(SecretConnectorContract):
    taken = Reply(status=202)
    refused = Reply(status=400, body=b'{"error": {"code": "TriggerInputSchemaMismatch"}}')
    secret_refused = Reply(status=401, body=b'{"error": {"code": "AuthorizationFailed"}}')
    judged_by_status = True

    def connector(self, http: HttpClient) -> Connector:
        return Teams(clients(http))

    def connection(self, url: str) -> Connection:
        del url
        return a_connection(connector="teams", settings={})

    def secrets(self, url: str) -> Sequence[str]:
        return [f"{url}/workflows/{number}/invoke?sig={CANARY}" for number in (2, 1)]

    def check_limits(self, request: Received) -> None:
        assert len(request.body) <= 20_000
        [attachment] = json.loads(request.body)["attachments"]
        card = attachment["content"]
        assert card["fallbackText"]
        self._check_blocks(card["body"])
        for action in card.get("actions", []):
            assert urlsplit(action["url"]).scheme in {"http", "https"}

    def _check_blocks(self, blocks: Sequence[Mapping[str, Any]]) -> None:
        assert 0 < len(blocks) <= 60
        for block in blocks:
            if block["type"] == "Container":
                self._check_blocks(block["items"])
                continue
            assert block["type"] == "RichTextBlock"
            assert block["inlines"]
            assert all(run["type"] == "TextRun" and run["text"] for run in block["inlines"])

    def test_it_goes_to_the_workflow(self, server: FakeHttpServer) -> None:
        self.send(server)

        [request] = server.received
        assert request.method == "POST"
        assert request.path == f"/workflows/2/invoke?sig={CANARY}"
