"""The grants of a connection with a refresh token: its current tokens, and who renews them."""

from datetime import datetime
from typing import Final

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime

_MAX_CHAINS: Final = 3
"""While a secret changes, processes may use the one before it for some minutes."""


class TokenChain(Model):
    """The current tokens of the chain that began with the refresh token in a secret.

    `origin` identifies that secret. `refused_at` is when the server refused the refresh token.
    """

    origin: str
    refresh_token: str = Field(repr=False)
    access_token: str | None = Field(default=None, repr=False)
    issued_at: UtcDatetime
    expires_at: UtcDatetime
    refused_at: UtcDatetime | None = None


class Grants(Model):
    """The chains of a connection, the one that was renewed last first.

    `generation` grows with every refresh.
    """

    generation: int = 0
    chains: tuple[TokenChain, ...] = ()

    def chain(self, origin: str) -> TokenChain | None:
        """Return the chain of an origin."""
        return next((chain for chain in self.chains if chain.origin == origin), None)

    def having(self, chain: TokenChain, generation: int) -> "Grants":
        """Return the grants with a chain; the others lose their access tokens, to remain small."""
        others = (
            each.model_copy(update={"access_token": None})
            for each in self.chains
            if each.origin != chain.origin
        )
        return Grants(generation=generation, chains=(chain, *others)[:_MAX_CHAINS])

    def refusing(self, origin: str, refresh_token: str, at: datetime) -> "Grants":
        """Return the grants with a chain whose refresh token was refused; nothing else changes."""
        chain = self.chain(origin) or TokenChain(
            origin=origin, refresh_token=refresh_token, issued_at=at, expires_at=at
        )
        refused = chain.model_copy(update={"refused_at": at, "access_token": None})
        others = tuple(each for each in self.chains if each.origin != origin)
        chains = (*others[: _MAX_CHAINS - 1], refused)
        return Grants(generation=self.generation, chains=chains)

    def without_access_tokens(self) -> "Grants":
        """Return the grants with refresh tokens alone."""
        chains = (each.model_copy(update={"access_token": None}) for each in self.chains)
        return Grants(generation=self.generation, chains=tuple(chains))


class RefreshLock(Model):
    """Who may use the refresh tokens of a connection: nobody else until `locked_until`.

    `generation` is that of the grants that were stored last, at `refreshed_at`. `version` is 0 if
    no lock is stored.
    """

    version: int = 0
    locked_until: UtcDatetime | None = None
    generation: int = 0
    refreshed_at: UtcDatetime | None = None

    def is_locked(self, now: datetime) -> bool:
        """Return whether somebody may be using a refresh token."""
        return self.locked_until is not None and now < self.locked_until
