"""Access tokens in the memory of a process.

Threads that need a token at the same time share one fetch and its outcome.
"""

from collections.abc import Callable, Hashable
from copy import copy
from dataclasses import dataclass, field
from threading import Lock

from signalbox.egress.token_endpoint import AccessToken
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.frozen import frozen
from signalbox.services.ports.time import Clock


@dataclass(slots=True, eq=False, repr=False)
class _Entry:
    """The token of a client, and the outcome of the latest of the fetches."""

    lock: Lock
    fetches: int = 0
    token: AccessToken | None = None
    error: SendRefused | SendDelayed | None = None


@frozen
class TokenCache:
    """Tokens by keys, for the life of the process."""

    _entries: dict[Hashable, _Entry] = field(default_factory=dict, init=False, repr=False)

    def token(
        self,
        key: Hashable,
        fetch: Callable[[], AccessToken],
        *,
        refused: AccessToken | None,
        clock: Clock,
    ) -> AccessToken:
        """Return a valid token, another one than that which the target has refused.

        Raises:
            SendDelayed: `fetch` raised it, for this thread or for one that it has waited for.
            SendRefused: As above.
        """
        entry = self._entries.setdefault(key, _Entry(lock=Lock()))
        fetches = entry.fetches
        with entry.lock:
            token = entry.token
            if token and token != refused and clock() < token.expires_at:
                return token
            if entry.error and entry.fetches > fetches:
                raise copy(entry.error)
            return _fetched(entry, fetch)


def _fetched(entry: _Entry, fetch: Callable[[], AccessToken]) -> AccessToken:
    entry.token, entry.error = None, None
    try:
        entry.token = fetch()
    except (SendRefused, SendDelayed) as error:
        entry.error = copy(error)
        raise
    finally:
        entry.fetches += 1
    return entry.token
