"""Build the handler of the gateway to services of the team."""

from collections.abc import Callable, Coroutine
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, ParamSpec, Protocol, TypeVar

from signalbox.auth.identity import IDENTITY_KEY_NAME, IdentitySigner, new_identity_key
from signalbox.auth.rate_limits import RateLimiter
from signalbox.aws.config import DynamoConfig
from signalbox.aws.request_counters import DynamoRequestCounters
from signalbox.http.gateway import Gateway
from signalbox.http.gateway_lambda import GatewayHandler
from signalbox.http.gateway_reports import ReportDenials, ReportMetrics
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.request import InboundRequest
from signalbox.models.service import MAX_LAMBDA_BYTES, Service
from signalbox.models.service_route import ServiceRoute
from signalbox.runtime.auth import authorizer, rate_limiter
from signalbox.runtime.background import BackgroundThreads
from signalbox.runtime.discovery import cached_discovery
from signalbox.runtime.registry import middlewares
from signalbox.runtime.telemetry import (
    count,
    exported,
    logger,
    observe_durations,
    report_unreadable_config,
)
from signalbox.runtime.upstream import upstream_client
from signalbox.runtime.version import VERSION
from signalbox.runtime.wiring import Wiring
from signalbox.services.gateway.count_requests import CountRequests
from signalbox.services.gateway.failover import RetryBudget
from signalbox.services.gateway.forward import ForwardRequest
from signalbox.services.gateway.health import CachedHealth, OutlierEjection
from signalbox.services.gateway.instance_circuits import InstanceCircuits
from signalbox.services.gateway.instance_pool import InstancePool
from signalbox.services.gateway.live_instances import LiveInstances
from signalbox.services.gateway.middleware_kind import MiddlewareTools
from signalbox.services.gateway.registration import CachedRegistrations
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.gateway.routing_cache import RoutingCache
from signalbox.services.gateway.service_middlewares import ServiceMiddlewares
from signalbox.services.gateway.shadow_copies import RunBeside, SendShadowCopy
from signalbox.services.gateway.synchronous import as_coroutine
from signalbox.services.ports.gateway import SendUpstream
from signalbox.services.ports.metrics import Count, ObserveDurations

if TYPE_CHECKING:
    from signalbox.http.audit import AuditTrail

P = ParamSpec("P")
T = TypeVar("T")

_VIA: Final = "signalbox"
_MAX_COPIES: Final = 4


class WrapBlocking(Protocol):
    """Makes a coroutine function of a call that blocks."""

    def __call__(self, call: Callable[P, T], /) -> Callable[P, Coroutine[Any, Any, T]]:
        """Return the coroutine function."""


def _as_it_is(forward: ForwardRequest) -> ForwardRequest:
    return forward


@frozen
class GatewayPorts:
    """How a front calls instances, and what blocks.

    `send_copy` sends copies of requests, which `run_beside` runs beside them. `wait` waits for a
    call that blocks, `leave` need not. `adapt` changes how requests are forwarded, and `limit`
    counts them.
    """

    send: SendUpstream
    send_copy: SendUpstream
    run_beside: RunBeside
    wait: WrapBlocking
    leave: WrapBlocking
    limit: RateLimiter
    adapt: Callable[[ForwardRequest], ForwardRequest] = _as_it_is


def gateway(wiring: Wiring | None = None) -> GatewayHandler:
    """Return the handler."""
    wired = wiring or Wiring()
    ports = GatewayPorts(
        send=_client(wired),
        send_copy=_client(wired),  # another client, as copies are sent by other threads
        run_beside=BackgroundThreads(_MAX_COPIES),
        wait=as_coroutine,
        leave=as_coroutine,
        limit=rate_limiter(wired),
    )
    counters = request_counters(wired, count, observe_durations)
    handler = GatewayHandler(gateway=gateway_core(wired, ports, counters))
    return exported(handler, "http", wired.telemetry_headers)


def request_counters(wired: Wiring, count: Count, observe: ObserveDurations) -> CountRequests:
    """Return what counts requests to services."""
    store = DynamoRequestCounters(table=wired.state_table, clock=wired.clock)
    return CountRequests(store=store, clock=wired.clock, count=count, observe=observe)


def gateway_core(wired: Wiring, ports: GatewayPorts, counters: CountRequests) -> Gateway:
    """Return the gateway without its front."""
    log = logger()

    def failed(unavailable: Unavailable) -> None:
        extra = {"reason": unavailable.reason}
        log.warning("configuration not read, the last one serves on", extra=extra)

    forward = ports.adapt(_forward(wired, ports, counters))
    return Gateway(
        table=RoutingCache(read=routing_reader(wired), clock=wired.clock, failed=failed),
        admit=ports.wait(authorizer(wired, ports.limit)),
        forward=forward,
        identity=IdentitySigner(
            keys=lambda: wired.own_secret(IDENTITY_KEY_NAME, new_identity_key),
            issuer=f"{_VIA}/{wired.settings.stack}",
            clock=wired.clock,
        ),
        version=VERSION,
        started_at=wired.clock(),
        logger=log,
        middlewares=ServiceMiddlewares(kinds=middlewares(), tools=_tools(wired, ports, forward)),
        reports=[
            ReportMetrics(counters=counters, flush=ports.leave(counters.flush)),
            ReportDenials(record=ports.leave(_record_denial(wired)), clock=wired.clock),
        ],
    )


def routing_reader(wired: Wiring) -> Callable[[], RoutingTable]:
    """Return what reads the routing table."""
    stored = DynamoConfig(
        table=wired.config_table, clock=wired.clock, unreadable=report_unreadable_config
    )

    def read() -> RoutingTable:
        stored.invalidate()
        return RoutingTable(stored.all(Service), stored.all(ServiceRoute))

    return read


def _forward(wired: Wiring, ports: GatewayPorts, counters: CountRequests) -> ForwardRequest:
    return ForwardRequest(
        send=ports.send,
        instances=LiveInstances(
            registrations=CachedRegistrations(store=wired.registrations, clock=wired.clock),
            discovery=cached_discovery(wired),
        ),
        pool=_pool(wired, counters),
        timer=monotonic,
        via=f"{_VIA}-{wired.settings.stack}",
    )


def _client(wired: Wiring) -> SendUpstream:
    return as_coroutine(upstream_client(wired, MAX_LAMBDA_BYTES))


def _tools(wired: Wiring, ports: GatewayPorts, forward: ForwardRequest) -> MiddlewareTools:
    send_copy = SendShadowCopy(
        forward=forward, send=ports.send_copy, run=ports.run_beside, random=wired.random
    )
    return MiddlewareTools(
        clock=wired.clock,
        timer=monotonic,
        random=wired.random,
        take=ports.wait(ports.limit.take),
        send_copy=send_copy,
    )


def _pool(wired: Wiring, counters: CountRequests) -> InstancePool:
    health = CachedHealth(store=wired.instance_health, clock=wired.clock)
    return InstancePool(
        health=health,
        outliers=OutlierEjection(health=health, clock=wired.clock, on_eject=counters.add_ejection),
        circuits=InstanceCircuits(
            clock=wired.clock, random=wired.random, on_open=counters.add_opening
        ),
        budget=RetryBudget(),
        clock=wired.clock,
        random=wired.random,
    )


def _record_denial(wired: Wiring) -> Callable[[InboundRequest, str, str], None]:
    """Return what records denials; what it imports waits for the first one."""

    @cache
    def trail() -> "AuditTrail":
        from signalbox.http.audit import AuditTrail  # noqa: PLC0415  few requests are forbidden
        from signalbox.services.audit import RecordAudit  # noqa: PLC0415  as above

        record = RecordAudit(store=wired.audit, clock=wired.clock, random=wired.random)
        return AuditTrail(record=record, clock=wired.clock, logger=logger(), count=count)

    def record_denial(request: InboundRequest, actor: str, action: str) -> None:
        trail().denied(request, actor, action)

    return record_denial
