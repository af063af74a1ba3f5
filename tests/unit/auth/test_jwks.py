"""Which keys verify tokens, and how often their issuer is asked for them."""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.auth.jwks import MAX_JWKS_BYTES, parse_jwks
from signalbox.auth.jwt import TokenAuthenticator
from signalbox.models.errors import Unauthenticated, Unavailable
from signalbox.models.issuer import Algorithm
from tests.fakes.clock import FakeClock
from tests.fakes.tokens import (
    JWKS_URL,
    FakeIssuer,
    Key,
    an_issuer,
    claims,
    ec,
    key_set,
    packed,
    public,
    rsa,
    signed,
    tokens_of,
)

GOOD: Final = public(ec(), kid="second")
RSA: Final = public(rsa(), kid="first")
OCT: Final = {"kty": "oct", "kid": "shared", "k": packed(b"k" * 32), "alg": "HS256"}
_FACTOR: Final = int.from_bytes(b"\xff" * 256) | 1


def number(value: int) -> str:
    return packed(value.to_bytes((value.bit_length() + 7) // 8))


def names(text: bytes) -> list[str | None]:
    return [key.kid for key in parse_jwks(text)]


class TestTheKeysOfASet:
    def test_a_key_is_for_the_algorithm_of_its_kind(self) -> None:
        keys = parse_jwks(key_set(RSA, GOOD))

        assert [key.algorithm for key in keys] == [Algorithm.RS256, Algorithm.ES256]

    @pytest.mark.parametrize(
        "unfit",
        [
            RSA | {"use": "enc"},
            RSA | {"use": "SIG"},
            RSA | {"key_ops": ["sign"]},
            RSA | {"key_ops": []},
            RSA | {"alg": "RSA-OAEP", "use": "enc"},
            RSA | {"alg": "RS512"},
            RSA | {"alg": "PS256"},
            RSA | {"alg": "ES256"},
            RSA | {"alg": "none"},
            RSA | {"e": number(1)},
            RSA | {"e": number(2)},
            RSA | {"e": number(65536)},
            RSA | {"e": ""},
            RSA | {"n": number(_FACTOR >> 1)},
            RSA | {"n": ""},
            RSA | {"n": RSA["n"] + "="},
            RSA | {"n": number(int.from_bytes(b"\xff" * 2048))},
            RSA | {"n": number(int.from_bytes(b"\xff" * 128))},
            public(ec("other", "P-384"), kid="first"),
            public(ec("other", "P-384"), kid="first", alg="ES256"),
            GOOD | {"kid": "first", "alg": "ES521"},
            GOOD | {"kid": "first", "alg": "ES224"},
            GOOD | {"kid": "first", "crv": "P-384"},
            public(ec("other", "secp256k1"), kid="first"),
            GOOD | {"kid": "first", "y": GOOD["x"]},
            GOOD | {"kid": "first", "x": packed(bytes(32)), "y": packed(bytes(32))},
            GOOD | {"kid": "first", "x": ""},
            GOOD | {"kid": "first", "kty": "RSA"},
            RSA | {"kty": "EC"},
            {"kty": "OKP", "crv": "Ed25519", "kid": "first", "x": "A" * 43},
            {"kty": "AKP", "kid": "first", "pub": ["odd"]},
            {"kid": "first"},
            {"kty": ["RSA"], "kid": "first"},
        ],
    )
    def test_a_key_that_is_not_fit_is_left_out(self, unfit: dict[str, object]) -> None:
        assert names(key_set(unfit, GOOD)) == ["second"]

    @pytest.mark.parametrize(
        "members", [{"use": "sig"}, {"key_ops": ["verify"]}, {"alg": "RS256"}, {"x5c": ["odd"]}]
    )
    def test_what_says_that_it_verifies_is_kept(self, members: dict[str, object]) -> None:
        assert names(key_set(RSA | members)) == ["first"]

    @pytest.mark.parametrize(
        "odd",
        [
            RSA | {"kid": 7},
            RSA | {"kid": None, "n": 7},
            RSA | {"use": 7},
            RSA | {"key_ops": "verify"},
            RSA | {"kid": "x" * 257},
            GOOD | {"use": "enc"},
            GOOD | {"use": "enc", "x": None},
            {"kty": "OKP", "kid": "second"},
            {"kty": "AKP", "kid": 7},
        ],
    )
    def test_a_key_that_cannot_be_read_spoils_no_other(self, odd: dict[str, object]) -> None:
        assert names(key_set(odd, GOOD)) == ["second"]
        assert names(key_set(GOOD, odd)) == ["second"]

    def test_a_key_that_is_listed_twice_is_one(self) -> None:
        twice = key_set(RSA, RSA | {"alg": "RS256"}, RSA | {"use": "sig", "x5t": "odd"})

        assert names(twice) == ["first"]

    @pytest.mark.parametrize("signer", [rsa(), rsa("other"), ec()])
    def test_each_key_of_a_doubled_name_verifies_what_it_signed(self, signer: Key) -> None:
        doubled = key_set(RSA, public(rsa("other"), kid="first"), GOOD | {"kid": "first"})
        issuer = an_issuer(jwks=doubled.decode())

        assert tokens_of(issuer).authenticate(signed(signer)).name == "jwt:corp/alice"

    def test_a_doubled_name_lets_no_other_key_in(self) -> None:
        doubled = key_set(RSA, public(rsa("other"), kid="first"), RSA | {"use": "enc"})
        issuer = an_issuer(jwks=doubled.decode())

        with pytest.raises(Unauthenticated):
            tokens_of(issuer).authenticate(signed(rsa("third")))

    @pytest.mark.parametrize(
        "set_",
        [
            key_set(RSA, OCT),
            key_set(GOOD, OCT | {"k": ""}),
            key_set(OCT),
            key_set(ec().as_dict(private=True) | {"kid": "first"}, GOOD),
            key_set(rsa().as_dict(private=True) | {"kid": "first"}, GOOD),
            key_set(RSA | {"d": "AQ"}),
            key_set(RSA | {"oth": []}),
            key_set(RSA | {"kid": 7}),
            key_set(*[GOOD | {"kid": str(number)} for number in range(101)]),
            key_set(RSA | {"pad": "x" * MAX_JWKS_BYTES}),
            key_set(RSA | {"use": 7}),
            key_set(),
            key_set(RSA | {"use": "enc"}),
            b"",
            b"{}",
            b"[]",
            b"null",
            b"<html>",
            b"\xff",
            b'{"keys": {}}',
            b'{"keys": [null]}',
            b'{"keys": "RSA"}',
            b"[" * 100_000,
            json.dumps({"keys": [RSA]}).encode()[:-1] + b', "keys": []}',
            json.dumps({"keys": [RSA]}).replace('"kid"', '"e": "AQ", "kid"').encode(),
        ],
    )
    def test_a_set_that_is_not_to_be_trusted_has_no_keys(self, set_: bytes) -> None:
        with pytest.raises(Unavailable):
            parse_jwks(set_)

    def test_without_cryptography_no_token_is_verified(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "joserfc.jwk", None)

        with pytest.raises(Unavailable):
            parse_jwks(key_set(RSA | {"kid": "never read before"}))

    @given(st.binary(max_size=300))
    def test_no_bytes_are_more_than_no_key_set(self, text: bytes) -> None:
        with pytest.raises(Unavailable):
            parse_jwks(text)


class TestHowOftenAnIssuerIsAsked:
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def keys(self) -> FakeIssuer:
        return FakeIssuer(RSA)

    @pytest.fixture
    def tokens(self, clock: FakeClock, keys: FakeIssuer) -> TokenAuthenticator:
        return tokens_of(an_issuer(jwks=None, jwks_url=JWKS_URL), fetch=keys, clock=clock)

    @pytest.fixture
    def knock(self, tokens: TokenAuthenticator, clock: FakeClock) -> Callable[[str], bool]:
        """Whether a token of now is let in."""

        def try_in(kid: str = "first") -> bool:
            key = ec() if kid == "second" else rsa()
            now = clock().timestamp()
            try:
                tokens.authenticate(signed(key, claims(exp=now + 60, iat=now), kid=kid))
            except Unauthenticated:
                return False
            return True

        return try_in

    def test_the_keys_are_kept(self, knock: Callable[..., bool], keys: FakeIssuer) -> None:
        assert all(knock() for _ in range(10))
        assert keys.asked == 1

    @pytest.mark.parametrize(
        ("response", "kept"),
        [
            (None, timedelta(minutes=5)),
            (timedelta(0), timedelta(minutes=5)),
            (timedelta(seconds=1), timedelta(minutes=5)),
            (timedelta(hours=1), timedelta(hours=1)),
            (timedelta(days=365), timedelta(hours=24)),
        ],
    )
    def test_they_are_kept_as_long_as_is_said_within_bounds(
        self,
        knock: Callable[..., bool],
        keys: FakeIssuer,
        clock: FakeClock,
        response: timedelta | None,
        kept: timedelta,
    ) -> None:
        keys.max_age = response
        knock()
        clock.advance(kept - timedelta(seconds=1))
        knock()
        before = keys.asked
        clock.advance(seconds=1)
        knock()

        assert (before, keys.asked) == (1, 2)

    def test_ten_thousand_unknown_keys_have_it_asked_twice(
        self, tokens: TokenAuthenticator, keys: FakeIssuer
    ) -> None:
        mark = signed(rsa()).split(".")

        for kid in range(10_000):
            head = packed(json.dumps({"alg": "RS256", "kid": f"kid-{kid}"}))
            with pytest.raises(Unauthenticated):
                tokens.authenticate(".".join([head, *mark[1:]]))

        assert keys.asked == 2

    def test_a_new_key_is_found_at_once(
        self, knock: Callable[..., bool], keys: FakeIssuer, clock: FakeClock
    ) -> None:
        knock()
        keys.body = key_set(RSA, GOOD)
        clock.advance(seconds=10)

        assert knock("second")
        assert keys.asked == 2

    def test_a_key_that_is_withdrawn_is_refused_once_it_is_known(
        self, knock: Callable[..., bool], keys: FakeIssuer, clock: FakeClock
    ) -> None:
        knock()
        keys.body = key_set(GOOD)
        clock.advance(timedelta(minutes=5))

        assert not knock("first")
        assert knock("second")

    def test_an_unknown_key_has_it_asked_once_a_minute(
        self, knock: Callable[..., bool], keys: FakeIssuer, clock: FakeClock
    ) -> None:
        asked = []
        for _ in range(4):
            knock("third")
            asked.append(keys.asked)
            clock.advance(seconds=30)

        assert asked == [2, 2, 3, 3]

    def test_known_keys_serve_while_it_does_not_answer(
        self, knock: Callable[..., bool], keys: FakeIssuer, clock: FakeClock
    ) -> None:
        knock()
        keys.down = True

        for _ in range(120):
            clock.advance(seconds=30)
            assert knock()
        assert keys.asked <= 61

    def test_they_serve_for_a_day_and_no_longer(
        self, knock: Callable[..., bool], keys: FakeIssuer, clock: FakeClock
    ) -> None:
        knock()
        keys.down = True
        clock.advance(timedelta(hours=24, minutes=5) - timedelta(seconds=1))
        assert knock()
        clock.advance(seconds=1)

        with pytest.raises(Unavailable):
            knock()

    @pytest.mark.parametrize("body", [b"<html>", key_set(OCT), key_set(RSA | {"use": "enc"})])
    def test_a_set_that_is_not_to_be_trusted_changes_nothing(
        self, knock: Callable[..., bool], keys: FakeIssuer, clock: FakeClock, body: bytes
    ) -> None:
        knock()
        keys.body = body
        clock.advance(timedelta(hours=1))

        assert knock()
        assert not knock("shared")

    def test_without_any_keys_it_is_asked_every_ten_seconds(
        self, knock: Callable[..., bool], keys: FakeIssuer, clock: FakeClock
    ) -> None:
        keys.down = True
        for _ in range(20):
            with pytest.raises(Unavailable):
                knock()
            clock.advance(seconds=1)
        keys.down = False
        clock.advance(seconds=10)

        assert keys.asked == 2
        assert knock()

    def test_an_unknown_key_is_refused_while_it_does_not_answer(
        self, knock: Callable[..., bool], keys: FakeIssuer
    ) -> None:
        knock()
        keys.down = True

        assert not knock("second")

    def test_many_at_once_ask_once(self, tokens: TokenAuthenticator, keys: FakeIssuer) -> None:
        token = signed(rsa())
        keys.seconds = 0.02

        with ThreadPoolExecutor(8) as pool:
            callers = list(pool.map(tokens.authenticate, [token] * 32))

        assert {caller.name for caller in callers} == {"jwt:corp/alice"}
        assert keys.asked == 1
