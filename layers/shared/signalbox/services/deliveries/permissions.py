"""Who may give commands: persons with write access, by the API of the provider.

What cannot be found out is refused. Answers are cached in memory, so that a discussion does not ask
for each comment. A function that must answer soon asks only if there is time: otherwise the
delivery is deferred, and the function that asks then shares the answer.
"""

from collections.abc import Callable
from dataclasses import field
from datetime import timedelta
from typing import Final

from signalbox.models.errors import (
    DeliveryDeferred,
    PayloadInvalid,
    SendDelayed,
    SendRefused,
    Unavailable,
)
from signalbox.models.event import Author, Event
from signalbox.models.frozen import frozen
from signalbox.models.source import Source
from signalbox.services.ports.deliveries import PermissionCheck
from signalbox.services.ports.permissions import (
    CachedPermission,
    RecallPermission,
    RememberPermission,
)
from signalbox.services.ports.time import Clock, TimeLeft

AskPermission = Callable[[Event, Author], bool]
"""Return whether a person may write where the event happened.

Raises SendDelayed, SendRefused, and Unavailable if the secrets did not answer.
"""

OpenPermissions = Callable[[Source], AskPermission | None]
"""Return whom to ask for a source, None if its provider cannot be asked.

Raises PayloadInvalid if the settings of the source are not valid.
"""

LONGEST_CHECK: Final = 8.0
"""How many seconds a check may take: six to read the token, two for the answer."""

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


def nobody_in_time(time_left: TimeLeft) -> PermissionCheck:  # noqa: ARG001  a PermissionsWithin
    """Return the check where nobody can be asked."""
    return nobody_may


def _recall_nothing(key: tuple[str, ...]) -> CachedPermission | None:  # noqa: ARG001  the port's
    return None


def _remember_nothing(key: tuple[str, ...], permission: CachedPermission) -> None:
    """Do nothing: this function shares no answers."""


@frozen
class CheckPermission:
    """Check permissions with the API of the provider. It is a PermissionCheck.

    `recall` and `remember` share answers with other functions; they are used only where there is
    no time to ask, and where there is all of it.
    """

    open_permissions: OpenPermissions
    clock: Clock
    recall: RecallPermission = _recall_nothing
    remember: RememberPermission = _remember_nothing
    _cache: dict[tuple[str, ...], CachedPermission] = field(default_factory=dict)

    def __call__(self, source: Source, event: Event, person: Author) -> str | None:
        """Return why the person may not give commands, None if they may."""
        try:
            return self._reason(source, event, person, None)
        except DeliveryDeferred as delayed:
            return delayed.reason

    def within(self, time_left: TimeLeft) -> PermissionCheck:
        """Return the check for a caller with so many seconds left.

        It raises DeliveryDeferred if there is no time to ask, or no answer now.
        """

        def check(source: Source, event: Event, person: Author) -> str | None:
            return self._reason(source, event, person, time_left)

        return check

    def _reason(
        self, source: Source, event: Event, person: Author, time_left: TimeLeft | None
    ) -> str | None:
        try:
            allowed = self._allowed(source, event, person, time_left)
        except (SendRefused, PayloadInvalid) as error:
            return _not_checked(person, error.reason)
        except (SendDelayed, Unavailable) as error:
            raise DeliveryDeferred(_not_checked(person, error.reason)) from error
        if allowed is None:
            return nobody_may(source, event, person)
        where = f" to {event.repository}" if event.repository else ""
        return None if allowed else f"{person.name} has no write access{where}"

    def _allowed(
        self, source: Source, event: Event, person: Author, time_left: TimeLeft | None
    ) -> bool | None:
        """Return whether the person may, None if nobody can be asked."""
        key = (source.key, event.repository or "", person.name)
        cached = self._current(self._cache.get(key))
        if cached:
            return cached.allowed
        ask = self.open_permissions(source)
        if ask is None:
            return None
        if time_left and time_left() < LONGEST_CHECK:
            cached = self._recalled(key)
            if cached is None:
                raise DeliveryDeferred(
                    f"there is no time to ask the provider for the permission of {person.name}"
                )
        else:
            cached = self._answered(ask(event, person))
            self.remember(key, cached)
        if len(self._cache) >= _MAX_CACHED:
            self._cache.clear()
        self._cache[key] = cached
        return cached.allowed

    def _answered(self, allowed: bool) -> CachedPermission:  # noqa: FBT001  what was answered
        until = self.clock() + (_ALLOWED_FOR if allowed else _REFUSED_FOR)
        return CachedPermission(allowed=allowed, until=until)

    def _recalled(self, key: tuple[str, ...]) -> CachedPermission | None:
        try:
            return self._current(self.recall(key))
        except Unavailable:
            return None

    def _current(self, cached: CachedPermission | None) -> CachedPermission | None:
        return cached if cached and self.clock() < cached.until else None


def _not_checked(person: Author, reason: str) -> str:
    return f"the permission of {person.name} could not be checked: {reason}"
