"""The keys of issuers: parsed, cached, and fetched again when they rotate.

joserfc, and with it cryptography, is imported when the first key set is parsed, so that requests
with API keys do not wait for it.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signalbox.auth.jose_json import base64url_decode, parse_object
from signalbox.models.base import JsonObject
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.issuer import MIN_SECRET, Algorithm, Issuer
from signalbox.services.ports.auth import FetchJwks
from signalbox.services.ports.metrics import Count
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey
    from joserfc.jws import JWSRegistry

MAX_JWKS_BYTES: Final = 150_000
_MAX_KEYS: Final = 100
_MIN_RSA_BITS: Final = 2048
_MAX_RSA_BITS: Final = 8192
_MAX_HEADER: Final = 8192

_MIN_TTL: Final = timedelta(minutes=5)
_MAX_TTL: Final = timedelta(hours=24)
_STALE_TTL: Final = timedelta(hours=24)
_FETCH_INTERVAL: Final = timedelta(seconds=60)
_FETCH_INTERVAL_WITHOUT_KEYS: Final = timedelta(seconds=10)

_NEVER: Final = datetime.min.replace(tzinfo=UTC)

_MIN_EXPONENT: Final = 3
_COORDINATE: Final = 43
_TYPES: Final = ("RSA", "EC")
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

ISSUER_KEYS_UNUSABLE: Final = "the keys of the issuer cannot be used"


class VerificationKey(Protocol):
    """A key that verifies tokens with one algorithm."""

    @property
    def algorithm(self) -> Algorithm:
        """Return the only algorithm of the key."""

    @property
    def kid(self) -> str | None:
        """Return its id in its set."""

    def signed(self, token: str) -> bool:
        """Return whether it signed this token."""


@frozen
class _Shared:
    secret: str = field(repr=False)
    kid: str | None = None
    algorithm: Algorithm = Algorithm.HS256

    def signed(self, token: str) -> bool:
        body, _, signature = token.rpartition(".")
        mac = hmac.digest(self.secret.encode(), body.encode(), "sha256")
        return hmac.compare_digest(urlsafe_b64encode(mac).rstrip(b"="), signature.encode())


@frozen
class _Public:
    kid: str | None
    algorithm: Algorithm
    key: "RSAKey | ECKey"
    registry: "JWSRegistry"

    def signed(self, token: str) -> bool:
        from joserfc.errors import JoseError  # noqa: PLC0415  see above
        from joserfc.jws import deserialize_compact  # noqa: PLC0415  see above

        try:
            deserialize_compact(token, self.key, registry=self.registry)
        except (JoseError, ValueError):
            return False
        return True


class _Jwk(BaseModel):
    """The members of a key that are read; issuers add more."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    kty: Literal["RSA", "EC"]
    kid: str | None = Field(default=None, max_length=256)
    alg: str | None = None
    use: str | None = None
    key_ops: list[str] | None = None
    crv: str = ""
    n: str = ""
    e: str = ""
    x: str = ""
    y: str = ""

    @property
    def verifies(self) -> bool:
        """Return whether it may verify signatures."""
        return self.use in {None, "sig"} and (self.key_ops is None or "verify" in self.key_ops)


@lru_cache(maxsize=64)
def parse_jwks(text: bytes) -> tuple[VerificationKey, ...]:
    """Return the keys of a set that verify signatures with a supported algorithm, each once.

    A key that has another use, is weak or cannot be parsed is ignored (RFC 7517, 5). The others may
    share a `kid` (4.5): the algorithm distinguishes them, and otherwise each is tried, since the
    issuer vouches for all of them.

    Raises:
        Unavailable: The set as a whole cannot be trusted: it contains a shared secret or a
            private key, has no usable key, or is not a key set.
    """
    try:
        usable = tuple(_usable(dict.fromkeys(_well_formed(_members_of_keys(text)))))
    except ValueError:
        usable = ()
    if not usable:
        raise Unavailable(ISSUER_KEYS_UNUSABLE)
    return usable


def _members_of_keys(text: bytes) -> list[JsonObject]:
    """Return the members of each key.

    Raises:
        ValueError: The set breaks a rule.
    """
    if len(text) > MAX_JWKS_BYTES:
        raise ValueError("the set is too large")
    listed = parse_object(text).get("keys")
    keys = [key for key in listed if isinstance(key, dict)] if isinstance(listed, list) else []
    if len(keys) > _MAX_KEYS:
        raise ValueError("the keys are too many")
    if any(_PRIVATE & key.keys() for key in keys):
        raise ValueError("a key is not public")
    return keys


def _well_formed(keys: Iterable[JsonObject]) -> Iterator[_Jwk]:
    """Yield the well-formed keys for signatures, by what identifies them."""
    for members in keys:
        if members.get("kty") not in _TYPES:
            continue
        try:
            jwk = _Jwk.model_validate(members)
        except ValidationError:
            continue
        algorithm = Algorithm.RS256 if jwk.kty == "RSA" else Algorithm.ES256
        if jwk.verifies and jwk.alg in {None, algorithm} and _strong(jwk):
            yield jwk.model_copy(update={"alg": algorithm, "use": None, "key_ops": None})


def _usable(keys: Iterable[_Jwk]) -> Iterator[VerificationKey]:
    try:
        from joserfc.jwk import ECKey, RSAKey  # noqa: PLC0415  see above
        from joserfc.jws import JWSRegistry  # noqa: PLC0415  see above
    except ImportError:
        raise Unavailable("tokens cannot be verified here") from None

    for jwk in keys:
        algorithm = Algorithm(jwk.alg or "")
        registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        registry.max_header_length = _MAX_HEADER
        try:
            key = (
                RSAKey.import_key({"kty": "RSA", "n": jwk.n, "e": jwk.e})
                if jwk.kty == "RSA"
                else ECKey.import_key({"kty": "EC", "crv": jwk.crv, "x": jwk.x, "y": jwk.y})
            )
        except ValueError:  # the point is not on the curve
            continue
        yield _Public(kid=jwk.kid, algorithm=algorithm, key=key, registry=registry)


def _strong(jwk: _Jwk) -> bool:
    if jwk.kty == "EC":
        return jwk.crv == "P-256" and len(jwk.x) == len(jwk.y) == _COORDINATE
    try:
        modulus, exponent = (int.from_bytes(base64url_decode(part)) for part in (jwk.n, jwk.e))
    except ValueError:
        return False
    large = _MIN_RSA_BITS <= modulus.bit_length() <= _MAX_RSA_BITS
    return large and exponent % 2 == 1 and exponent >= _MIN_EXPONENT


@frozen
class _CachedKeys:
    """The keys of an issuer, and until when they are fresh."""

    keys: tuple[VerificationKey, ...]
    fresh_until: datetime


@frozen
class JwksCache:
    """Cache the keys of issuers.

    A set is cached for as long as its response says, between five minutes and a day. An unknown key
    id makes the cache fetch the set again, at most once a minute per issuer. While an issuer does
    not answer, its last keys are valid for another day. `secrets` returns shared secrets by name.
    """

    fetch: FetchJwks
    secrets: Callable[[str], Sequence[str]]
    clock: Clock
    count: Count
    _cache: dict[str, _CachedKeys] = field(default_factory=dict)
    _fetched_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def keys(self, issuer: Issuer, kid: str | None) -> Sequence[VerificationKey]:
        """Return the keys that may have signed a token with this key id.

        Raises:
            Unavailable: The keys cannot be fetched.
        """
        if issuer.jwks_url:
            with self._lock:
                return self._keys_at(issuer.jwks_url, kid)
        if issuer.jwks:
            return _with_kid(parse_jwks(issuer.jwks.encode()), kid)
        secrets = [s for s in self.secrets(issuer.secret) if len(s.encode()) >= MIN_SECRET]
        if not secrets:
            raise Unavailable("there is no secret to verify tokens with")
        return [_Shared(secret=secret) for secret in secrets]

    def _keys_at(self, url: str, kid: str | None) -> Sequence[VerificationKey]:
        ring = self._cached(url)
        found = _with_kid(ring.keys, kid)
        if found or kid is None or not self._may_fetch(url, "unknown", _FETCH_INTERVAL):
            return found
        newer = self._fetch(url)
        return _with_kid(newer.keys, kid) if newer else ()

    def _cached(self, url: str) -> _CachedKeys:
        """Return the cached keys.

        Raises:
            Unavailable: They are too old.
        """
        ring, now = self._cache.get(url), self.clock()
        if ring and now < ring.fresh_until:
            return ring
        if self._may_fetch(url, "stale", _FETCH_INTERVAL if ring else _FETCH_INTERVAL_WITHOUT_KEYS):
            ring = self._fetch(url) or ring
        if ring is None or now >= ring.fresh_until + _STALE_TTL:
            raise Unavailable("the keys of the issuer cannot be read")
        return ring

    def _may_fetch(self, url: str, why: str, wait: timedelta) -> bool:
        now = self.clock()
        if now - self._fetched_at.get((url, why), _NEVER) < wait:
            return False
        self._fetched_at[url, why] = now
        return True

    def _fetch(self, url: str) -> _CachedKeys | None:
        """Return the keys as fetched now, or None."""
        try:
            answer = self.fetch(url)
            keys = parse_jwks(answer.body)
        except Unavailable:
            self.count("IssuerKeys", {"outcome": "failed"})
            return None
        self.count("IssuerKeys", {"outcome": "read"})
        kept = min(max(answer.max_age or _MIN_TTL, _MIN_TTL), _MAX_TTL)
        self._cache[url] = _CachedKeys(keys=keys, fresh_until=self.clock() + kept)
        return self._cache[url]


def _with_kid(keys: Sequence[VerificationKey], kid: str | None) -> Sequence[VerificationKey]:
    """Return the keys with this id; a token without an id selects the only key of the set."""
    if kid is None:
        return keys if len(keys) == 1 else ()
    return [key for key in keys if key.kid == kid]
