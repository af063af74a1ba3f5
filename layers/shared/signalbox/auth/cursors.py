"""Cursors: where the next page starts, signed, so that nobody can make one up."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import ValidationError

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.errors import PayloadInvalid, Unavailable
from signalbox.services.ports.time import Clock

_MAC: Final = 16
_VALID_FOR: Final = timedelta(hours=24)


class _Cursor(Model):
    after: str
    until: UtcDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursors:
    """Signs positions in a list.

    A cursor holds for one list with one set of filters, for a day.

    `keys` are the current key and those before it.
    """

    keys: Callable[[], Sequence[str]]
    clock: Clock

    def sign(self, after: str, filters: str) -> str:
        """Return the cursor for the page behind this position."""
        cursor = _Cursor(after=after, until=self.clock() + _VALID_FOR)
        body = cursor.model_dump_json().encode()
        return urlsafe_b64encode(_mac(self._keys()[0], body, filters) + body).decode().rstrip("=")

    def read(self, text: str, filters: str) -> str:
        """Return the position that a cursor names.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        try:
            raw = urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
            mac, body = raw[:_MAC], raw[_MAC:]
            good = [hmac.compare_digest(mac, _mac(key, body, filters)) for key in self._keys()]
            cursor = _Cursor.model_validate_json(body) if any(good) else None
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
    return hmac.digest(key.encode(), signed, "sha256")[:_MAC]
