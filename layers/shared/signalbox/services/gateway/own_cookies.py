"""Keep the session cookies of the API from services, which have its origin.

A service neither learns a session nor sets one in place of another.
"""

from collections.abc import Iterator
from typing import Final

from signalbox.models.session_cookies import SESSION_COOKIES
from signalbox.services.ports.gateway import HeaderFields

_MARK: Final = "signalbox"
"""What every one of the names has; most requests have it nowhere."""


def without_own_cookies(fields: HeaderFields) -> Iterator[tuple[str, str]]:
    """Yield the fields of a request without our cookies in `Cookie`."""
    for name, value in fields:
        if name.lower() != "cookie" or _MARK not in value:
            yield name, value
        elif others := [pair.strip() for pair in value.split(";") if not _is_own(pair)]:
            yield name, "; ".join(others)


def sets_own_cookie(name: str, value: str) -> bool:
    """Return whether a field of a response sets one of our cookies."""
    return name.lower() == "set-cookie" and _is_own(value)


def _is_own(pair: str) -> bool:
    return pair.partition("=")[0].strip() in SESSION_COOKIES
