"""Which outcomes of a request of a provider mean that it was processed."""

from typing import Final

_PROCESSED: Final = frozenset(
    {"accepted", "answered", "duplicate", "handshake", "ignored", "pending"}
)
_NOT_PROCESSED: Final = frozenset(
    {"failed", "internal", "payload_invalid", "payload_too_large", "unavailable"}
)


def is_processed(outcome: str) -> bool | None:
    """Return whether a request of a provider was processed, None if it was refused rightly.

    A request with a wrong signature, or to a source that does not exist, is refused rightly.
    """
    return True if outcome in _PROCESSED else False if outcome in _NOT_PROCESSED else None
