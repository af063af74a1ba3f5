"""The handler of the gateway over services of a test, without AWS."""

from collections.abc import Callable
from io import StringIO
from time import monotonic

from signalbox.auth.api_keys import KeyAuthenticator
from signalbox.auth.identity import IdentitySigner, new_identity_key
from signalbox.auth.rate_limits import LocalRateLimitBuckets, RateLimiter
from signalbox.http.authorize import Authorizer
from signalbox.http.gateway import Gateway
from signalbox.http.gateway_lambda import GatewayHandler
from signalbox.models.errors import Unauthenticated
from signalbox.models.principal import Principal
from signalbox.models.rate_limits import Limits, RateLimit
from signalbox.runtime.registry import middlewares
from signalbox.services.gateway.forward import ForwardRequest
from signalbox.services.gateway.middleware_kind import MiddlewareKinds
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.gateway.service_middlewares import ServiceMiddlewares
from signalbox.services.gateway.synchronous import as_coroutine
from signalbox.services.ports.gateway import GatewayResponse, SendUpstream, UpstreamRequest
from signalbox.services.ports.metrics import Count
from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeKeyStore
from tests.fakes.counts import FakeCount
from tests.fakes.instance_pool import an_instance_pool, live_instances
from tests.fakes.loggers import a_logger
from tests.fakes.metrics_report import metrics_report
from tests.fakes.middlewares import middleware_tools

VIA = "signalbox"
_KEY = new_identity_key()


def _no_token(text: str) -> Principal:
    del text
    raise Unauthenticated("this needs an API key")


def a_gateway_handler(
    table: Callable[[], RoutingTable],
    send: Callable[[UpstreamRequest], GatewayResponse],
    *,
    keys: FakeKeyStore | None = None,
    clock: FakeClock | None = None,
    count: Count | None = None,
    kinds: MiddlewareKinds | None = None,
    out: StringIO | None = None,
) -> GatewayHandler:
    """A handler of a new process, in which nobody is limited and every instance is healthy."""
    gateway = a_gateway(
        table, as_coroutine(send), keys=keys, clock=clock, count=count, kinds=kinds, out=out
    )
    return GatewayHandler(gateway=gateway)


def a_gateway(
    table: Callable[[], RoutingTable],
    send: SendUpstream,
    *,
    keys: FakeKeyStore | None = None,
    clock: FakeClock | None = None,
    count: Count | None = None,
    kinds: MiddlewareKinds | None = None,
    out: StringIO | None = None,
) -> Gateway:
    """As above, for any front."""
    clock = clock or FakeClock()
    rate = RateLimit(count=100_000, burst=100_000)
    limits = Limits(anonymous=rate, default=rate, roles={})
    return Gateway(
        table=table,
        admit=as_coroutine(
            Authorizer(
                keys=KeyAuthenticator(
                    store=keys or FakeKeyStore(), clock=clock, environment="live"
                ).authenticate,
                tokens=_no_token,
                limit=RateLimiter(
                    buckets=LocalRateLimitBuckets(), limits=lambda: limits, clock=clock
                ),
            )
        ),
        forward=ForwardRequest(
            send=send,
            instances=live_instances(clock=clock),
            pool=an_instance_pool(clock),
            timer=monotonic,
            via=VIA,
        ),
        identity=IdentitySigner(keys=lambda: (_KEY,), issuer="signalbox", clock=clock),
        version="1.2.3",
        started_at=NOW,
        logger=a_logger(out or StringIO()),
        reports=[metrics_report(clock, count or FakeCount())],
        middlewares=ServiceMiddlewares(
            kinds=middlewares() if kinds is None else kinds, tools=middleware_tools(clock)
        ),
    )
