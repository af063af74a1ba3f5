"""The body of an error response (RFC 9457)."""

from pydantic import Field

from signalbox.models.base import Model


class Fault(Model):
    """An invalid part of a request: a JSON pointer, and a code."""

    pointer: str
    code: str


class Problem(Model):
    """The body of every error response."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    instance: str
    errors: tuple[Fault, ...] = Field(default=())
