"""Announce that a service is deprecated, and answer 410 when it has ended.

See https://www.rfc-editor.org/rfc/rfc9745 and https://www.rfc-editor.org/rfc/rfc8594.
"""

from dataclasses import replace
from email.utils import format_datetime
from typing import Annotated, Final

from pydantic import StringConstraints, model_validator

from signalbox.models.base import Rfc3339
from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import ServiceEnded
from signalbox.models.middleware import MiddlewareOptions
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind
from signalbox.services.ports.gateway import GatewayResponse, HeaderFields
from signalbox.services.ports.time import Clock


class Options(MiddlewareOptions):
    """Since when the service is deprecated, when it ends, and a page about it."""

    since: Rfc3339
    ends_at: Rfc3339 | None = None
    link: Annotated[str, StringConstraints(pattern=r"^https://[!#-;=?-~]{1,500}$")] | None = None

    @model_validator(mode="after")
    def _ends_later(self) -> "Options":
        if self.ends_at and self.ends_at < self.since:
            raise ValueError("ends_at is before since")
        return self


@frozen
class Deprecated:
    """Adds `Deprecation`, `Sunset` and `Link` to every response."""

    fields: HeaderFields
    options: Options
    clock: Clock

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Return the response with the announcement.

        Raises:
            ServiceEnded: The service has ended.
        """
        if self.options.ends_at and self.clock() >= self.options.ends_at:
            raise ServiceEnded("the service has ended")
        response = await call_next(call)
        return replace(response, fields=(*response.fields, *self.fields))


def _announcement(options: Options) -> HeaderFields:
    fields = [("deprecation", f"@{int(options.since.timestamp())}")]
    if options.ends_at:
        fields.append(("sunset", format_datetime(options.ends_at, usegmt=True)))
    if options.link:
        fields.append(("link", f'<{options.link}>; rel="deprecation"'))
    return tuple(fields)


MIDDLEWARE: Final = MiddlewareKind(
    options=Options,
    create=lambda options, tools: Deprecated(
        fields=_announcement(options), options=options, clock=tools.clock
    ),
)
