import json
from collections.abc import Sequence

from signalbox.connectors.pagerduty import PagerDuty
from signalbox.egress.http_client import HttpClient
from signalbox.egress.text import utf16_length
from signalbox.models.connection import Connection
from signalbox.models.task import ChangeType
from signalbox.services.ports.notifications import Connector
from tests.builders import a_connection
from tests.contract.connectors import CANARY, SecretConnectorContract
from tests.fakes.http_server import FakeHttpServer, Received, Reply
from tests.fakes.references import clients


class TestPagerDuty(SecretConnectorContract):
    taken = Reply(status=202, body=b'{"status": "success", "message": "Event processed"}')
    refused = Reply(status=400, body=b'{"status": "invalid event", "errors": ["no summary"]}')
    secret_refused = Reply(
        status=400, body=b'{"status": "invalid event", "errors": ["Invalid routing key"]}'
    )

    def connector(self, http: HttpClient) -> Connector:
        return PagerDuty(clients(http))

    def connection(self, url: str) -> Connection:
        rest = [each for each in ChangeType if each not in {ChangeType.STARTED, ChangeType.UPDATED}]
        settings = {"api_url": url, "trigger": rest, "resolve": [], "record": ["updated"]}
        return a_connection(connector="pagerduty", settings=settings)

    def secrets(self, url: str) -> Sequence[str]:
        del url
        return [f"{CANARY}{number}".ljust(32, "0") for number in (2, 1)]

    def check_limits(self, request: Received) -> None:
        event = json.loads(request.body)
        payload = event["payload"]
        assert len(request.body) < 512 * 1024
        assert event["routing_key"] == self.secrets("")[0]
        assert 0 < utf16_length(payload["summary"]) <= 1_024
        assert payload["source"]
        assert all(payload["custom_details"].values())
        if request.path == "/v2/change/enqueue":
            assert "event_action" not in event
            return
        assert event["event_action"] in {"trigger", "acknowledge"}
        assert 0 < len(event["dedup_key"]) <= 255
        assert payload["severity"] in {"critical", "error", "warning"}

    def test_it_is_posted_as_an_event(self, server: FakeHttpServer) -> None:
        self.send(server)

        [request] = server.received
        assert (request.method, request.path) == ("POST", "/v2/enqueue")
