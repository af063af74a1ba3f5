import json
import re
from collections.abc import Sequence
from datetime import timedelta

from signalbox.connectors.trello import Trello
from signalbox.egress.http_client import HttpClient
from signalbox.egress.text import utf16_length
from signalbox.models.connection import Connection
from signalbox.services.ports.notifications import Connector
from tests.builders import a_connection
from tests.contract.connectors import CANARY, SecretConnectorContract
from tests.fakes.http_server import FakeHttpServer, Received, Reply
from tests.fakes.references import clients

LIST = "5f0000000000000000000001"
_MENTION = re.compile(r"@\w")


class TestTrello(SecretConnectorContract):
    taken = Reply(body=b'{"id": "5f0000000000000000000099"}')
    refused = Reply(status=400, body=b"invalid value for idList")
    secret_refused = Reply(status=401, body=b"invalid token")
    unnamed_wait = timedelta(seconds=10)

    def connector(self, http: HttpClient) -> Connector:
        return Trello(clients(http))

    def connection(self, url: str) -> Connection:
        settings = {"list_id": LIST, "api_url": f"{url}/1"}
        return a_connection(connector="trello", settings=settings)

    def secrets(self, url: str) -> Sequence[str]:
        del url
        return [f"0123456789abcdef:{number}{CANARY}" for number in (2, 1)]

    def check_limits(self, request: Received) -> None:
        card = json.loads(request.body)
        assert card["idList"] == LIST
        assert 0 < utf16_length(card["name"]) <= 16_384
        assert "\n" not in card["name"]
        assert utf16_length(card["desc"]) <= 16_384
        assert not _MENTION.search(card["desc"])

    def test_a_card_is_created_with_the_credentials_in_a_header(
        self, server: FakeHttpServer
    ) -> None:
        self.send(server)

        [request] = server.received
        assert (request.method, request.path) == ("POST", "/1/cards")
        assert request.headers["authorization"] == (
            f'OAuth oauth_consumer_key="0123456789abcdef", oauth_token="2{CANARY}"'
        )
