"""The processes of `make load`: a lean AWS, and functions behind a front that speaks HTTP."""

import hmac
import json
import os
import selectors
import socket
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from signalbox.http.events import LambdaResponse

if TYPE_CHECKING:
    from signalbox.runtime.wiring import Wiring

SECRET: Final = "a-secret-of-the-bench"

LambdaFunction = Callable[[dict[str, Any], object], LambdaResponse]

_RECEIVED_BYTES: Final = 65_536
_WRITES: Final = frozenset({"PutItem", "DeleteMessage", "ChangeMessageVisibility"})
"""Calls that are answered without a look at them."""


class _Connection:
    """Answers requests of which each arrives with its length."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""

    def receive(self) -> bool:
        """Answers what has arrived; returns whether more can come."""
        data = self._connection.recv(_RECEIVED_BYTES)
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            first, *lines = self._received[:end].decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in lines)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            whole = end + 4 + int(headers.get("content-length", "0"))
            if len(self._received) < whole:
                break
            body, self._received = self._received[end + 4 : whole], self._received[whole:]
            status, content = self.answer(first, headers, body)
            head = f"HTTP/1.1 {status} OK\r\ncontent-length: {len(content)}\r\n\r\n"
            self._connection.sendall(head.encode() + content)
        return bool(data)

    def answer(self, first: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        raise NotImplementedError


def serve_aws(ready: Connection, variables: Mapping[str, str]) -> None:
    """Serve AWS in this process; send its port, and the API key that it knows."""
    from tests.bench.scenarios import Stage  # noqa: PLC0415  functions have less memory without
    from tests.bench.stub import Cloud  # noqa: PLC0415  as above

    os.environ.update(variables)
    cloud = Cloud()
    with cloud.instead_of_aws():
        stage = Stage(cloud=cloud)
        next(one for one in stage.operations() if one.name == "get").prepare()

    class Aws(_Connection):
        def answer(self, first: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
            target = headers["x-amz-target"]
            if target.rpartition(".")[2] in _WRITES:
                return 200, b"{}"
            status, answer = cloud.answer(target, body)
            return status, json.dumps(answer, separators=(",", ":")).encode()

    _serve(Aws, lambda port: ready.send((port, stage.key)))


def serve_function(ready: Connection, variables: Mapping[str, str], name: str) -> None:
    """Serve one function in this process, a request at a time as Lambda does; send its port."""
    os.environ.update(variables)
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  as long as the process
    function = _FUNCTIONS[name]()

    class Front(_Connection):
        def answer(self, first: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
            method, path, _ = first.split(" ")
            response = function(_event(method, path, headers, body), _Context())
            return response["statusCode"], response["body"].encode()

    _serve(Front, ready.send)


def _serve(connect: type[_Connection], started: Callable[[int], None]) -> None:
    """Answer one request after the other, of any number of connections."""
    selector = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", 0))
    selector.register(listener, selectors.EVENT_READ)
    started(listener.getsockname()[1])
    while True:
        for key, _ in selector.select():
            if key.data is None:
                accepted, _address = listener.accept()
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(accepted, selectors.EVENT_READ, connect(accepted))
            elif not key.data.receive():
                selector.unregister(key.fileobj)


def _event(method: str, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    http = {"method": method, "path": path, "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "http": {**http, "userAgent": ""},
            "stage": "$default",
            "requestId": "load",
            "domainName": "localhost",
        },
        "body": body.decode(),
        "isBase64Encoded": False,
    }


class _Context:
    """What a function may ask of its invocation."""

    function_name = "load"
    aws_request_id = "load"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def _webhook() -> LambdaFunction:
    from signalbox.providers.github.provider import GitHub  # noqa: PLC0415  in its process alone
    from signalbox.runtime.webhook import webhook  # noqa: PLC0415  as above
    from signalbox.runtime.wiring import Wiring  # noqa: PLC0415  as above
    from tests.fakes.permissions import everybody_in_time  # noqa: PLC0415  as above

    wiring = Wiring()
    wiring.permission_within = everybody_in_time
    return webhook(GitHub(), wiring)


def _api() -> LambdaFunction:
    from signalbox.runtime.api import api  # noqa: PLC0415  in its process alone

    return api()  # type: ignore[return-value]  # the context is one that Lambda might give


def _bare() -> LambdaFunction:
    from signalbox.runtime.wiring import Wiring  # noqa: PLC0415  in its process alone

    return bare_webhook(Wiring())


def bare_webhook(wiring: "Wiring") -> LambdaFunction:
    """The least handler of a webhook: check it, read its JSON, write one item, answer."""
    put = _put_verified(wiring)

    def handle(event: dict[str, Any], _context: object) -> LambdaResponse:
        digest = put(event["body"].encode(), event["headers"]["x-hub-signature-256"])
        body = json.dumps({"id": digest})
        return LambdaResponse(statusCode=202, headers={}, body=body, isBase64Encoded=False)

    return handle


def _fastapi() -> LambdaFunction:
    # of the group of dependencies `bench`, which the tests do without
    fastapi, mangum = import_module("fastapi"), import_module("mangum")
    from signalbox.runtime.wiring import Wiring  # noqa: PLC0415  in its process alone

    put = _put_verified(Wiring())
    app = fastapi.FastAPI()

    async def receive(request: Any) -> dict[str, str]:
        return {"id": put(await request.body(), request.headers["x-hub-signature-256"])}

    receive.__annotations__["request"] = fastapi.Request
    app.add_api_route("/api/v1/webhooks/github", receive, methods=["POST"], status_code=202)
    handler: LambdaFunction = mangum.Mangum(app, lifespan="off")
    return handler


def _put_verified(wiring: "Wiring") -> Callable[[bytes, str], str]:
    """Return what checks a webhook, reads it and writes one item, by the transport of functions."""
    client, table = wiring.dynamo, wiring.settings.tasks_table

    def put(body: bytes, signature: str) -> str:
        digest = hmac.digest(SECRET.encode(), body, "sha256").hex()
        assert hmac.compare_digest(f"sha256={digest}", signature)
        comment = json.dumps(json.loads(body)["comment"])
        item: Any = {"pk": {"S": digest}, "sk": {"S": "bare"}, "doc": {"S": comment}}
        client.put_item(TableName=table, Item=item)
        return digest

    return put


_FUNCTIONS: Final[Mapping[str, Callable[[], LambdaFunction]]] = {
    "webhook": _webhook,
    "get": _api,
    "bare": _bare,
    "FastAPI + Mangum": _fastapi,
}
