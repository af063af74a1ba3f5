"""The public keys that services publish at a URL, cached.

Whoever can send a request can make it name a URL: after an unsuccessful fetch the next one has to
wait, so that forged requests cause few.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from signalbox.models.errors import Unavailable
from signalbox.services.ports.deliveries import FindPublishedKeys
from signalbox.services.ports.time import Clock

_TTL: Final = timedelta(hours=24)
_INTERVAL: Final = timedelta(seconds=1)
_MAX_CACHED: Final = 32


def no_published_keys(url: str) -> Sequence[str]:  # noqa: ARG001  a FindPublishedKeys
    """Return no keys, where nothing can be fetched."""
    return ()


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class PublishedKeyCache:
    """Cache what `fetch` finds for a day. While it fails, the last keys are valid."""

    fetch: FindPublishedKeys
    clock: Clock
    _cache: dict[str, tuple[Sequence[str], datetime]] = field(default_factory=dict)
    _wait_until: datetime | None = None

    def __call__(self, url: str) -> Sequence[str]:
        """Return the keys at a URL; none if there are none.

        Raises:
            Unavailable: They cannot be fetched now.
        """
        now = self.clock()
        keys, fresh_until = self._cache.get(url, ((), now))
        if now < fresh_until:
            return keys
        if self._wait_until is None or now >= self._wait_until:
            try:
                return self._fetched(url, now)
            except Unavailable:
                if not keys:
                    raise
        if not keys:
            raise Unavailable("a key that verifies signatures could not be fetched just now")
        return keys

    def _fetched(self, url: str, now: datetime) -> Sequence[str]:
        self._wait_until = now + _INTERVAL
        keys = self.fetch(url)
        if keys:
            self._wait_until = None
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            self._cache[url] = (keys, now + _TTL)
        return keys
