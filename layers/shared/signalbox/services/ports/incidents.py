"""The port of incidents."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from signalbox.models.incident import IncidentLedger, IncidentSignal

ReadSignals = Callable[
    [IncidentLedger, datetime], tuple[IncidentLedger, tuple[IncidentSignal, ...]]
]
"""Return the failures since the last observation, and the ledger with what was counted now.

Raises Unavailable.
"""


class IncidentStore(Protocol):
    """Stores the ledger of incidents."""

    def get(self) -> IncidentLedger:
        """Return the ledger, an empty one if none is stored.

        Raises:
            Unavailable: The store did not answer.
        """

    def replace(self, before: IncidentLedger, after: IncidentLedger) -> None:
        """Replace `before` by `after`.

        Raises:
            WriteConflict: `before` is not what is stored.
            Unavailable: The store did not answer.
        """
