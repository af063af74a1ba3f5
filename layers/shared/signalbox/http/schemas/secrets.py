"""Request and response bodies of secrets."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.secret import SecretInvalid, checked_secret

_LARGEST = 4_096
"""What a parameter holds, in bytes."""


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
    """The secrets from now on, the current one first.

    A second one stays good beside it, so that the target can be changed without a gap; the same
    call without it ends that. A line end behind a secret is no part of it.
    """

    secrets: Annotated[tuple[SecretText, ...], Field(min_length=1, max_length=3, strict=False)]


class PutSecretsResponse(Model):
    """All that is told of secrets. Functions know them within five minutes."""

    count: int
    rotated_at: UtcDatetime
