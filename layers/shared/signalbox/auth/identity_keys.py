"""Which of the keys of identities signs, and which are published.

Keys are stored as JWKs in JSON. `signs_from`, a member of our own, is the time from which a key
signs, in seconds since 1970: a new key is published before, and the one that it replaces after.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from signalbox.models.base import JsonObject
from signalbox.models.errors import Conflict, Unavailable
from signalbox.models.frozen import frozen

PUBLISHED_BEFORE: Final = timedelta(minutes=15)
"""Functions see a new key within 5 minutes, and services fetch keys every 5 minutes."""

PUBLISHED_AFTER: Final = timedelta(minutes=75)
"""A function that cannot read the keys goes on with those that it read, for an hour."""

_SIGNS_FROM: Final = "signs_from"


@frozen
class IdentityKey:
    """A private key, as a JWK in JSON, and the time from which it signs."""

    jwk: str
    signs_from: int


def parse_identity_keys(texts: Iterable[str]) -> Sequence[IdentityKey]:
    """Return stored keys in the order in which they sign.

    Raises:
        Unavailable: One of them is no key, or there is none.
    """
    keys = sorted(map(_parsed, texts), key=lambda key: key.signs_from)
    if not keys:
        raise Unavailable("there is no key for identities")
    return keys


def signing_key(keys: Sequence[IdentityKey], now: datetime) -> IdentityKey:
    """Return the key that signs: the last whose time has come."""
    due = [key for key in keys if key.signs_from <= now.timestamp()]
    return due[-1] if due else keys[0]


def published_keys(keys: Sequence[IdentityKey], now: datetime) -> Sequence[IdentityKey]:
    """Return the keys by which a service may verify: those that sign, will sign, or just did."""
    retired = (now - PUBLISHED_AFTER).timestamp()
    ends = [successor.signs_from for successor in keys[1:]]
    return [key for key, end in zip(keys, ends, strict=False) if end > retired] + [keys[-1]]


def rotate_identity_keys(
    texts: Sequence[str], new: str, now: datetime, *, at_once: bool = False
) -> Sequence[str]:
    """Return what to store so that a new key follows the current one, the current one first.

    Keys that are not published any more are left out. With `at_once` the new one replaces all.

    Raises:
        Conflict: An earlier rotation is not over: its key does not sign yet.
        Unavailable: A stored key cannot be read.
    """
    if at_once or not texts:
        return [_stored(new, now)]
    keys = parse_identity_keys(texts)
    if keys[-1].signs_from > now.timestamp():
        raise Conflict("the key of the last rotation does not sign yet")
    current = [_stored_key(key) for key in published_keys(keys, now)]
    return [*current[::-1], _stored(new, now + PUBLISHED_BEFORE)]


def _parsed(text: str) -> IdentityKey:
    try:
        jwk: JsonObject = json.loads(text)
        signs_from = jwk.pop(_SIGNS_FROM, 0)
        if isinstance(signs_from, int):
            return IdentityKey(jwk=json.dumps(jwk), signs_from=signs_from)
    except (ValueError, AttributeError, TypeError):
        pass
    raise Unavailable("a key for identities cannot be read")


def _stored(jwk: str, signs_from: datetime) -> str:
    return _stored_key(IdentityKey(jwk=jwk, signs_from=int(signs_from.timestamp())))


def _stored_key(key: IdentityKey) -> str:
    return json.dumps({**json.loads(key.jwk), _SIGNS_FROM: key.signs_from})
