"""What became of a request to the gateway; it is filled while the request is answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import UpstreamFault
from signalbox.models.http_span import describe_method, server_attributes
from signalbox.models.span import Span, SpanKind
from signalbox.services.gateway.failover import FailoverRefusal
from signalbox.services.ports.gateway import BodyStream


class CacheOutcome(StrEnum):
    """Where a response comes from that a cache could have had."""

    HIT = "hit"
    MISS = "miss"
    REVALIDATED = "revalidated"
    """The service confirmed the stored response."""

    STALE = "stale"
    """The service failed, and the stored response may be used instead."""


class CopyOutcome(StrEnum):
    """What became of the copy of a request."""

    SENT = "sent"
    SKIPPED = "skipped"
    """Too many copies are under way, or there is no instance or no whole body to send."""


@frozen
class UpstreamAttempt:
    """An attempt: the instance, its status or what went wrong, and how long it took."""

    instance: str
    status: int | None = None
    fault: UpstreamFault | None = None
    seconds: float


@dataclass(slots=True, kw_only=True)
class GatewayRecord:
    """What the access log and the metrics show of a request.

    `caller` is the name of the principal; `error` is the code of a problem; `refusal` is why no
    other instance was tried. `middleware` is the one that refused the request or failed;
    `raised_by` is the step of the pipeline from which an error is on its way. `cache` and `shadow`
    are what became of the response in a cache, and of the copy for another version. `opened` are
    the answers of instances that are streams. `span` is that of the request.
    """

    service: str | None = None
    version: str | None = None
    caller: str = "anonymous"
    error: str | None = None
    attempts: list[UpstreamAttempt] = field(default_factory=list)
    refusal: FailoverRefusal | None = None
    cache: CacheOutcome | None = None
    shadow: CopyOutcome | None = None
    middleware: str | None = None
    raised_by: str | None = None
    opened: list[BodyStream] = field(default_factory=list)
    span: Span = field(default_factory=lambda: Span(SpanKind.SERVER))

    async def close_opened(self) -> None:
        """Close the answers of instances: the client gets none of them."""
        for body in self.opened:
            await body.close()


def describe_attempt(
    span: Span, method: str, authority: str, attempts: Sequence[UpstreamAttempt]
) -> None:
    """Describe the last of the attempts, which was made at the instance with this authority.

    https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
    """
    last, status = attempts[-1], attempts[-1].status
    describe_method(span, method)
    span.attributes.update({"signalbox.instance": last.instance, **server_attributes(authority)})
    if len(attempts) > 1:
        span.attributes["http.request.resend_count"] = len(attempts) - 1
    if status is not None:
        span.attributes["http.response.status_code"] = status
    is_failed = status is not None and status >= HTTPStatus.BAD_REQUEST
    span.error = last.fault or (str(status) if is_failed else None)
