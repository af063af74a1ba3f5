"""The ports of redelivery: the logs of the providers, and the store of what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from signalbox.models.errors import SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.source import Source

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from signalbox.models.redelivery import RedeliveryState


class AttemptGone(SendRefused):
    """The provider does not have this attempt any more, or does not repeat it."""


@frozen
class DeliveryAttempt:
    """An attempt of a provider to deliver a webhook.

    Attributes:
        number: The number of the attempt; a later one has a higher number.
        key: The provider's id of the delivery, the same in every attempt.
        status: The status that it was answered with, or None without an answer.
        at: When it was made, or None if the log has no times.
        repeated: Whether it is known to be a repeated attempt.
        repeatable: Whether the provider can repeat it.
    """

    number: int
    key: str
    status: int | None
    at: datetime | None = None
    repeated: bool = False
    repeatable: bool = True

    @property
    def succeeded(self) -> bool:
        """Return whether it was answered with a 2xx."""
        return self.status is not None and self.status // 100 == 2  # noqa: PLR2004


@frozen
class AttemptPage:
    """Some attempts, newest first, and the cursor of the page after them, None at the end."""

    attempts: tuple[DeliveryAttempt, ...]
    cursor: str | None = None


class DeliveryLog(Protocol):
    """The log that a provider keeps of the deliveries of one webhook."""

    @property
    def max_age(self) -> timedelta:
        """Return the age up to which a delivery is requested again."""

    @property
    def max_requests(self) -> int:
        """Return how many redeliveries may be requested in five minutes."""

    def page(self, cursor: str | None) -> AttemptPage:
        """Return a page of the log, the newest without a cursor.

        Raises:
            SendDelayed: The provider does not answer now, or not before `after`.
            SendRefused: The provider does not show its log to this token.
        """

    def redeliver(self, attempt: int) -> None:
        """Ask the provider to repeat the delivery of this attempt.

        Raises:
            AttemptGone: It never will.
            SendDelayed: The provider does not answer now, or not before `after`.
            SendRefused: The provider does not allow it with this token.
        """


OpenDeliveryLog = Callable[[Source], DeliveryLog | None]
"""Return the log of the deliveries to a source, or None if its settings name none.

Raises SendRefused if it cannot be opened, Unavailable if the secrets did not answer.
"""


class RedeliveryStore(Protocol):
    """Stores what is known of the log of each source."""

    def get(self, source: Source) -> RedeliveryState | None:
        """Return what is known of the log of a source, or None.

        Raises:
            Unavailable: The store did not answer.
        """

    def batch_get(self, sources: Iterable[Source]) -> Mapping[str, RedeliveryState]:
        """Return what is known of the logs of these sources, by the keys of the sources.

        Raises:
            Unavailable: The store did not answer.
        """

    def replace(self, source: Source, after: RedeliveryState) -> None:
        """Store the state in place of the one with the version before it.

        Raises:
            WriteConflict: Another version is stored.
            Unavailable: The store did not answer.
        """
