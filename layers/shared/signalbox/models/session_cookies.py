"""The names of the session cookies, which are meant for the API and for nobody else."""

from typing import Final

SESSION_COOKIE: Final = "__Host-signalbox"
LOCAL_SESSION_COOKIE: Final = "signalbox-local"
"""The cookie where the API has no TLS, as on the local stack."""

LOGIN_SUFFIX: Final = "-login"
"""What is added for the cookie of a login that has begun."""

SESSION_COOKIES: Final = frozenset(
    name + suffix
    for name in (SESSION_COOKIE, LOCAL_SESSION_COOKIE)
    for suffix in ("", LOGIN_SUFFIX)
)
