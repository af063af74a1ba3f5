"""What becomes of one message for a notification."""

from datetime import timedelta
from typing import Final

from signalbox.models.frozen import frozen
from signalbox.models.notification import SendResult

RETRY_SOON: Final = timedelta(seconds=5)
"""When to look again after another process was faster."""


@frozen
class Done:
    """Nothing is left to do for this message. `result` is for the log."""

    result: SendResult
    reason: str | None = None


@frozen
class Later:
    """The message must be received again after a while, and is hidden until then."""

    result: SendResult
    after: timedelta
    reason: str | None = None


Outcome = Done | Later
