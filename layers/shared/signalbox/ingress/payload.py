"""Reading the JSON of a verified request, whatever it holds: what is wrong is a PayloadInvalid."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar
from urllib.parse import parse_qs

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import from_json

from signalbox.models.errors import PayloadInvalid
from signalbox.models.request import InboundRequest

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class PayloadPart(BaseModel):
    """A part of a payload: members that it does not name are ignored."""

    model_config = ConfigDict(frozen=True, defer_build=True)


def _in_utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is not within the years 1 to 9999") from None


def _or_none(value: object, validator: ValidatorFunctionWrapHandler) -> object:
    try:
        return validator(value)
    except ValidationError:
        return None


Informative = Annotated[T | None, WrapValidator(_or_none)]
"""A part that no decision depends on, such as a title: None if it is of another type."""

IntegerId = Annotated[int, Field(ge=0, lt=2**63)]
PayloadTime = Annotated[datetime, AfterValidator(_in_utc)]
"""A time as providers write it, as ISO 8601 or in seconds since 1970; UTC where it has no zone."""

_FORM: Final = "application/x-www-form-urlencoded"
_FORM_FIELDS: Final = 64


def decode_json(request: InboundRequest, *, form_field: str = "") -> JsonValue:
    """Return the JSON of the body, or that in one field of a form, where the provider sends forms.

    Raises:
        PayloadInvalid: The body is no JSON, or a form in which the field is missing or repeated.
    """
    try:
        raw = document_bytes(request, form_field)
        # names repeat, values hardly do
        document: JsonValue = from_json(raw, allow_inf_nan=False, cache_strings="keys")
    except ValueError as invalid:
        raise PayloadInvalid(f"the body cannot be read: {invalid}") from invalid
    return document


def document_bytes(request: InboundRequest, form_field: str = "") -> bytes:
    """Return the body, or the value of one field where the provider sends a form.

    Raises:
        PayloadInvalid: The form cannot be read, or the field is missing or repeated.
    """
    if not form_field or not is_form(request):
        return request.body
    values = form_fields(request).get(form_field, [])
    if len(values) != 1:
        raise PayloadInvalid(f"the form has no field of the name {form_field}, or several")
    return values[0].encode()


def validate(model: type[M], document: JsonValue) -> M:
    """Return the document as a model.

    Raises:
        PayloadInvalid: It is something else; the message names the first field that is wrong.
    """
    try:
        return model.model_validate(document)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the body"
        raise PayloadInvalid(f"{where}: {first['msg']}") from invalid


def require(part: T | None, name: str) -> T:
    """Return the part of a payload.

    Raises:
        PayloadInvalid: It is missing, and the event cannot be read without it.
    """
    if part is None:
        raise PayloadInvalid(f"{name} is missing")
    return part


def is_form(request: InboundRequest) -> bool:
    """Return whether the body is a form by its media type."""
    return request.media_type == _FORM


def decode_form(request: InboundRequest) -> Mapping[str, str]:
    """Return the fields of a form that have a value and are not repeated.

    Raises:
        PayloadInvalid: The body is no form of at most 64 fields.
    """
    fields = form_fields(request).items()
    return {name: values[0] for name, values in fields if len(values) == 1 and values[0]}


def form_fields(request: InboundRequest) -> Mapping[str, list[str]]:
    """Return the fields of a form, each with its values.

    Raises:
        PayloadInvalid: The body is no form of at most 64 fields.
    """
    try:
        return parse_qs(
            request.body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_FORM_FIELDS,
        )
    except ValueError as invalid:
        raise PayloadInvalid(f"the body cannot be read: {invalid}") from invalid
