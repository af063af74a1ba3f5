"""Request and response bodies of secrets."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.secret import SecretInvalid, checked_secret

_MAX_PARAMETER_BYTES = 4_096
"""The maximum size of a parameter in SSM, in bytes."""


def _checked(secret: str) -> str:
    try:
        return checked_secret(secret)
    except SecretInvalid as invalid:
        raise PydanticCustomError(invalid.code, "{why}", {"why": str(invalid)}) from None


SecretText = Annotated[
    str,
    Field(min_length=1, max_length=4_000, pattern=r"^\S(?:[\s\S]*\S)?[\r\n]*$"),
    AfterValidator(_checked),
]


class PutSecretsRequest(Model):
    """The secrets, the current one first.

    The others stay valid, so that the sender or target can be changed without a gap; the same call
    without them ends that. A trailing line break is removed.
    """

    secrets: Annotated[tuple[SecretText, ...], Field(min_length=1, max_length=3, strict=False)]


class PutSecretsResponse(Model):
    """How many secrets are stored. They take effect within five minutes."""

    count: int
    rotated_at: UtcDatetime
