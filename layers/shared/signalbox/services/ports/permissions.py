"""The ports of permissions: answers of providers that functions share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedPermission:
    """Whether a person may give commands, and until when that is valid."""

    allowed: bool
    until: datetime


RecallPermission = Callable[[tuple[str, ...]], CachedPermission | None]
"""Return the shared permission with this key, None if there is none. Raises Unavailable."""

RememberPermission = Callable[[tuple[str, ...], CachedPermission], None]
"""Share a permission under this key. It never raises: the next one asks again."""
