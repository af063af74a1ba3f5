"""Forward a request to an instance of its service, and to another one where that is safe."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from signalbox.models.errors import SignalboxError
from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import (
    AttemptFailed,
    GatewayTimeout,
    ResponseTooLarge,
    ServiceUnavailable,
    UpstreamError,
    UpstreamFault,
)
from signalbox.models.service import HashKey, HostMode, Service
from signalbox.models.span import Span, SpanKind
from signalbox.models.upstream import Instance
from signalbox.services.gateway.bodies import WatchedBody, close_body
from signalbox.services.gateway.failover import FailedRequest, FailoverRefusal, failure_of
from signalbox.services.gateway.fields import client_fields, remaining_forwards, upstream_fields
from signalbox.services.gateway.instance_pool import (
    BalancedService,
    InstanceCall,
    InstancePool,
    NoInstanceAvailable,
)
from signalbox.services.gateway.live_instances import LiveInstances
from signalbox.services.gateway.location import public_locations
from signalbox.services.gateway.middleware import GatewayCall
from signalbox.services.gateway.record import GatewayRecord, UpstreamAttempt, describe_attempt
from signalbox.services.gateway.request import GatewayRequest
from signalbox.services.ports.gateway import (
    Body,
    GatewayResponse,
    SendUpstream,
    Timer,
    UpstreamRequest,
)

_NOT_MODIFIED: Final = 304
_NO_CONTENT: Final = 204
_RESET_CONTENT: Final = 205
_NO_BODY: Final = frozenset({_NO_CONTENT, _RESET_CONTENT, _NOT_MODIFIED})
_NO_LENGTH: Final = frozenset({_NO_CONTENT, _RESET_CONTENT})

UpstreamOutcome = GatewayResponse | AttemptFailed

RefreshInstances = Callable[[Service, str | None], Coroutine[Any, Any, None]]
"""See to it that what is known of the instances of a version is fresh, without blocking."""


async def _read_when_used(service: Service, version: str | None) -> None:
    """Leave it to the caches, which read when they are asked."""


@frozen
class ForwardRequest:
    """Forward requests. `via` is our name in `Via`; `timer` is a monotonic clock.

    Connections to instances are `persistent` if `send` uses them again.
    """

    send: SendUpstream
    instances: LiveInstances
    pool: InstancePool
    timer: Timer
    via: str
    persistent: bool = False
    refresh: RefreshInstances = _read_when_used

    async def __call__(self, call: GatewayCall) -> GatewayResponse:
        """Return the response for the client.

        Another instance is called after a failure, a 502, 503 or 504, if the request may be
        repeated and time and budget are left.

        Raises:
            ServiceUnavailable: There is no instance that may be called.
            GatewayTimeout: No instance answered in time.
            ResponseTooLarge: The answer is too large.
            UpstreamError: No instance gave a valid answer.
        """
        request, service = call.request, call.destination.service
        if remaining_forwards(request) == 0:
            return GatewayResponse(status=_NO_CONTENT)
        until = self.timer() + min(service.timeouts.total, call.seconds)
        await self.refresh(service, call.destination.version)
        balanced = self.instances(service, call.destination.version)
        key = hash_value(service, request)
        chosen: InstanceCall | FailoverRefusal = self._begin(balanced, key)
        failed_body: Body = b""
        while isinstance(chosen, InstanceCall):
            message = self.message(call, chosen.instance, until)
            outcome = await self._attempt(chosen, message, call.record, failed_body)
            if not _is_failed(outcome):
                break
            tried = [attempt.instance for attempt in call.record.attempts]
            failed = FailedRequest(
                method=request.method,
                has_idempotency_key=bool(request.values("idempotency-key")),
                replayable=isinstance(request.body, bytes) or _is_unsent(outcome),
                attempts=len(tried),
                max_retries=service.retries,
                seconds_left=until - self.timer(),
            )
            failed_body = outcome.body if isinstance(outcome, GatewayResponse) else b""
            chosen = self.pool.fail_over(balanced, failed, tried=tried, key=key)
        if isinstance(chosen, FailoverRefusal):
            call.record.refusal = chosen
        if isinstance(outcome, AttemptFailed):
            raise _client_error(outcome)
        return await _for_client(call, message, outcome)

    def _begin(self, balanced: BalancedService, key: str | None) -> InstanceCall:
        try:
            return self.pool.begin(balanced, key=key)
        except NoInstanceAvailable as none:
            reason, after = none.reason, none.after
        raise ServiceUnavailable(reason, after)

    def message(self, call: GatewayCall, instance: Instance, until: float) -> UpstreamRequest:
        """Return the request to an instance, which is to be answered `until` a time."""
        request, service = call.request, call.destination.service
        keeps = service.host is HostMode.KEEP and request.host
        query = f"?{request.query}" if request.query else ""
        left = max(until - self.timer(), 0.0)
        fields = upstream_fields(
            request,
            call.destination,
            host=request.host if keeps else instance.authority,
            via=self.via,
            credentials=call.credentials,
            persistent=self.persistent,
        )
        return UpstreamRequest(
            instance=instance,
            method=request.method,
            target=instance.base_path + call.destination.path + query,
            fields=(*fields, *call.added),
            body=request.body,
            connect=min(service.timeouts.connect, left),
            seconds=min(service.timeouts.attempt or left, left),
            tls=service.upstream_tls,
        )

    async def _attempt(
        self, call: InstanceCall, message: UpstreamRequest, record: GatewayRecord, unread: Body
    ) -> UpstreamOutcome:
        """Return the answer of an instance; the one before it remains `unread`.

        The call ends with the body, so that streams count as outstanding.
        """
        started, answered = self.timer(), None
        status, fault, is_stream = None, None, False
        span = Span(SpanKind.CLIENT, parent=record.span)
        try:
            await close_body(unread)
            response = await self.send(message)
            is_stream = not isinstance(response.body, bytes)
            status, answered = response.status, failure_of(response.status) is None
        except AttemptFailed as failed:
            fault = failed.fault
            answered = _ANSWERED.get(fault, False)
            return failed
        finally:
            seconds = self.timer() - started
            end = partial(self.pool.end, call, seconds=seconds)
            if not (is_stream and answered):
                end(answered=answered)
            record.attempts.append(
                UpstreamAttempt(
                    instance=call.instance.id, status=status, fault=fault, seconds=seconds
                )
            )
            if span.recorder:
                describe_attempt(span, message.method, call.instance.authority, record.attempts)
                span.end()
        if answered:
            response = _watched(response, record, end)
        if not isinstance(response.body, bytes):
            record.opened.append(response.body)
        return response


_ANSWERED: Final = {UpstreamFault.TOO_LARGE: True, UpstreamFault.REFUSED: None}
"""What a fault says of an instance, other than that it did not answer; None if nothing."""


def _watched(
    response: GatewayResponse, record: GatewayRecord, end: Callable[..., None]
) -> GatewayResponse:
    """Return the response, whose body ends the call if it is a stream."""
    if isinstance(response.body, bytes):
        return response

    async def ended(_size: int, error: Exception | None) -> None:
        failed = isinstance(error, AttemptFailed)
        if isinstance(error, AttemptFailed):
            record.attempts[-1] = replace(record.attempts[-1], fault=error.fault)
        end(answered=not failed if failed or error is None else None)

    return replace(response, body=WatchedBody(response.body, ended))


def hash_value(service: Service, request: GatewayRequest) -> str | None:
    """Return what requests of one client have in common, None if the service hashes nothing."""
    return client_key(service.hash_key, request) if service.hash_key else None


def client_key(hash_key: HashKey, request: GatewayRequest) -> str:
    """Return the value of a header or cookie of a client, or its address if it has none."""
    place, _, name = hash_key.partition(":")
    values = request.values(name.lower()) if place == "header" else _cookies(request, name)
    return values[0] if values else request.client


def _cookies(request: GatewayRequest, name: str) -> tuple[str, ...]:
    found: list[str] = []
    for value in request.values("cookie"):
        try:
            cookie = SimpleCookie(value).get(name)
        except CookieError:
            continue
        found += [cookie.value] if cookie else []
    return tuple(found)


def _is_failed(outcome: UpstreamOutcome) -> bool:
    if isinstance(outcome, AttemptFailed):
        return outcome.fault is not UpstreamFault.TOO_LARGE
    return failure_of(outcome.status) is not None


def _is_unsent(outcome: UpstreamOutcome) -> bool:
    unsent = {UpstreamFault.CONNECT, UpstreamFault.REFUSED}
    return isinstance(outcome, AttemptFailed) and outcome.fault in unsent


async def _for_client(
    call: GatewayCall, message: UpstreamRequest, response: GatewayResponse
) -> GatewayResponse:
    request = call.request
    bare = request.method == "HEAD" or response.status in _NO_BODY
    if bare:
        await close_body(response.body)
    with_length = bare and response.status not in _NO_LENGTH
    return GatewayResponse(
        status=response.status,
        fields=public_locations(
            client_fields(response.fields, with_length=with_length),
            call.destination,
            instance_url=message.instance.url,
            base=request.base,
        ),
        body=b"" if bare else response.body,
    )


def _client_error(failed: AttemptFailed) -> SignalboxError:
    """Return what the client gets of a failed attempt: nothing of the inside."""
    match failed.fault:
        case UpstreamFault.TIMEOUT:
            return GatewayTimeout("the service did not answer in time")
        case UpstreamFault.TOO_LARGE:
            return ResponseTooLarge("the answer of the service is too large")
        case _:
            return UpstreamError("the service did not give a valid answer")
