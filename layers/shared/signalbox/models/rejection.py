"""Rejections: how many requests of a source were rejected and why, and the last few of them."""

from typing import Final

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime

MAX_REJECTIONS: Final = 20
"""How many rejections of a source are stored."""


class Rejection(Model):
    """A rejected request, without its body. Nothing in it is verified: anybody may have sent it."""

    at: UtcDatetime
    status: int
    code: str
    reason: str
    request_id: str
    source_ip: str = ""
    user_agent: str = ""
    size: int | None = None


class Rejections(Model):
    """The rejections of a source since the first that is stored.

    `counts` are by code, and a lower bound: after a burst of twenty a function counts in memory and
    writes at most once per second, and loses what it has not written when it ends. In a flood
    `last` is a sample for the same reason. Everything expires after a week without rejections.
    """

    provider: str
    source: str
    since: UtcDatetime
    counts: dict[str, int]
    last: tuple[Rejection, ...] = Field(default=())

    @property
    def newest(self) -> Rejection | None:
        """Return the newest rejection, None if none is stored."""
        return max(self.last, key=lambda rejection: rejection.at, default=None)
