"""The names of the session cookies, which are meant for the API and for nobody else."""

from typing import Final

SESSION_COOKIE: Final = "__Host-signalbox"
LOCAL_SESSION_COOKIE: Final = "signalbox-local"
"""The cookie where the API has no TLS, as on the local stack."""

SESSION_COOKIES: Final = frozenset({SESSION_COOKIE, LOCAL_SESSION_COOKIE})
