"""Requests that were refused: how many and why, and the last few of them."""

from typing import Final

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime

MAX_REJECTIONS: Final = 20
"""How many rejections of a source are kept."""


class Rejection(Model):
    """A refused request, without its body. Nothing in it was verified: anybody may have sent it."""

    at: UtcDatetime
    status: int
    code: str
    reason: str
    request_id: str
    source_ip: str = ""
    user_agent: str = ""
    size: int | None = None


class Rejections(Model):
    """The rejections of a source since the first that is on record.

    `counts` are by code, and a lower bound: after a burst of twenty a function counts in memory and
    writes once a second at most, so what it has not written when it ends is lost. In a flood `last`
    is a sample for the same reason. All is forgotten after a week without any.
    """

    provider: str
    source: str
    since: UtcDatetime
    counts: dict[str, int]
    last: tuple[Rejection, ...] = Field(default=())
