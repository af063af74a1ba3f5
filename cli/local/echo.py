"""A target for demos and tests: records what it receives and answers as Slack would.

POST /services/…  an incoming webhook: "ok"
POST /api/…       a Web API method such as chat.postMessage: {"ok": true, "channel": …, "ts": …}
/doubles/NAME/…   the double of a service, GitHub's at /api/v3/ too: see cli/doubles/serve.py
GET /received     everything so far, oldest first; DELETE /received forgets it
"""

import json
import threading
import time
from dataclasses import dataclass, field
from socketserver import BaseServer

from pydantic import BaseModel, TypeAdapter, ValidationError

from cli.doubles.serve import ServedDoubles, is_double_path
from cli.local.serve import ClientAddress, ClientSocket, RequestHandler

_RECEIVED_PATH = "/received"
_MAX_REQUESTS = 1000
_JSON = [("Content-Type", "application/json")]


class ReceivedRequest(BaseModel):
    """A request; header names are in lower case."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    body: str


_LIST = TypeAdapter(list[ReceivedRequest])


@dataclass(slots=True)
class EchoInbox:
    """The latest requests, shared by all connections."""

    _received: list[ReceivedRequest] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    doubles: ServedDoubles = field(default_factory=ServedDoubles)

    def add(self, request: ReceivedRequest) -> int:
        """Add a request and return how many there are."""
        with self._lock:
            self._received.append(request)
            del self._received[:-_MAX_REQUESTS]
            return len(self._received)

    def all(self) -> list[ReceivedRequest]:
        """Return the requests, oldest first."""
        with self._lock:
            return list(self._received)

    def clear(self) -> None:
        """Delete the requests."""
        with self._lock:
            self._received.clear()


class _Message(BaseModel):
    channel: str = ""


class EchoTarget(RequestHandler):
    """The handler of one connection."""

    def __init__(
        self, request: ClientSocket, address: ClientAddress, server: BaseServer, *, inbox: EchoInbox
    ) -> None:
        self._inbox = inbox
        super().__init__(request, address, server)

    def answer(self, body: bytes) -> None:
        """Return or delete the received requests; record any other request."""
        if (self.command, self.path) == ("GET", _RECEIVED_PATH):
            self.reply(200, _LIST.dump_json(self._inbox.all(), indent=2), _JSON)
        elif (self.command, self.path) == ("DELETE", _RECEIVED_PATH):
            self._inbox.clear()
            self.reply(204, b"", [])
        elif is_double_path(self.path):
            self._ask_double(body)
        else:
            self._receive(body)

    def _ask_double(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self._inbox.doubles.respond(self.command, self.path, headers, body)
        self.reply(answer.status, answer.body, [*answer.headers.items()])

    def _receive(self, body: bytes) -> None:
        number = self._inbox.add(
            ReceivedRequest(
                at=time.time(),
                method=self.command,
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=body.decode(errors="replace"),
            )
        )
        if self.path.startswith("/api/"):
            self.reply(200, _posted(body, number), _JSON)
        else:
            self.reply(200, b"ok", [("Content-Type", "text/plain")])


def _posted(body: bytes, number: int) -> bytes:
    try:
        channel = _Message.model_validate_json(body).channel
    except ValidationError:
        channel = ""
    answer = {"ok": True, "channel": channel, "ts": f"{time.time():.0f}.{number:06}"}
    return json.dumps(answer).encode()
