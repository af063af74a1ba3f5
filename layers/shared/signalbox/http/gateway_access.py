"""Authentication, authorization and the rate limit of callers, as a step of the gateway."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from signalbox.auth.identity import IdentitySigner
from signalbox.http.authorize import Access, AuthResult, ScopeAccess
from signalbox.models.errors import Forbidden
from signalbox.models.frozen import frozen
from signalbox.models.principal import Principal
from signalbox.models.rate_limits import rate_limit_headers
from signalbox.models.request import InboundRequest
from signalbox.models.service import Service, ServiceAccess
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.response_fields import with_defaults
from signalbox.services.ports.gateway import GatewayResponse, HeaderFields

Admit = Callable[[InboundRequest, Access], Coroutine[Any, Any, AuthResult]]
"""Authenticate a request and count it. Raises Unauthenticated, OverLimit."""


@frozen
class AdmitCaller:
    """Let pass who may call the service; `inbound` is the request without its body."""

    admit: Admit
    identity: IdentitySigner
    inbound: InboundRequest

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Pass the call on with its caller, and without the credentials that were meant for us.

        Raises:
            Unauthenticated: The credentials are missing or not valid.
            Forbidden: The caller lacks the scope, or has none of the roles.
            OverLimit: The rate limit is exceeded.
        """
        service, request = call.destination.service, self.inbound
        access = service.access
        admitted = await self.admit(
            request, ScopeAccess(scope=None if access.public else access.scope)
        )
        call.record.caller = admitted.caller.name
        _require(access, admitted.caller)
        response = await call_next(
            replace(
                call,
                caller=admitted.caller,
                credentials=credentials_in(request, public=access.public),
                added=(*call.added, *self._identity(service, admitted.caller)),
            )
        )
        return with_defaults(response, quota_fields(admitted))

    def _identity(self, service: Service, caller: Principal) -> HeaderFields:
        """Return the header that tells a service who calls; none if anybody may."""
        if service.access.public or not service.identity:
            return ()
        token = self.identity(caller, service.name, self.inbound.request_id)
        return (("x-signalbox-identity", token),)


def credentials_in(request: InboundRequest, *, public: bool) -> frozenset[str]:
    """Return the names of the headers with credentials that were meant for us.

    An `Authorization` beside an `X-API-Key`, and every one to a public service, is the service's,
    unless it has an API key of ours.
    """
    key, bearer = request.header("x-api-key"), request.header("authorization")
    ours = {"x-api-key"} if "sbx_" in key or not public else set()
    if "sbx_" in bearer or not (public or key):
        ours.add("authorization")
    return frozenset(ours)


def quota_fields(admitted: AuthResult) -> HeaderFields:
    """Return the headers with what is left of the limit of a caller."""
    return tuple(rate_limit_headers(admitted.quota).items()) if admitted.quota else ()


def _require(access: ServiceAccess, caller: Principal) -> None:
    if access.public:
        return
    caller.require(access.scope)
    if access.roles and not set(access.roles) & set(caller.roles):
        raise Forbidden(f"this needs one of the roles {', '.join(access.roles)}")
