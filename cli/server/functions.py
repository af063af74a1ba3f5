"""The functions as Lambda runs them: each instance has one event at a time.

Handlers are written for that. Threads of a server therefore take an instance that is free, or
create one more.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from cli.target import PROJECT
from signalbox.runtime.registry import providers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cli.server.stopping import Stopping
    from signalbox.runtime.wiring import Wiring

    FunctionHandler = Callable[[dict[str, object], "InvocationContext"], object]
    MakeHandler = Callable[[Wiring], FunctionHandler]

GATEWAY_FUNCTION: Final = "GatewayFunction"
REALTIME_FUNCTION: Final = "RealtimeFunction"

_WEBHOOKS: Final = "WebhookFunction"
_CONNECTORS: Final = "ConnectorFunction"
_DASHBOARD: Final = "DashboardFunction"
_BUILDERS: Final[Mapping[str, str]] = {
    "ApiFunction": "api",
    "DeadLettersFunction": "dead_letters",
    "DeferredFunction": "deferred",
    "DispatcherFunction": "dispatcher",
    "FanoutFunction": "fanout",
    GATEWAY_FUNCTION: "gateway",
    "HealthChecksFunction": "health_checks",
    "MaintenanceFunction": "maintenance",
    REALTIME_FUNCTION: "realtime",
    "RedeliveryFunction": "redelivery",
}


class UnknownFunction(Exception):
    """The template has a function that the server has no handler for."""


def handler_maker(function: str) -> MakeHandler:
    """Return what creates a handler of a function, by its logical name in the template.

    Raises:
        UnknownFunction: There is no such function.
    """
    if function in _BUILDERS:
        name = _BUILDERS[function]
        made: MakeHandler = getattr(import_module(f"signalbox.runtime.{name}"), name)
        return made
    if function == _DASHBOARD:
        return _dashboard_maker()
    if function.endswith(_WEBHOOKS):
        return _webhook_maker(function.removesuffix(_WEBHOOKS))
    if function.endswith(_CONNECTORS):
        return _connector_maker(function.removesuffix(_CONNECTORS))
    raise UnknownFunction(f"the server has no function {function}")


def _dashboard_maker() -> MakeHandler:
    from signalbox.runtime.dashboard import dashboard

    app = PROJECT / "functions" / "dashboard" / "app.py"
    return lambda _: dashboard(str(app))


def _webhook_maker(provider: str) -> MakeHandler:
    from signalbox.runtime.webhook import webhook

    if provider not in providers():
        raise UnknownFunction(f"the server has no provider {provider}")
    return lambda wiring: webhook(providers()[provider](), wiring)  # type: ignore[return-value]  # reads a Mapping


def _connector_maker(name: str) -> MakeHandler:
    from signalbox.runtime.connector import connector

    try:
        made = import_module(f"signalbox.connectors.{name}").CONNECTOR
    except ModuleNotFoundError:
        raise UnknownFunction(f"the server has no connector {name}") from None
    return lambda wiring: connector(made, wiring)  # type: ignore[return-value]  # takes a LambdaContext


class InvocationContext:
    """What a function asks of Lambda's context: its name, an id, and how much time is left."""

    def __init__(self, function: str, seconds: float, stopping: Stopping) -> None:
        self.function_name = function
        self.aws_request_id = str(uuid4())
        self._ends_at = time.monotonic() + seconds
        self._stopping = stopping

    def get_remaining_time_in_millis(self) -> int:
        """Return the time until the timeout, or until the end of a stop if that is earlier."""
        left = min(self._ends_at - time.monotonic(), self._stopping.seconds_left())
        return int(max(0.0, left) * 1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFunction:
    """A function and its instances; calls of different threads use different ones."""

    name: str
    timeout: int
    create: Callable[[], FunctionHandler]
    stopping: Stopping
    _free: deque[FunctionHandler] = field(default_factory=deque)
    _creating: Lock = field(default_factory=Lock)

    def __call__(self, event: dict[str, object]) -> object:
        """Return what the function returns. Whatever it raises is a failed call."""
        handler = self._take()
        try:
            return handler(event, InvocationContext(self.name, self.timeout, self.stopping))
        finally:
            self._free.append(handler)  # the latest is the next: its caches are the freshest

    def _take(self) -> FunctionHandler:
        try:
            return self._free.pop()
        except IndexError:
            with self._creating:
                return self.create()
