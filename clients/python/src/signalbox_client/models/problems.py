"""Errors, as RFC 9457 describes them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An invalid part of a request: a JSON pointer, and a code."""

    pointer: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The body of every error response."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    instance: str
    errors: tuple[Fault, ...] = ()
