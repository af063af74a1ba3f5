"""Cursors: signed positions in a list, at which the next page starts."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from pydantic import ValidationError

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.errors import PayloadInvalid, Unavailable
from signalbox.models.frozen import frozen
from signalbox.services.ports.time import Clock

_MAC_BYTES: Final = 16
_LIFETIME: Final = timedelta(hours=24)


class _Cursor(Model):
    after: str
    until: UtcDatetime


@frozen
class Cursors:
    """Sign positions in a list. A cursor is valid for one list with the same filters, for a day.

    `keys` returns the current key and earlier ones.
    """

    keys: Callable[[], Sequence[str]]
    clock: Clock

    def sign(self, after: str, filters: str) -> str:
        """Return the cursor of the page after this position."""
        cursor = _Cursor(after=after, until=self.clock() + _LIFETIME)
        body = cursor.model_dump_json().encode()
        return urlsafe_b64encode(_mac(self._keys()[0], body, filters) + body).decode().rstrip("=")

    def read(self, text: str, filters: str) -> str:
        """Return the position in a cursor.

        Raises:
            PayloadInvalid: The cursor is not valid for this list, or has expired.
        """
        try:
            decoded = urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
            mac, body = decoded[:_MAC_BYTES], decoded[_MAC_BYTES:]
            matches = [hmac.compare_digest(mac, _mac(key, body, filters)) for key in self._keys()]
            cursor = _Cursor.model_validate_json(body) if any(matches) else None
        except (ValueError, ValidationError):
            cursor = None
        if cursor is None or cursor.until < self.clock():
            raise PayloadInvalid("the cursor is not one of this list, or is older than a day")
        return cursor.after

    def _keys(self) -> Sequence[str]:
        keys = self.keys()
        if not keys:
            raise Unavailable("there is no key to sign cursors with")
        return keys


def _mac(key: str, body: bytes, filters: str) -> bytes:
    signed = hashlib.sha256(filters.encode()).digest() + body
    return hmac.digest(key.encode(), signed, "sha256")[:_MAC_BYTES]
