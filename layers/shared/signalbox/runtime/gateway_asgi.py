"""Build the gateway as an application for a server that is kept.

`uvicorn --factory signalbox.runtime.gateway_asgi:application` runs it; `signalbox gateway` does so
with the settings of a stack.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import field, replace
from functools import partial
from typing import Final

from signalbox.auth.rate_limit_lots import RateLimitLots
from signalbox.egress.upstream_stream import StreamingClient
from signalbox.http.gateway import Gateway
from signalbox.http.gateway_asgi import AsgiGateway
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.networks import network_text
from signalbox.runtime.auth import rate_limiter
from signalbox.runtime.event_loop import (
    BackgroundRefresh,
    BackgroundValue,
    RunningTasks,
    SummedCounts,
    SummedDurations,
    eject_in_thread,
    in_thread,
    keep_flushing,
    left_to_thread,
)
from signalbox.runtime.gateway import (
    GatewayPorts,
    gateway_core,
    request_counters,
    routing_reader,
)
from signalbox.runtime.telemetry import (
    begin_export,
    count,
    end_export,
    logger,
    observe_distributions,
)
from signalbox.runtime.upstream import streaming_client
from signalbox.runtime.wiring import Wiring
from signalbox.services.gateway.count_requests import CountRequests
from signalbox.services.gateway.forward import ForwardRequest
from signalbox.services.gateway.routing import RoutingTable

_MAX_COPIES: Final = 16
_TABLE_SECONDS: Final = 2.5
_KEYS_SECONDS: Final = 60.0
_METRICS_SECONDS: Final = 10.0


def application(
    wiring: Wiring | None = None, *, trusted_proxies: tuple[str, ...] = ()
) -> AsgiGateway:
    """Return the application.

    Raises:
        ValueError: One of the proxies is no network.
    """
    wired = wiring or Wiring()
    begin_export(wired.telemetry_headers)
    client, counts = streaming_client(wired), SummedCounts(count=count)
    durations = SummedDurations(write=observe_distributions)
    counters = request_counters(wired, counts, durations)
    ports = GatewayPorts(
        send=client,
        send_copy=client,
        run_beside=RunningTasks(_MAX_COPIES),
        wait=in_thread,
        leave=left_to_thread,
        limit=rate_limiter(wired, lambda stored: RateLimitLots(buckets=stored)),
        adapt=for_event_loop,
    )
    core = gateway_core(wired, ports, counters)
    process = _Process(
        table=BackgroundValue(
            read=routing_reader(wired),
            seconds=_TABLE_SECONDS,
            failed=partial(_report_failed, "configuration"),
        ),
        keys=BackgroundValue(
            read=core.identity.keys,
            seconds=_KEYS_SECONDS,
            failed=partial(_report_failed, "identity key"),
        ),
        counts=counts,
        durations=durations,
        counters=counters,
        client=client,
    )
    return AsgiGateway(
        gateway=process.gateway(core),
        clock=wired.clock,
        begin=process.begin,
        end=process.end,
        trusted_proxies=tuple(map(network_text, trusted_proxies)),
    )


def for_event_loop(forward: ForwardRequest) -> ForwardRequest:
    """Return how requests are forwarded without blocking an event loop."""
    pool, instances = forward.pool, forward.instances
    return replace(
        forward,
        instances=replace(instances, looks_up=False),
        pool=replace(pool, outliers=replace(pool.outliers, run=eject_in_thread)),
        persistent=True,
        refresh=BackgroundRefresh(
            health=pool.health,
            registrations=instances.registrations,
            discovery=instances.discovery,
        ),
    )


@frozen
class _Process:
    """What runs beside the requests of a process."""

    table: BackgroundValue[RoutingTable]
    keys: BackgroundValue[Sequence[str]]
    counts: SummedCounts
    durations: SummedDurations
    counters: CountRequests
    client: StreamingClient
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def gateway(self, core: Gateway) -> Gateway:
        """Return the gateway with what is read in the background."""
        return replace(
            core,
            table=self.table,
            identity=replace(core.identity, keys=self.keys),
            in_thread=asyncio.to_thread,
        )

    async def begin(self) -> None:
        await asyncio.gather(self.table.refresh(), self.keys.refresh())
        jobs = (
            self.table.keep_fresh(),
            self.keys.keep_fresh(),
            keep_flushing(_METRICS_SECONDS, self.counts.flush, self.durations.flush),
        )
        self._tasks.extend(map(asyncio.create_task, jobs))

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.client.close()
        await asyncio.to_thread(self.counters.flush)
        self.counts.flush()
        self.durations.flush()
        await asyncio.to_thread(end_export)


def _report_failed(what: str, unavailable: Unavailable) -> None:
    extra = {"what": what, "reason": unavailable.reason}
    logger().warning("not read, the last one serves on", extra=extra)
