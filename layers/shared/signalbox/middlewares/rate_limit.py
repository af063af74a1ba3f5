"""Limit the requests of a client to one service."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from signalbox.models.frozen import frozen
from signalbox.models.ip_addresses import client_network
from signalbox.models.middleware import MiddlewareOptions
from signalbox.models.principal import ANONYMOUS
from signalbox.models.rate_limits import RateLimit, RateLimitPolicy, rate_limit_headers
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind
from signalbox.services.gateway.response_fields import with_defaults
from signalbox.services.ports.gateway import GatewayResponse, TakeFromLimit

_SECONDS: Final = {"s": 1, "min": 60, "h": 3_600, "day": 86_400}

Limit = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}/(s|min|h|day)$")]
"""A number of requests in a time, such as 100/min."""


class LimitedBy(StrEnum):
    """Whose requests are counted together."""

    CLIENT = "client"
    """Those of a caller, or of an address where nobody authenticates."""

    ADDRESS = "address"
    SERVICE = "service"
    """All requests to the service."""


class Options(MiddlewareOptions):
    """The limit; `burst` requests may come at once, all of the limit if it is not given."""

    limit: Limit
    burst: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    by: Annotated[LimitedBy, Field(strict=False)] = LimitedBy.CLIENT


@frozen
class RateLimited:
    """Counts requests in the buckets of the stack, so that the limit is one for all processes."""

    options: Options
    policy: RateLimitPolicy
    take: TakeFromLimit

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Return the response with what is left of the limit.

        Raises:
            OverLimit: The limit is exceeded.
        """
        quota = await self.take(self._key(call), self.policy)
        response = await call_next(call)
        return with_defaults(response, tuple(rate_limit_headers(quota).items()))

    def _key(self, call: GatewayCall) -> str:
        who = "all"
        if self.options.by is not LimitedBy.SERVICE:
            who = f"ip:{client_network(call.request.client)}"
        if self.options.by is LimitedBy.CLIENT and call.caller is not ANONYMOUS:
            who = call.caller.name
        # a limit that changes begins anew, and two limits of a service count apart
        return f"service:{call.destination.service.name}:{self.options.limit}:{who}"


def _policy(options: Options) -> RateLimitPolicy:
    count, _, unit = options.limit.partition("/")
    limit = RateLimit(count=int(count), window=_SECONDS[unit], burst=options.burst or int(count))
    return RateLimitPolicy(name="service", limit=limit)


MIDDLEWARE: Final = MiddlewareKind(
    options=Options,
    create=lambda options, tools: RateLimited(
        options=options, policy=_policy(options), take=tools.take
    ),
    is_repeatable=True,
)
