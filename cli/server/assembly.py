"""Assemble a server of a deployment: its functions, its pollers and its application."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from cli.server.application import ServerApplication
from cli.server.functions import (
    GATEWAY_FUNCTION,
    REALTIME_FUNCTION,
    ServerFunction,
    handler_maker,
)
from cli.server.invoker import FunctionCaller
from cli.server.leases import DynamoLeases, HoldLeases, MemoryLeases
from cli.server.queue_poller import DEFAULT_QUEUE_BATCH, PolledQueue, QueuePoller
from cli.server.readiness import Readiness
from cli.server.route_table import RouteTable
from cli.server.scheduler import SchedulePoller
from cli.server.shard_reader import StreamCall
from cli.server.stream_batches import DEFAULT_STREAM_BATCH, StreamRules
from cli.server.stream_poller import StreamPoller
from signalbox.runtime.api import readiness_checks
from signalbox.runtime.gateway_asgi import application
from signalbox.runtime.telemetry import begin_export, end_export, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.ports.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cli.server.deployment import Deployment
    from cli.server.plan import EventSource
    from cli.server.poller import Poller
    from cli.server.stopping import Stopping
    from cli.server.stream_batches import StreamChange
    from signalbox.http.gateway_asgi import AsgiGateway
    from signalbox.services.ports.time import Sleep

_UNSERVED: Final = frozenset({REALTIME_FUNCTION})
"""WebSocket connections are API Gateway's."""

_LIVE_UPDATES: Final = "FanoutFunction"
_JOIN_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """What a replica does: `serves` requests, `polls`, with so many `threads` for requests.

    A server that is `alone` with its streams keeps leases in memory.
    """

    serves: bool = True
    polls: bool = True
    threads: int = 32
    alone: bool = False
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembledServer:
    """A server before it listens. The environment of the process has the deployment's variables."""

    deployment: Deployment
    options: ServerOptions
    stopping: Stopping
    wired: Wiring = field(default_factory=Wiring)

    def application(self) -> ServerApplication:
        """Return the application, which starts and ends the pollers."""
        begin_export(self.wired.telemetry_headers)
        serves = self.options.serves
        pollers = tuple(self._pollers()) if self.options.polls else ()
        trusted = self.options.trusted_proxies
        gateway = application(trusted_proxies=trusted) if serves else None
        routes = self.deployment.plan.routes if serves else ()
        answering = {route.function for route in routes} - {GATEWAY_FUNCTION}
        call = FunctionCaller(
            {name: self._function(name, time.sleep) for name in answering}, self.options.threads
        )
        return ServerApplication(
            routes=RouteTable(routes),
            call=call,
            readiness=Readiness(
                checks=readiness_checks(self.wired), pollers=pollers, stopping=self.stopping
            ),
            clock=utc_now,
            begin=partial(_begin, gateway, pollers),
            end=partial(_end, gateway, pollers, call, self.stopping),
            gateway=gateway,
            trusted_proxies=trusted,
        )

    def _function(self, name: str, sleep: Sleep) -> ServerFunction:
        make = handler_maker(name)

        def create() -> object:
            return make(Wiring(settings=self.wired.settings, sleep=sleep))

        return ServerFunction(
            name=name,
            timeout=self.deployment.plan.timeouts[name],
            create=create,  # type: ignore[arg-type]  # a handler takes the events of its function
            stopping=self.stopping,
        )

    def _pollers(self) -> Iterator[Poller]:
        leases = HoldLeases(store=self._lease_store(), holder=_holder(), clock=utc_now)
        functions = {
            name: self._function(name, self.stopping.sleep)
            for name in self.deployment.plan.timeouts
            if name not in _UNSERVED and self._is_used(name)
        }
        for source in self.deployment.plan.sources:
            if source.function in functions:
                function = functions[source.function]
                if source.is_stream:
                    yield self._stream_poller(source, function, leases)
                else:
                    yield self._queue_poller(source, function)
        for schedule in self.deployment.plan.schedules:
            function = functions[schedule.function]
            yield SchedulePoller(
                f"{schedule.function}#schedule",
                schedule.minutes,
                function,
                leases,
                utc_now,
                timeout=function.timeout,
                stopping=self.stopping,
            )

    def _is_used(self, name: str) -> bool:
        """Return whether a function has work here: without WebSockets nobody gets live updates."""
        return name != _LIVE_UPDATES or bool(self.wired.settings.websocket_endpoint)

    def _lease_store(self) -> MemoryLeases | DynamoLeases:
        if self.options.alone:
            return MemoryLeases()
        return DynamoLeases(table=self.wired.state_table, clock=utc_now)

    def _queue_poller(self, source: EventSource, function: ServerFunction) -> QueuePoller:
        url, arn = self.deployment.queue(source.resource)
        queue = PolledQueue(
            url=url,
            arn=arn,
            batch_size=source.batch_size or DEFAULT_QUEUE_BATCH,
            concurrency=source.scaling.maximum_concurrency if source.scaling else 1,
        )
        return QueuePoller(
            f"{source.function}#{source.resource}",
            queue,
            self.wired.sqs,
            function,
            timeout=function.timeout,
            stopping=self.stopping,
        )

    def _stream_poller(
        self, source: EventSource, function: ServerFunction, leases: HoldLeases
    ) -> StreamPoller:
        rules = StreamRules(
            batch_size=source.batch_size or DEFAULT_STREAM_BATCH,
            bisect=source.bisect,
            max_retries=source.max_retries,
            max_age_seconds=source.max_age_seconds,
        )
        mapping = StreamCall(
            stream=self.deployment.stream_arn(source.resource),
            patterns=source.patterns,
            rules=rules,
            timeout=function.timeout,
            call=function,
            give_up=partial(self._give_up, source),
        )
        return StreamPoller(
            f"{source.function}#{source.resource}",
            mapping,
            self.wired.streams,
            leases,
            utc_now,
            stopping=self.stopping,
        )

    def _give_up(
        self,
        source: EventSource,
        shard: str,
        changes: Sequence[StreamChange],
        condition: str,
        failures: int,
    ) -> None:
        """Report changes that were given up, to the queue of the mapping if it has one."""
        extra = {"function": source.function, "condition": condition, "changes": len(changes)}
        logger().error("changes given up", extra=extra)
        if not source.failure_queue:
            return
        url, _ = self.deployment.queue(source.failure_queue)
        stream = self.deployment.stream_arn(source.resource)
        report = _failure_report(source.function, stream, shard, changes, condition, failures)
        self.wired.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(report))


def _failure_report(
    function: str,
    stream: str,
    shard: str,
    changes: Sequence[StreamChange],
    condition: str,
    failures: int,
) -> dict[str, object]:
    """Return what Lambda writes to the destination of a mapping: where the changes are."""
    return {
        "version": "1.0",
        "timestamp": utc_now().isoformat(),
        "requestContext": {
            "condition": condition,
            "approximateInvokeCount": failures,
            "functionArn": function,
        },
        "DDBStreamBatchInfo": {
            "streamArn": stream,
            "shardId": shard,
            "batchSize": len(changes),
            "startSequenceNumber": changes[0].sequence,
            "endSequenceNumber": changes[-1].sequence,
        },
    }


def _holder() -> str:
    """Return a name for this process that no other has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


async def _begin(gateway: AsgiGateway | None, pollers: Sequence[Poller]) -> None:
    if gateway:
        await gateway.begin()
    for poller in pollers:
        poller.start()


async def _end(
    gateway: AsgiGateway | None,
    pollers: Sequence[Poller],
    call: FunctionCaller,
    stopping: Stopping,
) -> None:
    """Wait for what runs, as long as the stop allows; the rest comes again."""
    stopping.begin()
    call.close()
    running = list(pollers)
    while running:
        seconds = min(_JOIN_SECONDS, stopping.seconds_left())
        ended = await asyncio.to_thread(running[0].join, seconds)
        if ended:
            running.pop(0)
        elif stopping.seconds_left() <= 0:
            names = [poller.name for poller in running]
            logger().error("stopped before the end", extra={"pollers": names})
            break
    if gateway:
        await gateway.end()
    await asyncio.to_thread(end_export)
