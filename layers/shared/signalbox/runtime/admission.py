"""Builds the door of the API: keys, tokens and limits."""

from functools import cache
from typing import TYPE_CHECKING

from signalbox.auth.keys import ApiKeys
from signalbox.auth.limits import RateLimit
from signalbox.aws.limits import DynamoBuckets
from signalbox.http.admission import Admission, Authenticate
from signalbox.models.errors import Unauthenticated, Unavailable
from signalbox.models.limits import Limits
from signalbox.models.principal import Principal
from signalbox.runtime.telemetry import count
from signalbox.runtime.wiring import Wiring

if TYPE_CHECKING:
    from signalbox.auth.jwt import Tokens


def admission(wired: Wiring) -> Admission:
    """The door."""
    keys = ApiKeys(
        store=wired.keys,
        clock=wired.clock,
        environment=wired.settings.key_environment,
        roles=wired.config.worth,
    )
    return Admission(
        keys=keys.authenticate,
        tokens=_tokens(wired),
        limit=RateLimit(
            buckets=DynamoBuckets(table=wired.state_table),
            limits=lambda: _limits(wired),
            clock=wired.clock,
        ),
    )


def _limits(wired: Wiring) -> Limits:
    """How often callers may ask; the defaults while the configuration cannot be read."""
    try:
        return wired.config.limits()
    except Unavailable:
        return Limits()


def _tokens(wired: Wiring) -> Authenticate:
    """Knows tokens; loads what that takes with the first one."""

    @cache
    def known() -> "Tokens":
        from signalbox.auth.jwks import Keyring  # noqa: PLC0415  only who sends tokens pays for it
        from signalbox.auth.jwt import Tokens  # noqa: PLC0415  as above
        from signalbox.runtime.keysets import fetch  # noqa: PLC0415  as above

        keyring = Keyring(
            fetch=fetch(wired.settings.trusted),
            secrets=wired.secrets.secrets,
            clock=wired.clock,
            count=count,
        )
        return Tokens(
            issuers=wired.config.issuers,
            keyring=keyring,
            clock=wired.clock,
            roles=wired.config.worth,
        )

    def authenticate(text: str) -> Principal:
        if not text:
            raise Unauthenticated("this needs an API key or a token")
        return known().authenticate(text)

    return authenticate
