"""Stored responses in the memory of a process, up to a number of bytes."""

from collections import OrderedDict
from dataclasses import dataclass, field

from signalbox.services.gateway.request import GatewayRequest
from signalbox.services.gateway.stored_response import StoredResponse

MAX_VARIANTS = 20
"""How many responses are stored for one URL."""


@dataclass(slots=True, kw_only=True)
class ResponseStore:
    """The responses by the digest of their URL; the one used the longest ago is removed first."""

    max_bytes: int
    _by_url: OrderedDict[bytes, tuple[StoredResponse, ...]] = field(default_factory=OrderedDict)
    _size: int = 0

    def find(self, url: bytes, key: bytes, request: GatewayRequest) -> StoredResponse | None:
        """Return the response for a request, the newest if there are several."""
        for stored in self._by_url.get(url, ()):
            if stored.fits(key, request):
                self._by_url.move_to_end(url)
                return stored
        return None

    def put(self, url: bytes, response: StoredResponse) -> None:
        """Store a response in place of one for the same requests."""
        old = self._by_url.pop(url, ())
        kept = [
            stored
            for stored in old
            if (stored.key, stored.varying) != (response.key, response.varying)
        ]
        new = (response, *kept)[:MAX_VARIANTS]
        self._by_url[url] = new
        self._size += sum(stored.size for stored in new) - sum(stored.size for stored in old)
        while self._size > self.max_bytes and self._by_url:
            _, removed = self._by_url.popitem(last=False)
            self._size -= sum(stored.size for stored in removed)

    def invalidate(self, url: bytes) -> None:
        """Remove the responses of a URL."""
        self._size -= sum(stored.size for stored in self._by_url.pop(url, ()))
