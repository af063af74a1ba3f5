"""An issuer of tokens: its keys, its key set at an address, and tokens of any shape."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from time import sleep
from typing import Any, Final

from joserfc import jwk, jws

from signalbox.auth.jwks import JwksCache
from signalbox.auth.jwt import TokenAuthenticator
from signalbox.models.errors import Unavailable
from signalbox.models.issuer import Grant, Issuer
from signalbox.services.ports.auth import FetchedJwks, FetchJwks
from signalbox.services.ports.time import Clock
from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.counts import FakeCount

AUDIENCE: Final = "signalbox"
ISSUER: Final = "https://id.example.com/"
JWKS_URL: Final = "https://id.example.com/keys"
SECRET: Final = "a shared secret of 32 bytes or more"

_KINDS: Final = {"RSA": "RS256", "EC": "ES256"}

Key = jwk.RSAKey | jwk.ECKey


@cache
def rsa(name: str = "first") -> jwk.RSAKey:
    """Always the same key of this name."""
    del name
    return jwk.RSAKey.generate_key()


@cache
def ec(name: str = "first", curve: str = "P-256") -> jwk.ECKey:
    """Always the same key of this name."""
    del name
    return jwk.ECKey.generate_key(curve)


def public(key: Key, **members: object) -> dict[str, Any]:
    """The key as a set shows it."""
    return {**key.as_dict(private=False), **members}


def key_set(*keys: Mapping[str, object]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def claims(**changes: object) -> dict[str, object]:
    """The claims of a good token; None takes one away."""
    now = NOW.timestamp()
    facts = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": now + 600, "iat": now}
    return {name: value for name, value in (facts | changes).items() if value is not None}


def signed(
    key: Key,
    payload: Mapping[str, object] | bytes | None = None,
    *,
    alg: str = "",
    **header: object,
) -> str:
    """A token signed with this key; None takes a member of the header away."""
    facts = {"alg": alg or _KINDS[key.key_type], "kid": "first", "typ": "JWT"} | header
    kept = {name: value for name, value in facts.items() if value is not None}
    body = (
        payload
        if isinstance(payload, bytes)
        else json.dumps(claims() if payload is None else payload)
    )
    return sealed(key, json.dumps(kept), body, alg=alg)


def sealed(key: Key, header: str | bytes, body: str | bytes, *, alg: str = "") -> str:
    """Any header and body, signed with this key by this algorithm."""
    head = f"{packed(header)}.{packed(body)}"
    model = jws.JWSRegistry.algorithms[alg or _KINDS[key.key_type]]
    return f"{head}.{packed(model.sign(head.encode(), key))}"


def maced(secret: bytes, payload: Mapping[str, object] | None = None, **header: object) -> str:
    """A token with an HMAC."""
    facts = {"alg": "HS256", "kid": "first", "typ": "JWT"} | header
    body = json.dumps(claims() if payload is None else payload)
    head = f"{packed(json.dumps(facts))}.{packed(body)}"
    return f"{head}.{packed(hmac.digest(secret, head.encode(), 'sha256'))}"


def packed(raw: str | bytes) -> str:
    """base64url as tokens have it."""
    data = raw if isinstance(raw, bytes) else raw.encode()
    return urlsafe_b64encode(data).decode().rstrip("=")


class FakeIssuer:
    """What is at the address of a key set; `asked` is how often, `seconds` how long it takes."""

    def __init__(self, *keys: Mapping[str, object]) -> None:
        self.body = key_set(*keys)
        self.max_age: timedelta | None = None
        self.down = False
        self.asked = 0
        self.seconds = 0.0

    def __call__(self, url: str) -> FetchedJwks:
        """A Fetch."""
        assert url == JWKS_URL
        self.asked += 1
        sleep(self.seconds)
        if self.down:
            raise Unavailable("the issuer did not answer")
        return FetchedJwks(body=self.body, max_age=self.max_age)


def an_issuer(**changes: object) -> Issuer:
    """Shows two keys, `first` for RS256 and `second` for ES256; its admins are ours."""
    keys = key_set(public(rsa(), kid="first"), public(ec(), kid="second"))
    facts = {
        "name": "corp",
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "jwks": keys.decode(),
        "grants": {"admins": Grant(roles=("admin",))},
    }
    return Issuer.model_validate(facts | changes)


def tokens_of(
    *issuers: Issuer, fetch: FetchJwks | None = None, clock: Clock | None = None, secret: str = ""
) -> TokenAuthenticator:
    """Believes these issuers."""
    now = clock or FakeClock()
    return TokenAuthenticator(
        issuers=lambda: issuers,
        keyring=JwksCache(
            fetch=fetch or FakeIssuer(),
            secrets=lambda name: [secret] if name == "issuers/corp" else [],
            clock=now,
            count=FakeCount(),
        ),
        clock=now,
    )
