"""The ports of permissions: answers of providers that functions share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from signalbox.models.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime


@frozen
class CachedPermission:
    """Whether a person may give commands, and until when that is valid."""

    allowed: bool
    until: datetime


RecallPermission = Callable[[tuple[str, ...]], CachedPermission | None]
"""Return the shared permission with this key, None if there is none. Raises Unavailable."""

RememberPermission = Callable[[tuple[str, ...], CachedPermission], None]
"""Share a permission under this key. It never raises: the next one asks again."""
