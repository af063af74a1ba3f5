"""API keys: `sbx_<environment>_<12 id><43 secret><6 checksum>`, in base 62.

Only a SHA-256 of the whole key is stored: the secret has 256 bits, so a fast hash is enough. The
checksum refuses typing errors before a table is read, and lets secret scanners recognise a leaked
key.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final
from zlib import crc32

from signalbox.models.errors import Unauthenticated
from signalbox.models.frozen import frozen
from signalbox.models.ids import KeyId
from signalbox.models.principal import BUILT_IN_ROLES, ApiKey, Principal, Scope
from signalbox.services.ports.config import KeyStore
from signalbox.services.ports.time import Clock

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY: Final = re.compile(r"sbx_(live|test)_([0-9A-Za-z]{12})([0-9A-Za-z]{43})([0-9A-Za-z]{6})")
_ID: Final = 12
_SECRET: Final = 43
KEY_CACHE_TTL: Final = timedelta(seconds=30)
_CACHE_SIZE: Final = 1_000
KEY_PRINCIPAL: Final = "key:"
"""What the name of the principal of a key begins with."""

_NO_DIGEST: Final = "0" * 64

KEY_INVALID_DETAIL: Final = "the API key is not valid"


@frozen
class NewKey:
    """A new key: `text` is shown once and never stored."""

    text: str
    stored: ApiKey


def new_key(
    environment: str,
    *,
    name: str,
    roles: tuple[str, ...],
    scopes: tuple[Scope, ...],
    created_by: str,
    now: datetime,
    expires_at: datetime | None = None,
    named: str | None = None,
) -> NewKey:
    """Return a key with a new secret, and a new id or the one derived from `named`."""
    identifier = _random_text(_ID) if named is None else _named_id(named)
    secret = _random_text(_SECRET)
    head = f"sbx_{environment}_{identifier}{secret}"
    text = head + _checksum(head)
    stored = ApiKey(
        id=KeyId(identifier),
        digest=_digest(text),
        name=name,
        roles=roles,
        scopes=scopes,
        created_at=now,
        created_by=created_by,
        expires_at=expires_at,
    )
    return NewKey(text=text, stored=stored)


@dataclass(slots=True, kw_only=True)
class _CachedKey:
    """A key and when it was read. Its `principal` is stored if all of its roles are built in."""

    read_at: datetime
    key: ApiKey
    principal: Principal | None = None


@frozen
class KeyAuthenticator:
    """Authenticate callers by API keys. A revoked key is refused after at most `cache_ttl`.

    `roles` returns the scopes of all roles; it is called only for a key with a custom role.
    """

    store: KeyStore
    clock: Clock
    environment: str
    cache_ttl: timedelta = KEY_CACHE_TTL
    roles: Callable[[], Mapping[str, frozenset[Scope]]] = lambda: BUILT_IN_ROLES
    _cache: dict[KeyId, _CachedKey] = field(default_factory=dict)

    def authenticate(self, text: str) -> Principal:
        """Return the principal of the key.

        Raises:
            Unauthenticated: The key is not valid, with the same message for every reason.
        """
        parts = _KEY.fullmatch(text)
        if not parts or parts[1] != self.environment:
            raise Unauthenticated(KEY_INVALID_DETAIL)
        identifier = KeyId(parts[2])
        found = self._cached(identifier)
        if found is None and _checksum(text[:-6]) == parts[4]:
            found = self._read(identifier)
        known = found.key.digest if found else _NO_DIGEST
        same = compare_digest(known.encode(), _digest(text).encode())
        if not same or found is None or not _is_valid(found.key, self.clock()):
            raise Unauthenticated(KEY_INVALID_DETAIL)
        return self._principal(found)

    def _principal(self, found: _CachedKey) -> Principal:
        if not BUILT_IN_ROLES.keys() >= set(found.key.roles):
            return _principal_of(found.key, self.roles())
        if found.principal is None:
            found.principal = _principal_of(found.key, BUILT_IN_ROLES)
        return found.principal

    def current(self, principal: Principal) -> Principal | None:
        """Return what the key of a principal allows now, None if it is no longer valid."""
        identifier = KeyId(principal.name.removeprefix(KEY_PRINCIPAL))
        found = self._cached(identifier) or self._read(identifier)
        return self._principal(found) if found and _is_valid(found.key, self.clock()) else None

    def _cached(self, identifier: KeyId) -> _CachedKey | None:
        known = self._cache.get(identifier)
        return known if known and self.clock() - known.read_at < self.cache_ttl else None

    def _read(self, identifier: KeyId) -> _CachedKey | None:
        now = self.clock()
        key = self.store.find(identifier)
        if key is None:  # what is made up takes no room from what is there
            self._cache.pop(identifier, None)
            return None
        if len(self._cache) >= _CACHE_SIZE and identifier not in self._cache:
            self._cache.clear()
        found = self._cache[identifier] = _CachedKey(read_at=now, key=key)
        return found


def _principal_of(key: ApiKey, role_scopes: Mapping[str, frozenset[Scope]]) -> Principal:
    return Principal(
        name=f"{KEY_PRINCIPAL}{key.id}",
        scopes=key.granted(role_scopes),
        roles=key.roles,
        expires_at=key.expires_at,
    )


def _is_valid(key: ApiKey, now: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or now < key.expires_at)


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _named_id(named: str) -> str:
    """Return an id that reveals nothing of the name that it is derived from."""
    number = int.from_bytes(hashlib.sha256(named.encode()).digest())
    base = len(_ALPHABET)
    return "".join(_ALPHABET[number // base**place % base] for place in range(_ID))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(head: str) -> str:
    number = crc32(head.encode())
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
