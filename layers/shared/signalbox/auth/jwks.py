"""The keys of issuers: read by a policy, kept, and asked for again when they rotate.

joserfc, and cryptography behind it, are imported by the first key set that is read: who comes with
an API key does not wait for them.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signalbox.auth.jose_json import base64url_decode, parse_object
from signalbox.models.base import JsonObject
from signalbox.models.errors import Unavailable
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
_LONGEST_HEADER: Final = 8192

_SHORTEST: Final = timedelta(minutes=5)
_LONGEST: Final = timedelta(hours=24)
_STALE_FOR: Final = timedelta(hours=24)
_ASK_AGAIN: Final = timedelta(seconds=60)
_ASK_AGAIN_WITHOUT_KEYS: Final = timedelta(seconds=10)

_NEVER: Final = datetime.min.replace(tzinfo=UTC)

_MIN_EXPONENT: Final = 3
_COORDINATE: Final = 43
_TYPES: Final = ("RSA", "EC")
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

ISSUER_KEYS_UNUSABLE: Final = "the keys of the issuer cannot be used"


class VerificationKey(Protocol):
    """What verifies tokens, by one algorithm."""

    @property
    def algorithm(self) -> Algorithm:
        """Return the only algorithm it is for."""

    @property
    def kid(self) -> str | None:
        """Return its name in its set."""

    def signed(self, token: str) -> bool:
        """Return whether it signed this token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    secret: str = field(repr=False)
    kid: str | None = None
    algorithm: Algorithm = Algorithm.HS256

    def signed(self, token: str) -> bool:
        body, _, signature = token.rpartition(".")
        mac = hmac.digest(self.secret.encode(), body.encode(), "sha256")
        return hmac.compare_digest(urlsafe_b64encode(mac).rstrip(b"="), signature.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
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
    """What is read of a key; issuers add more."""

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
        """Return whether it is meant for verifying signatures."""
        return self.use in {None, "sig"} and (self.key_ops is None or "verify" in self.key_ops)


@lru_cache(maxsize=64)
def parse_jwks(text: bytes) -> tuple[VerificationKey, ...]:
    """Return the keys of a set that verify by an algorithm we know, each of them once.

    A key that is for something else, is weak or cannot be read is left out, as RFC 7517, 5 asks.
    Those that remain may share a `kid` (4.5): the algorithm tells them apart, and where it does
    not, each is tried, for the issuer vouches for all of them.

    Raises:
        Unavailable: If the set as a whole is not to be trusted: it holds a shared secret or a
            private key, has no key for us, or is no key set.
    """
    try:
        usable = tuple(_usable(dict.fromkeys(_readable(_listed(text)))))
    except ValueError:
        usable = ()
    if not usable:
        raise Unavailable(ISSUER_KEYS_UNUSABLE)
    return usable


def _listed(text: bytes) -> list[JsonObject]:
    """Return the members of each key.

    Raises:
        ValueError: If the set breaks a rule.
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


def _readable(keys: Iterable[JsonObject]) -> Iterator[_Jwk]:
    """Yield the keys for signatures that are written as they should be, by what identifies them."""
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
        registry.max_header_length = _LONGEST_HEADER
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ring:
    """The keys that an issuer showed, and until when nobody asks it again."""

    keys: tuple[VerificationKey, ...]
    fresh_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JwksCache:
    """Finds the keys of issuers.

    A set is stored as long as its answer says, for five minutes to a day. Keys that are not in it
    have the issuer asked again, once a minute at most, however many they are. While it does not
    answer, the keys it showed last serve for a day more. `secrets` reads shared secrets by name.
    """

    fetch: FetchJwks
    secrets: Callable[[str], Sequence[str]]
    clock: Clock
    count: Count
    _rings: dict[str, _Ring] = field(default_factory=dict)
    _asked: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def keys(self, issuer: Issuer, kid: str | None) -> Sequence[VerificationKey]:
        """Return the keys that may have signed a token with this key id, none if there is none.

        Raises:
            Unavailable: If the keys cannot be had.
        """
        if issuer.jwks_url:
            with self._lock:
                return self._fetched(issuer.jwks_url, kid)
        if issuer.jwks:
            return _named(parse_jwks(issuer.jwks.encode()), kid)
        secrets = [s for s in self.secrets(issuer.secret) if len(s.encode()) >= MIN_SECRET]
        if not secrets:
            raise Unavailable("there is no secret to verify tokens with")
        return [_Shared(secret=secret) for secret in secrets]

    def _fetched(self, url: str, kid: str | None) -> Sequence[VerificationKey]:
        ring = self._ring(url)
        found = _named(ring.keys, kid)
        if found or kid is None or not self._may_ask(url, "unknown", _ASK_AGAIN):
            return found
        newer = self._ask(url)
        return _named(newer.keys, kid) if newer else ()

    def _ring(self, url: str) -> _Ring:
        """Return the keys as they were read last.

        Raises:
            Unavailable: If that is too long ago.
        """
        ring, now = self._rings.get(url), self.clock()
        if ring and now < ring.fresh_until:
            return ring
        if self._may_ask(url, "stale", _ASK_AGAIN if ring else _ASK_AGAIN_WITHOUT_KEYS):
            ring = self._ask(url) or ring
        if ring is None or now >= ring.fresh_until + _STALE_FOR:
            raise Unavailable("the keys of the issuer cannot be read")
        return ring

    def _may_ask(self, url: str, why: str, wait: timedelta) -> bool:
        now = self.clock()
        if now - self._asked.get((url, why), _NEVER) < wait:
            return False
        self._asked[url, why] = now
        return True

    def _ask(self, url: str) -> _Ring | None:
        """Return the keys as they are now, None if they cannot be had."""
        try:
            answer = self.fetch(url)
            keys = parse_jwks(answer.body)
        except Unavailable:
            self.count("IssuerKeys", {"outcome": "failed"})
            return None
        self.count("IssuerKeys", {"outcome": "read"})
        kept = min(max(answer.max_age or _SHORTEST, _SHORTEST), _LONGEST)
        self._rings[url] = _Ring(keys=keys, fresh_until=self.clock() + kept)
        return self._rings[url]


def _named(keys: Sequence[VerificationKey], kid: str | None) -> Sequence[VerificationKey]:
    """Return the keys of this name; a token that names none means the only one there is."""
    if kid is None:
        return keys if len(keys) == 1 else ()
    return [key for key in keys if key.kid == kid]
