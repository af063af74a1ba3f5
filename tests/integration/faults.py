"""Faults on the way to AWS and to connectors: before the effect, after it, or instead of it.

Every call made while `watching` is counted and recorded, so that a scenario can be run once to
learn its calls and again with a fault at each of them.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

import requests
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber
from requests.adapters import HTTPAdapter

from tests.fakes.clock import FakeClock

_THROTTLES: Final = {"SQS": "RequestThrottled", "SSM": "ThrottlingException", "S3": "SlowDown"}


class Crash(BaseException):
    """The process is gone: no `except Exception` sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call; `operation` is such as `DynamoDB.PutItem`, `S3.PUT` or `HTTP.POST`.

    `by` is the function that made it.
    """

    number: int
    by: str
    operation: str
    url: str
    body: bytes

    @property
    def service(self) -> str:
        return self.operation.split(".")[0]

    def __str__(self) -> str:
        return f"call {self.number}, {self.operation}"


Send = Callable[..., Any]
"""Makes the call; another body may be given."""

Action = Callable[[Call, Send], Any]


def crash_before(call: Call, send: Send) -> Any:
    del send
    raise Crash(f"before {call}")


def crash_after(call: Call, send: Send) -> Any:
    send()
    raise Crash(f"after {call}")


def unreachable(call: Call, send: Send) -> Any:
    """No connection, and so no effect."""
    del send
    if call.service == "HTTP":
        raise requests.ConnectTimeout("no connection")
    raise ConnectTimeoutError(endpoint_url=call.url)


def lost_answer(call: Call, send: Send) -> Any:
    """The call takes effect, and its answer is lost."""
    send()
    if call.service == "HTTP":
        raise requests.ReadTimeout("no answer")
    raise ReadTimeoutError(endpoint_url=call.url)


def throttled(call: Call, send: Send) -> Any:
    code = _THROTTLES.get(call.service, "ProvisionedThroughputExceededException")
    return refused(400, code)(call, send)


def refused(status: int, code: str) -> Action:
    """An error of AWS, without an effect."""

    def refuse(call: Call, send: Send) -> Any:
        del send
        return _refusal(call, status, code)

    return refuse


def broken(call: Call, send: Send) -> Any:
    """An internal error of AWS, without an effect."""
    del send
    return _refusal(call, 500, "InternalServerError")


def partly_failed(call: Call, send: Send) -> Any:
    """Of a batch of messages the first is not taken."""
    batch = json.loads(call.body)
    first, *rest = batch["Entries"]
    answer: dict[str, Any] = {"Successful": []}
    if rest:
        answer = json.loads(send(json.dumps(batch | {"Entries": rest}).encode()).content)
    failed = {"Id": first["Id"], "SenderFault": False, "Code": "InternalError"}
    return _response(call, 200, answer | {"Failed": [failed]})


def unprocessed(call: Call, send: Send) -> Any:
    """Of a batch of reads none is done."""
    del send
    asked = json.loads(call.body)["RequestItems"]
    return _response(call, 200, {"Responses": {}, "UnprocessedKeys": asked})


def slow(clock: FakeClock, seconds: float) -> Action:
    """The answer comes, but late."""

    def late(call: Call, send: Send) -> Any:
        del call
        clock.advance(seconds=seconds)
        return send()

    return late


def meanwhile(happen: Callable[[], object]) -> Action:
    """Something else happens just before the call."""

    def act(call: Call, send: Send) -> Any:
        del call
        happen()
        return send()

    return act


@dataclass(slots=True, kw_only=True)
class Fault:
    """Spoils the next `left` calls that fit."""

    action: Action
    fits: Callable[[Call], bool]
    left: int


class Faults:
    """Records calls and spoils those that a test has chosen."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._faults: list[Fault] = []
        self._watching: str | None = None

    @property
    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def at(self, number: int, action: Action) -> None:
        """Spoils one call, counted from 1."""
        self.where(lambda call: call.number == number, action)

    def on(
        self, operation: str, action: Action, *, times: int = 1, by: str = "", about: str = ""
    ) -> None:
        """Spoils the next calls of an operation, those of one function if it is named.

        With `about` only those that have this text in their request.
        """
        self.where(
            lambda call: (
                call.operation == operation and by in {"", call.by} and about.encode() in call.body
            ),
            action,
            times=times,
        )

    def where(self, fits: Callable[[Call], bool], action: Action, *, times: int = 1) -> Fault:
        """Spoils the next calls that fit, and returns the fault, whose `left` counts down."""
        fault = Fault(action=action, fits=fits, left=times)
        self._faults.append(fault)
        return fault

    def count(self, operation: str) -> int:
        return self.operations.count(operation)

    def clear(self) -> None:
        self._faults.clear()
        self.calls.clear()

    @contextmanager
    def watching(self, by: str = "test") -> Iterator[None]:
        """Counts and spoils calls made meanwhile; others pass unseen."""
        before, self._watching = self._watching, by
        try:
            yield
        finally:
            self._watching = before

    @contextmanager
    def installed(self) -> Iterator["Faults"]:
        """Stands between boto3 and moto, and between requests and the network."""
        to_moto, to_network = BotocoreStubber.__call__, HTTPAdapter.send

        def aws(
            stubber: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **more: Any
        ) -> Any:
            def send(body: bytes | None = None) -> Any:
                request.body = body or request.body
                return to_moto(stubber, event_name, request, **more)

            return self._through(_operation(request), request.url, request.body, send)

        def http(adapter: HTTPAdapter, request: requests.PreparedRequest, **more: Any) -> Any:
            def send() -> requests.Response:
                return to_network(adapter, request, **more)

            return self._through(f"HTTP.{request.method}", request.url, request.body, send)

        with ExitStack() as stack:
            stack.enter_context(patch.object(BotocoreStubber, "__call__", aws))
            stack.enter_context(patch.object(HTTPAdapter, "send", http))
            pause = SimpleNamespace(sleep=lambda _: None)
            stack.enter_context(patch("botocore.endpoint.time", pause))
            yield self

    def _through(self, operation: str, url: object, body: object, send: Send) -> Any:
        if self._watching is None:
            return send()
        call = Call(
            number=len(self.calls) + 1,
            by=self._watching,
            operation=operation,
            url=str(url),
            body=_bytes(body),
        )
        self.calls.append(call)
        for fault in self._faults:
            if fault.left and fault.fits(call):
                fault.left -= 1
                return fault.action(call, send)
        return send()


def _operation(request: AWSPreparedRequest) -> str:
    target = request.headers.get("X-Amz-Target")
    if target is None:
        return f"S3.{request.method}"
    service, _, name = _bytes(target).decode().partition(".")
    return f"{service.removeprefix('Amazon').partition('_')[0]}.{name}"


def _refusal(call: Call, status: int, code: str) -> AWSResponse:
    if call.service == "S3":
        body = f"<Error><Code>{code}</Code><Message>spoilt</Message></Error>".encode()
        return AWSResponse(call.url, status, HTTPHeaders(), _Raw(body))
    return _response(call, status, {"__type": code, "message": "spoilt"})


def _response(call: Call, status: int, answer: dict[str, Any]) -> AWSResponse:
    return AWSResponse(call.url, status, HTTPHeaders(), _Raw(json.dumps(answer).encode()))


class _Raw(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else b""
