"""Send copies of requests to another version, whose answers are ignored."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Annotated, Final

from pydantic import Field

from signalbox.models.event_vocabulary import suggest
from signalbox.models.frozen import frozen
from signalbox.models.middleware import MiddlewareOptions
from signalbox.models.service import Service, VersionName
from signalbox.models.service_route import RouteMethod
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind, SendCopy
from signalbox.services.gateway.record import CopyOutcome, GatewayRecord
from signalbox.services.ports.gateway import GatewayResponse

_MARK: Final = (("x-signalbox-shadow", "1"),)
_ALL: Final = 100.0


class Options(MiddlewareOptions):
    """The version that gets copies, of how many requests, and of which methods."""

    version: VersionName
    percent: Annotated[float, Field(gt=0, le=_ALL)] = _ALL
    methods: Annotated[
        tuple[RouteMethod, ...],
        Field(min_length=1, max_length=20),
    ] = ("GET", "HEAD")


@frozen
class Shadow:
    """Begins to send a copy, and does not wait for it."""

    options: Options
    random: Random
    send_copy: SendCopy

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Return the response of the request itself."""
        if self._is_copied(call):
            destination = replace(call.destination, version=self.options.version)
            copy = replace(
                call,
                destination=destination,
                added=(*call.added, *_MARK),
                record=GatewayRecord(),
            )
            is_whole = isinstance(call.request.body, bytes)
            is_sent = is_whole and self.send_copy(copy)
            call.record.shadow = CopyOutcome.SENT if is_sent else CopyOutcome.SKIPPED
        return await call_next(call)

    def _is_copied(self, call: GatewayCall) -> bool:
        is_other = call.destination.version != self.options.version
        if call.request.method not in self.options.methods or not is_other:
            return False
        return self.options.percent >= _ALL or self.random.random() * _ALL < self.options.percent


def _unknown_version(options: Options, service: Service) -> Iterator[tuple[str, str]]:
    if options.version not in service.versions:
        hint = suggest(options.version, service.versions)
        yield "version", f"the service has no version {options.version}; {hint}"


MIDDLEWARE: Final = MiddlewareKind(
    options=Options,
    create=lambda options, tools: Shadow(
        options=options, random=tools.random, send_copy=tools.send_copy
    ),
    check=_unknown_version,
)
