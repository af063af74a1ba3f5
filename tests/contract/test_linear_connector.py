import json
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from signalbox.connectors.linear import Linear
from signalbox.egress.http_client import HttpClient
from signalbox.egress.responses import DEFAULT_RETRY_WAIT
from signalbox.egress.text import utf16_length
from signalbox.models.backoff import LONGEST, SHORTEST
from signalbox.models.command_grammar import is_marked
from signalbox.models.connection import Connection
from signalbox.services.ports.notifications import Connector
from tests.builders import NOW, a_connection
from tests.contract.connectors import CANARY, SecretConnectorContract
from tests.fakes.http_server import FakeHttpServer, Received, Reply
from tests.fakes.references import clients

TEAM = "9cfb482a-81e3-4154-b5b9-2c805e70a02d"


def error(message: str, code: str, status: int = 200) -> Reply:
    errors = [{"message": message, "extensions": {"code": code}}]
    return Reply(status=status, body=json.dumps({"errors": errors, "data": None}).encode())


class TestLinear(SecretConnectorContract):
    taken = Reply(
        body=b'{"data": {"issueCreate": {"success": true, "issue": {"id": "%s"}}}}' % TEAM.encode()
    )
    refused = error("Argument Validation Error", "INPUT_ERROR")
    secret_refused = error("Authentication required", "AUTHENTICATION_ERROR", 400)

    def connector(self, http: HttpClient) -> Connector:
        return Linear(clients(http))

    def connection(self, url: str) -> Connection:
        return a_connection(
            connector="linear", settings={"api_url": f"{url}/graphql", "team": TEAM}
        )

    def secrets(self, url: str) -> Sequence[str]:
        del url
        return [f"lin_api_{number}{CANARY}" for number in (2, 1)]

    def check_limits(self, request: Received) -> None:
        created = json.loads(request.body)["variables"]["input"]
        assert UUID(created["id"]).version == 4
        assert created["teamId"] == TEAM
        assert 0 < utf16_length(created["title"]) <= 250
        assert utf16_length(created["description"]) <= 20_000
        assert created["priority"] in {2, 3, 4}
        assert is_marked(created["description"])

    def test_it_is_posted_with_the_key_as_it_is(self, server: FakeHttpServer) -> None:
        self.send(server)

        [request] = server.received
        assert (request.method, request.path) == ("POST", "/graphql")
        assert request.headers["authorization"] == f"lin_api_2{CANARY}"

    @pytest.mark.parametrize("status", [200, 400])
    @pytest.mark.parametrize(
        ("headers", "after"),
        [
            ({"X-RateLimit-Requests-Reset": 90}, timedelta(seconds=90)),
            ({"X-RateLimit-Requests-Reset": -90}, SHORTEST),
            ({"X-RateLimit-Requests-Reset": 10**9}, LONGEST),
            (
                {
                    "X-RateLimit-Requests-Reset": 5,
                    "X-RateLimit-Requests-Remaining": 7,
                    "X-RateLimit-Complexity-Reset": 60,
                    "X-RateLimit-Complexity-Remaining": 0,
                },
                timedelta(seconds=60),
            ),
            ({}, DEFAULT_RETRY_WAIT),
        ],
    )
    def test_the_limit_that_is_used_up_is_waited_for(
        self, server: FakeHttpServer, headers: dict[str, int], after: timedelta, status: int
    ) -> None:
        limited = error("Rate limit exceeded", "RATELIMITED", status)
        sent = {
            name: str(int((NOW.timestamp() + value) * 1_000)) if "Reset" in name else str(value)
            for name, value in headers.items()
        }
        server.replies(Reply(status=limited.status, body=limited.body, headers=sent))

        assert self.delay(server).after == after

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": {}}', b'{"data": null}'])
    def test_only_a_result_means_that_it_was_taken(
        self, server: FakeHttpServer, body: bytes
    ) -> None:
        server.replies(Reply(body=body))

        self.delay(server)
