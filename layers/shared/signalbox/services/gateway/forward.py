"""Forward a request to an instance of its service, and to another one where that is safe."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from signalbox.models.errors import SignalboxError, Unavailable
from signalbox.models.gateway_errors import (
    AttemptFailed,
    GatewayTimeout,
    ResponseTooLarge,
    ServiceUnavailable,
    UpstreamError,
    UpstreamFault,
)
from signalbox.models.service import HostMode, Service
from signalbox.models.upstream import BalancingPolicy, Instance
from signalbox.services.gateway.balancing import Balancer
from signalbox.services.gateway.fields import client_fields, is_repeatable, upstream_fields
from signalbox.services.gateway.location import public_locations
from signalbox.services.gateway.request import Destination, GatewayRequest
from signalbox.services.ports.gateway import (
    SendUpstream,
    Timer,
    UpstreamRequest,
    UpstreamResponse,
)

MakeBalancer = Callable[[BalancingPolicy], Balancer]
"""Return a new balancer with this policy."""

_FAILED_STATUSES = frozenset({502, 503, 504})
_NO_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamAttempt:
    """An attempt: the instance, its status or what went wrong, and how long it took."""

    instance: str
    status: int | None = None
    fault: UpstreamFault | None = None
    seconds: float


@dataclass(slots=True, kw_only=True)
class ForwardedRequest:
    """What became of a request; it is filled while the request is forwarded."""

    attempts: list[UpstreamAttempt] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardRequest:
    """Forward requests. `via` is our name in `Via`; `timer` is a monotonic clock."""

    send: SendUpstream
    make_balancer: MakeBalancer
    timer: Timer
    via: str
    _balancers: dict[tuple[str, str | None], tuple[BalancingPolicy, Balancer]] = field(
        default_factory=dict
    )

    def __call__(
        self,
        request: GatewayRequest,
        destination: Destination,
        *,
        credentials: Collection[str],
        seconds: float,
        record: ForwardedRequest,
    ) -> UpstreamResponse:
        """Return the response for the client.

        Another instance is tried after a failure, a 502, 503 or 504, if the request may be
        repeated and time is left. `seconds` is the time that the caller has.

        Raises:
            ServiceUnavailable: There is no instance.
            GatewayTimeout: No instance answered in time.
            ResponseTooLarge: The answer is too large.
            UpstreamError: No instance gave a valid answer.
        """
        service = destination.service
        until = self.timer() + min(service.timeouts.total, seconds)
        left = list(destination.instances)
        tries = 1 + (service.retries if is_repeatable(request) else 0)
        failure: SignalboxError = ServiceUnavailable("the service has no instance")
        response: UpstreamResponse | None = None
        while left and tries and self.timer() < until:
            instance = self._pick(destination, left, request)
            left.remove(instance)
            tries -= 1
            message = self._message(request, destination, instance, until, credentials)
            try:
                response = self._attempt(message, destination, record)
            except AttemptFailed as failed:
                response, failure = None, _client_error(failed)
                if failed.fault is UpstreamFault.TOO_LARGE:
                    break
                continue
            if response.status not in _FAILED_STATUSES:
                break
        if response is None:
            raise failure
        return self._for_client(request, destination, message, response)

    def _pick(
        self, destination: Destination, left: Sequence[Instance], request: GatewayRequest
    ) -> Instance:
        balancer = self._balancer(destination)
        try:
            return balancer.pick(left, hash_value(destination.service, request))
        except Unavailable:
            raise ServiceUnavailable("the service has no instance") from None

    def _balancer(self, destination: Destination) -> Balancer:
        service = destination.service
        policy, key = service.balancing, (service.name, destination.version)
        known = self._balancers.get(key)
        if known is None or known[0] is not policy:
            known = self._balancers[key] = (policy, self.make_balancer(policy))
        return known[1]

    def _message(
        self,
        request: GatewayRequest,
        destination: Destination,
        instance: Instance,
        until: float,
        credentials: Collection[str],
    ) -> UpstreamRequest:
        service = destination.service
        authority, _, prefix = instance.url.partition("://")[2].partition("/")
        keeps = service.host is HostMode.KEEP and request.host
        query = f"?{request.query}" if request.query else ""
        left = until - self.timer()
        return UpstreamRequest(
            instance=instance,
            method=request.method,
            target=f"/{prefix}".rstrip("/") + destination.path + query,
            fields=upstream_fields(
                request,
                destination,
                host=request.host if keeps else authority,
                via=self.via,
                credentials=credentials,
            ),
            body=request.body,
            connect=min(service.timeouts.connect, left),
            seconds=min(service.timeouts.attempt or left, left),
        )

    def _attempt(
        self, message: UpstreamRequest, destination: Destination, record: ForwardedRequest
    ) -> UpstreamResponse:
        balancer, started = self._balancer(destination), self.timer()
        status, fault = None, None
        balancer.begin(message.instance)
        try:
            response = self.send(message)
            status = response.status
        except AttemptFailed as failed:
            fault = failed.fault
            raise
        finally:
            seconds = self.timer() - started
            answered = status is not None and status not in _FAILED_STATUSES
            balancer.end(message.instance, seconds=seconds, answered=answered)
            record.attempts.append(
                UpstreamAttempt(
                    instance=message.instance.id, status=status, fault=fault, seconds=seconds
                )
            )
        return response

    def _for_client(
        self,
        request: GatewayRequest,
        destination: Destination,
        message: UpstreamRequest,
        response: UpstreamResponse,
    ) -> UpstreamResponse:
        bare = request.method == "HEAD" or response.status in _NO_BODY
        fields = client_fields(
            response.fields,
            with_length=request.method == "HEAD" or response.status == 304,  # noqa: PLR2004
        )
        return UpstreamResponse(
            status=response.status,
            fields=public_locations(
                fields, destination, instance_url=message.instance.url, base=request.base
            ),
            body=b"" if bare else response.body,
        )


def hash_value(service: Service, request: GatewayRequest) -> str | None:
    """Return what requests of one client have in common, None if the service hashes nothing."""
    if service.hash_key is None:
        return None
    place, _, name = service.hash_key.partition(":")
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


def _client_error(failed: AttemptFailed) -> SignalboxError:
    """Return what the client gets of a failed attempt: nothing of the inside."""
    match failed.fault:
        case UpstreamFault.TIMEOUT:
            return GatewayTimeout("the service did not answer in time")
        case UpstreamFault.TOO_LARGE:
            return ResponseTooLarge("the answer of the service is too large")
        case _:
            return UpstreamError("the service did not give a valid answer")
