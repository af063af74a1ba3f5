"""Access tokens of OAuth 2.0 by refresh tokens, which many servers accept only once.

https://www.rfc-editor.org/rfc/rfc6749#section-6

One process at a time uses the refresh token of a connection, and stores the new one before its
access token is used. Processes share the tokens by the store of grants.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
from datetime import timedelta
from typing import Final

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.egress.token_cache import TokenCache
from signalbox.egress.token_endpoint import (
    AccessToken,
    GrantRefused,
    request_tokens,
    token_request,
)
from signalbox.models.connection import Connection
from signalbox.models.connection_auth import (
    RefreshSecret,
    RefreshTokenGrant,
    parse_refresh_secret,
)
from signalbox.models.errors import SendPostponed, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.grants import Grants, RefreshLock, TokenChain
from signalbox.models.ids import ConnectionId
from signalbox.services.ports.grants import GrantStore, RefreshLockStore
from signalbox.services.ports.time import Clock

REFRESH_LOCK_TIME: Final = timedelta(minutes=2)
"""Longer than a function runs: who holds the lock and lives has given it back before."""

_RETRY: Final = timedelta(seconds=5)
_REFUSED_FOR: Final = timedelta(hours=1)
"""For how long a refused refresh token is not tried again."""

_MIN_AGE: Final = timedelta(minutes=5)
"""How old a token is before it is replaced because a target refuses it: most 403 are permanent."""

_STORE_LAG: Final = timedelta(minutes=1)
"""For how long the store may return older grants than those that were stored."""


@frozen
class _Client:
    connection: Connection
    auth: RefreshTokenGrant
    secret: RefreshSecret

    @property
    def id(self) -> ConnectionId:
        return self.connection.id

    @property
    def origin(self) -> str:
        return self.auth.origin(self.secret)


@frozen
class _Unstored:
    """Grants that the store did not take, and the lock under which they were issued."""

    grants: Grants
    lock: RefreshLock


@frozen
class RefreshedTokens:
    """Tokens by connection and secret, shared with other processes."""

    http: Callable[[HttpRequest], HttpResponse]
    clock: Clock
    grants: GrantStore
    locks: RefreshLockStore
    _cache: TokenCache = field(default_factory=TokenCache, init=False, repr=False)
    _unstored: dict[ConnectionId, _Unstored] = field(default_factory=dict, init=False, repr=False)

    def token(
        self,
        connection: Connection,
        auth: RefreshTokenGrant,
        secret: str,
        *,
        refused: AccessToken | None = None,
    ) -> AccessToken:
        """Return a valid token, another one than that which the target has refused.

        If that one is the current one and only some minutes old, it is returned again.

        Raises:
            SendPostponed: Another process refreshes it, or the new one is not stored yet.
            SendDelayed: The token endpoint does not answer now.
            GrantRefused: It does not accept the refresh token: somebody must authorize again.
            SecretRefused: It does not accept the client secret, or the secret is none for it.
            SendRefused: It will never issue such a token.
        """
        parsed = parse_refresh_secret(secret)
        if parsed is None:
            raise SecretRefused("the secret is not a JSON object with a refresh_token")
        client = _Client(connection=connection, auth=auth, secret=parsed)
        key = (connection.grants_name, auth, parsed.client_secret, client.origin)
        return self._cache.token(
            key, lambda: self._current(client, refused), refused=refused, clock=self.clock
        )

    def _current(self, client: _Client, refused: AccessToken | None) -> AccessToken:
        try:
            token = None
            if client.id not in self._unstored:
                token = self._shared(client, self.grants.get(client.connection), refused)
            return token or self._locked(client, refused)
        except Unavailable as error:
            raise SendPostponed(error.reason, _RETRY) from None

    def _shared(
        self, client: _Client, grants: Grants, refused: AccessToken | None
    ) -> AccessToken | None:
        """Return the token in the grants, None if it cannot be used.

        Raises:
            GrantRefused: The refresh token was refused not long ago.
        """
        now, chain = self.clock(), grants.chain(client.origin)
        if chain is None:
            return None
        if chain.refused_at and now - chain.refused_at < _REFUSED_FOR:
            raise GrantRefused(_reauthorize(client, "the refresh token was refused"))
        value = chain.access_token
        if value is None or now >= chain.expires_at:
            return None
        if refused and refused.value == value and now - chain.issued_at >= _MIN_AGE:
            return None
        return AccessToken(value=value, issued_at=chain.issued_at, expires_at=chain.expires_at)

    def _locked(self, client: _Client, refused: AccessToken | None) -> AccessToken:
        """Return the token that another process has stored meanwhile, or a new one."""
        lock = self._acquired(client.id)
        generation = lock.generation
        try:
            grants = self._stored(client, lock)
            token = self._shared(client, grants, refused)
            if token is None:
                self._check_age(grants, lock)
                grants, token = self._refreshed(client, grants, lock)
            generation = max(generation, grants.generation)
            return token
        finally:
            if client.id not in self._unstored:
                self._release(client.id, lock, generation)

    def _acquired(self, connection: ConnectionId) -> RefreshLock:
        """Return the lock as it is stored, locked by this thread.

        Raises:
            SendPostponed: Another one has it.
        """
        now, stored = self.clock(), self.locks.get(connection)
        unstored = self._unstored.get(connection)
        is_ours = unstored is not None and unstored.lock.version == stored.version
        busy = SendPostponed("another process refreshes the access token", _RETRY)
        if stored.is_locked(now) and not is_ours:
            raise busy
        locked = stored.model_copy(update={"locked_until": now + REFRESH_LOCK_TIME})
        try:
            self.locks.replace(connection, stored, locked)
        except WriteConflict:
            raise busy from None
        return locked.model_copy(update={"version": stored.version + 1})

    def _stored(self, client: _Client, lock: RefreshLock) -> Grants:
        """Return what is stored, after storing what could not be stored before."""
        stored = self.grants.get(client.connection)
        unstored = self._unstored.get(client.id)
        if unstored and stored.generation < unstored.grants.generation:
            self._put(client, unstored.grants, lock)
            return unstored.grants
        self._unstored.pop(client.id, None)
        return stored

    def _check_age(self, grants: Grants, lock: RefreshLock) -> None:
        """Return unless the grants are older than others that were stored.

        Raises:
            SendPostponed: They are; their refresh token may have been used.
        """
        lag = self.clock() - lock.refreshed_at if lock.refreshed_at else _STORE_LAG
        if grants.generation < lock.generation and lag < _STORE_LAG:
            raise SendPostponed("the parameter store does not show the newest tokens yet", _RETRY)

    def _refreshed(
        self, client: _Client, grants: Grants, lock: RefreshLock
    ) -> tuple[Grants, AccessToken]:
        now, chain = self.clock(), grants.chain(client.origin)
        refresh_token = chain.refresh_token if chain else client.secret.refresh_token
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        request = token_request(client.auth, client.secret.client_secret, form)
        try:
            issued = request_tokens(self.http, request, now)
        except GrantRefused as error:
            with suppress(Unavailable):  # without it the next notification asks again
                self.grants.put(
                    client.connection, grants.refusing(client.origin, refresh_token, now)
                )
            raise GrantRefused(_reauthorize(client, error.reason)) from None
        renewed = TokenChain(
            origin=client.origin,
            refresh_token=issued.refresh_token or refresh_token,
            access_token=issued.access.value,
            issued_at=now,
            expires_at=issued.access.expires_at,
        )
        generation = max(grants.generation, lock.generation) + 1
        after = grants.having(renewed, generation)
        self._put(client, after, lock)
        return after, issued.access

    def _put(self, client: _Client, grants: Grants, lock: RefreshLock) -> None:
        """Store the grants, or remember them: the refresh token before them may be void.

        Raises:
            SendPostponed: The store did not take them.
        """
        self._unstored[client.id] = _Unstored(grants=grants, lock=lock)
        try:
            self.grants.put(client.connection, grants)
        except Unavailable:
            raise SendPostponed("the new refresh token could not be stored", _RETRY) from None
        del self._unstored[client.id]

    def _release(self, connection: ConnectionId, lock: RefreshLock, generation: int) -> None:
        changes: dict[str, object] = {"locked_until": None}
        if generation > lock.generation:
            changes |= {"generation": generation, "refreshed_at": self.clock()}
        with suppress(WriteConflict, Unavailable):  # it ends by itself
            self.locks.replace(connection, lock, lock.model_copy(update=changes))


def _reauthorize(client: _Client, reason: str) -> str:
    name = client.connection.secret_name
    return f"{reason}: authorize the connection again, and store its new secret as {name}"
