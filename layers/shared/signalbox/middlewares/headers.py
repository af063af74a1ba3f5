"""Set, add and remove headers of requests and responses."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from signalbox.models.base import Model
from signalbox.models.middleware import HeaderName, MiddlewareOptions
from signalbox.services.gateway.fields import is_reserved_field, plain_field_name
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind
from signalbox.services.gateway.response_fields import without_fields
from signalbox.services.ports.gateway import GatewayResponse, HeaderFields

_SECRETS: Final = frozenset({"authorization", "cookie", "set-cookie", "x-api-key"})


def _is_free(name: str) -> str:
    if is_reserved_field(name):
        raise ValueError(f"{name} is a header of the connection or of the gateway itself")
    return name


def _is_no_secret(name: str) -> str:
    if plain_field_name(name) in _SECRETS:
        raise ValueError(f"the value of {name} would be a secret in the configuration")
    return name


FieldName = Annotated[HeaderName, AfterValidator(_is_free)]
WrittenName = Annotated[FieldName, AfterValidator(_is_no_secret)]
FieldValue = Annotated[str, StringConstraints(pattern=r"^([!-~]([ -~]{0,1022}[!-~])?)?$")]
"""Printable ASCII, so neither CR nor LF, without blanks around it."""

WrittenFields = Annotated[dict[WrittenName, FieldValue], Field(max_length=50)]


class FieldRules(Model):
    """Headers to `remove`, to `set` in place of all of the name, and to `add` to those there are.

    They are applied in this order.
    """

    remove: Annotated[tuple[FieldName, ...], Field(max_length=50)] = ()
    set: WrittenFields = Field(default_factory=dict)
    add: WrittenFields = Field(default_factory=dict)


class Options(MiddlewareOptions):
    """The rules for requests to the service, and for responses to the client."""

    request: FieldRules = FieldRules()
    response: FieldRules = FieldRules()


@dataclass(frozen=True, slots=True)
class Headers:
    """Applies the rules. Those for requests see names as services read them that know no hyphens.

    What a rule writes cannot be removed by a `Connection` of the client.
    """

    options: Options

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Return the response with its rules applied."""
        response = await call_next(self._changed(call))
        rules = self.options.response
        gone = {name.lower() for name in (*rules.remove, *rules.set)}
        kept = without_fields(response.fields, lambda name: name in gone)
        return replace(response, fields=(*kept, *_written(rules.set), *_written(rules.add)))

    def _changed(self, call: GatewayCall) -> GatewayCall:
        rules = self.options.request
        gone = {plain_field_name(name) for name in (*rules.remove, *rules.set)}

        def kept(fields: HeaderFields) -> HeaderFields:
            return without_fields(fields, lambda name: plain_field_name(name) in gone)

        written = (*_written(rules.set), *_written(rules.add))
        return replace(
            call,
            request=replace(call.request, fields=kept(call.request.fields)),
            added=(*kept(call.added), *written),
        )


def _written(fields: Mapping[str, str]) -> HeaderFields:
    return tuple((name.lower(), value) for name, value in fields.items())


MIDDLEWARE: Final = MiddlewareKind(
    options=Options, create=lambda options, _tools: Headers(options), is_repeatable=True
)
