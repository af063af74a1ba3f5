"""Who may give commands: persons with write access, by the API of the provider.

What cannot be found out is refused. Answers are cached in memory, so that a discussion does not ask
for each comment.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from signalbox.models.config import Source
from signalbox.models.errors import PayloadInvalid, SendDelayed, SendRefused, Unavailable
from signalbox.models.event import Author, Event
from signalbox.services.ports.time import Clock

AskPermission = Callable[[Event, Author], bool]
"""Return whether a person may write where the event happened. Raises SendDelayed, SendRefused."""

OpenPermissions = Callable[[Source], AskPermission | None]
"""Return whom to ask for a source, None if its provider cannot be asked.

Raises SendRefused if the source has no token, Unavailable, PayloadInvalid.
"""

_ALLOWED_FOR: Final = timedelta(minutes=5)
_REFUSED_FOR: Final = timedelta(minutes=1)
_MAX_CACHED: Final = 1_000

_HOW: Final = "list `authors` in the source, or set `permission: off`"


def everybody_may(source: Source, event: Event, person: Author) -> str | None:  # noqa: ARG001  a PermissionCheck
    """Return no reason: whoever asks only plans the tasks, and does not create them."""
    return None


def nobody_may(source: Source, event: Event, person: Author) -> str | None:  # noqa: ARG001  a PermissionCheck
    """Return why a person may not give commands where nobody can be asked."""
    return f"nothing tells whether {person.name} has write access: {_HOW}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPermission:
    """Check permissions with the API of the provider. It is a PermissionCheck."""

    open_permissions: OpenPermissions
    clock: Clock
    _cache: dict[tuple[str, ...], tuple[bool, datetime]] = field(default_factory=dict)

    def __call__(self, source: Source, event: Event, person: Author) -> str | None:
        """Return why the person may not give commands, None if they may."""
        try:
            allowed = self._allowed(source, event, person)
        except (SendDelayed, SendRefused, Unavailable, PayloadInvalid) as error:
            return f"the permission of {person.name} could not be checked: {error.reason}"
        if allowed is None:
            return nobody_may(source, event, person)
        where = f" to {event.repository}" if event.repository else ""
        return None if allowed else f"{person.name} has no write access{where}"

    def _allowed(self, source: Source, event: Event, person: Author) -> bool | None:
        key = (source.key, event.repository or "", person.name)
        now = self.clock()
        cached = self._cache.get(key)
        if cached and now < cached[1]:
            return cached[0]
        ask = self.open_permissions(source)
        if ask is None:
            return None
        allowed = ask(event, person)
        if len(self._cache) >= _MAX_CACHED:
            self._cache.clear()
        self._cache[key] = (allowed, now + (_ALLOWED_FOR if allowed else _REFUSED_FOR))
        return allowed
