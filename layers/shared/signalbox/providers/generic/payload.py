"""The document of a request, over which expressions are run."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue, TypeAdapter, ValidationError

from signalbox.ingress.payload import PayloadTime, decode_json, form_fields, is_form
from signalbox.models.base import DEFERRED
from signalbox.models.errors import PayloadInvalid
from signalbox.models.expressions import search
from signalbox.models.request import InboundRequest, recorded_headers_of

_JSON: Final = re.compile(r"application/(?:[a-z0-9!#$&^_.+-]+\+)?json")
_TIME: Final = TypeAdapter[PayloadTime](PayloadTime, config=DEFERRED)


@dataclass(frozen=True, slots=True)
class RequestDocument:
    """The headers that are stored and the body of a request."""

    content: JsonValue

    def value(self, expression: str | None) -> JsonValue:
        """Return what an expression yields; without an expression None."""
        return search(expression, self.content) if expression else None

    def text(self, expression: str | None) -> str | None:
        """Return a text or a number as text; None for anything else."""
        return _text(self.value(expression))

    def texts(self, expression: str | None) -> tuple[str | None, ...]:
        """Return a list of texts and numbers, or one of them."""
        value = self.value(expression)
        return tuple(map(_text, value if isinstance(value, list) else [value]))

    def time(self, expression: str | None) -> PayloadTime | None:
        """Return a time; None for anything else."""
        try:
            return _TIME.validate_python(self.text(expression))
        except ValidationError:
            return None


def document_of(
    request: InboundRequest, headers: Collection[str], form_field: str | None
) -> RequestDocument:
    """Return the document of a request: its body is JSON, the fields of a form, or a text.

    Raises:
        PayloadInvalid: The body is not what its media type says, or not UTF-8.
    """
    named = recorded_headers_of(request, headers)
    return RequestDocument({"headers": {**named}, "body": decoded_body(request, form_field)})


def decoded_body(request: InboundRequest, form_field: str | None) -> JsonValue:
    """Return the body: JSON, the fields of a form or the JSON in one of them, or a text.

    Raises:
        PayloadInvalid: It is not what its media type says, or not UTF-8.
    """
    if is_form(request) and not form_field:
        fields = form_fields(request).items()
        return {name: values[0] if len(values) == 1 else [*values] for name, values in fields}
    try:
        return decode_json(request, form_field=form_field or "")
    except PayloadInvalid:
        if form_field or _JSON.fullmatch(request.media_type):
            raise
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        raise PayloadInvalid("the body is neither JSON nor text in UTF-8") from None


def _text(value: JsonValue) -> str | None:
    if isinstance(value, bool):
        return None
    return str(value) if isinstance(value, str | int | float) else None
