"""The body of an error response (RFC 9457)."""

from pydantic import Field

from signalbox.models.base import Model


class Fault(Model):
    """One thing that is wrong with a request: where, as a JSON pointer, and what."""

    pointer: str
    code: str


class Problem(Model):
    """The body of every answer that is an error."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    instance: str
    errors: tuple[Fault, ...] = Field(default=())
