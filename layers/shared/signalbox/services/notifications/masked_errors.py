"""Mask secrets in the errors of an attempt to send."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from signalbox.models.errors import SendDelayed, SendPostponed, SendRefused
from signalbox.models.redaction import redacted


@contextmanager
def masked_errors(secrets: Sequence[str]) -> Iterator[None]:
    """Raise the errors of the block without these secrets, and without what they were caused by."""
    try:
        yield
    except SendPostponed:
        raise
    except SendRefused as error:
        raise type(error)(redacted(error.reason, secrets)) from None
    except SendDelayed as error:
        raise SendDelayed(redacted(error.reason, secrets), error.after) from None
