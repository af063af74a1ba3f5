import json
from collections.abc import Sequence
from itertools import pairwise

import pytest

from cli.doubles.webhook import STANDARD_WEBHOOKS
from signalbox.connectors.webhook import Webhook
from signalbox.egress.http_client import HttpClient
from signalbox.models.connection import Connection
from signalbox.models.errors import SendRefused
from signalbox.models.redaction import redacted
from signalbox.models.request import InboundRequest
from signalbox.services.ports.notifications import Connector
from tests.builders import NOW, a_connection, a_notification
from tests.contract.connectors import CANARY, ConnectorContract, fast
from tests.fakes.http_server import FakeHttpServer, Received, Reply
from tests.fakes.references import clients


def whsec(number: int) -> str:
    return f"whsec_{CANARY}{number}{CANARY[:13]}"


class TestWebhook(ConnectorContract):
    taken = Reply(status=204)
    refused = Reply(status=400)
    judged_by_status = True

    def connector(self, http: HttpClient) -> Connector:
        return Webhook(clients(http))

    def connection(self, url: str) -> Connection:
        return a_connection(connector="webhook", settings={"url": f"{url}/in?team=a"})

    def secrets(self, url: str) -> Sequence[str]:
        del url
        return [whsec(2), whsec(1)]

    def check_limits(self, request: Received) -> None:
        event = json.loads(request.body)
        required = {"specversion", "id", "source", "type"}
        assert required <= event.keys()
        assert all(event[name] for name in required)
        assert all(name.isascii() and name.isalnum() for name in event)
        assert redacted(event["data"]["title"]) == event["data"]["title"]
        for secret in self.secrets(""):
            assert STANDARD_WEBHOOKS.verify(_inbound(request), [secret], lambda: NOW) == 0

    def test_it_is_posted_to_the_url(self, server: FakeHttpServer) -> None:
        self.send(server)

        [request] = server.received
        assert (request.method, request.path) == ("POST", "/in?team=a")
        assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"

    def test_it_is_signed_with_both_secrets_the_current_one_first(
        self, server: FakeHttpServer
    ) -> None:
        self.send(server)

        [request] = server.received
        current, previous = request.headers["webhook-signature"].split(" ")
        assert (_signed_by(request, current), _signed_by(request, previous)) == (0, 1)

    def test_a_repeat_has_the_same_id_and_body(self, server: FakeHttpServer) -> None:
        notification = a_notification()

        for _ in range(2):
            self.send(server, notification)

        ((before, after),) = pairwise(server.received)
        assert before.headers["webhook-id"] == after.headers["webhook-id"] == notification.id
        assert before.body == after.body

    def test_a_receiver_that_accepts_neither_secret_refuses_it(
        self, server: FakeHttpServer
    ) -> None:
        server.replies(Reply(status=401))

        assert "401" in self.refusal(server).reason
        assert len(server.received) == 1

    def test_without_a_secret_nothing_is_sent(self, server: FakeHttpServer) -> None:
        with pytest.raises(SendRefused, match="no secret"):
            self.connector(fast(server.url)).send(a_notification(), self.connection(server.url), [])

        assert not server.received


def _inbound(request: Received) -> InboundRequest:
    return InboundRequest(
        method="POST", path="/in", headers=dict(request.headers), body=request.body
    )


def _signed_by(request: Received, signature: str) -> int:
    """The index of the secret that this signature was made with."""
    signed = _inbound(request).with_headers({"webhook-signature": signature})
    return STANDARD_WEBHOOKS.verify(signed, [whsec(2), whsec(1)], lambda: NOW)
