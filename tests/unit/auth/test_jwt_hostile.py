"""Tokens that somebody made to be let in with.

The kinds of attack are those of Project Wycheproof's JOSE vectors (https://github.com/C2SP/wycheproof)
and of RFC 8725; the tokens are made here.
"""

import json
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from signalbox.auth.jwt import MAX_TOKEN, TokenAuthenticator
from signalbox.models.errors import Unauthenticated
from tests.builders import NOW
from tests.fakes.tokens import (
    AUDIENCE,
    ISSUER,
    SECRET,
    FakeIssuer,
    an_issuer,
    claims,
    ec,
    maced,
    packed,
    public,
    rsa,
    sealed,
    signed,
    tokens_of,
)

_NATIVE = rsa().public_key
_PEM: Final = _NATIVE.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_FIELD: Final = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
HUGE: Final = "9" * 400


def ours() -> TokenAuthenticator:
    """Believes one issuer with public keys, and one with a shared secret."""
    shared = an_issuer(issuer="https://shared.example/", jwks=None, shared_secret=True)
    return tokens_of(an_issuer(), shared, secret=SECRET)


def refused(token: str) -> None:
    with pytest.raises(Unauthenticated) as error:
        ours().authenticate(token)

    assert error.value.reason == "the token is not valid"


def assembled(header: dict[str, object], signature: bytes) -> str:
    """A token of this header, with this in the place of a signature."""
    head = f"{packed(json.dumps(header))}.{packed(json.dumps(claims()))}"
    return f"{head}.{packed(signature)}"


class TestTheAlgorithm:
    @pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "hs256", "rs256"])
    @pytest.mark.parametrize("signature", [b"", b"x"])
    def test_no_algorithm_is_none(self, alg: str, signature: bytes) -> None:
        refused(assembled({"alg": alg, "kid": "first"}, signature))

    @pytest.mark.parametrize(
        "secret",
        [
            _PEM,
            _PEM.strip(),
            _PEM.replace(b"\n", b"\r\n"),
            _NATIVE.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            _NATIVE.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
            _NATIVE.public_bytes(Encoding.DER, PublicFormat.PKCS1),
            json.dumps(public(rsa(), kid="first")).encode(),
            json.dumps(public(rsa(), kid="first"), separators=(",", ":")).encode(),
            str(an_issuer().jwks).encode(),
            str(public(rsa())["n"]).encode(),
            b"",
        ],
    )
    def test_a_public_key_is_no_shared_secret(self, secret: bytes) -> None:
        refused(maced(secret))

    def test_a_shared_secret_belongs_to_its_issuer_alone(self) -> None:
        refused(maced(SECRET.encode(), claims(iss=ISSUER)))

    def test_an_rsa_key_is_no_key_of_an_issuer_with_a_shared_secret(self) -> None:
        refused(signed(rsa(), claims(iss="https://shared.example/")))

    @pytest.mark.parametrize("alg", ["RS384", "RS512", "PS256"])
    def test_a_key_signs_by_its_own_algorithm_only(self, alg: str) -> None:
        refused(signed(rsa(), alg=alg))

    def test_a_key_of_another_kind_is_not_taken_for_the_one_named(self) -> None:
        refused(signed(ec(), kid="first"))
        refused(signed(rsa(), kid="second"))


class TestTheSignature:
    @pytest.mark.parametrize(
        ("r", "s"),
        [(0, 0), (0, 1), (1, 0), (_ORDER, _ORDER), (_ORDER, 0), (_FIELD, _FIELD), (1, 1)],
    )
    def test_a_psychic_signature_proves_nothing(self, r: int, s: int) -> None:
        signature = r.to_bytes(32) + s.to_bytes(32)

        refused(assembled({"alg": "ES256", "kid": "second"}, signature))

    @pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 70, 72, 96, 128])
    def test_a_signature_of_another_length_proves_nothing(self, length: int) -> None:
        good = signed(ec(), kid="second")
        head, _, _ = good.rpartition(".")

        refused(f"{head}.{packed(bytes(length))}")

    def test_an_ecdsa_signature_as_der_is_refused(self) -> None:
        head = signed(ec(), kid="second").rpartition(".")[0]
        native = ec().private_key
        assert native

        refused(f"{head}.{packed(native.sign(head.encode(), ECDSA(SHA256())))}")

    def test_an_empty_signature_is_refused(self) -> None:
        refused(signed(rsa()).rpartition(".")[0] + ".")

    @pytest.mark.parametrize("signature", [b"", b"\0", bytes(256), b"\xff" * 256, bytes(257)])
    def test_an_rsa_signature_of_anything_else_is_refused(self, signature: bytes) -> None:
        refused(f"{signed(rsa()).rpartition('.')[0]}.{packed(signature) or 'AA'}")

    def test_every_segment_is_covered(self) -> None:
        first, second = signed(rsa()).split("."), signed(rsa(), claims(sub="bob")).split(".")

        refused(".".join([first[0], second[1], first[2]]))
        refused(".".join([signed(rsa(), typ="at+jwt").split(".")[0], *first[1:]]))

    def test_a_changed_character_anywhere_is_noticed(self) -> None:
        token = signed(ec(), kid="second")
        tokens = ours()

        for place in range(len(token)):
            changed = "A" if token[place] != "A" else "B"
            with pytest.raises(Unauthenticated):
                tokens.authenticate(token[:place] + changed + token[place + 1 :])

    def test_a_key_that_the_token_brings_is_not_used(self) -> None:
        mine = rsa("mine")

        refused(signed(mine, jwk=public(mine)))
        refused(signed(mine, jku="https://mallory.example/keys"))
        refused(signed(mine, x5u="https://mallory.example/cert"))
        refused(signed(mine, x5c=["MIIB"]))

    @pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
    def test_a_well_signed_token_that_brings_a_key_is_refused_as_well(self, name: str) -> None:
        refused(signed(rsa(), claims(), alg="RS256", **{name: "https://id.example.com/keys"}))


class TestTheHeader:
    @pytest.mark.parametrize(
        "kid",
        [
            "../../../dev/null",
            "first' UNION SELECT 'key",
            "first\0",
            "FIRST",
            " first",
            "",
            "k" * 6_000,
            "http://169.254.169.254/",
            "\ud800",
        ],
    )
    def test_a_key_id_is_a_name_and_nothing_else(self, kid: str) -> None:
        refused(signed(rsa(), kid=kid))

    @pytest.mark.parametrize("kid", [7, ["first"], {"first": 1}, True])
    def test_a_key_id_is_a_text(self, kid: object) -> None:
        refused(signed(rsa(), kid=kid))

    @pytest.mark.parametrize(
        "header",
        [
            {"crit": ["exp"], "exp": 1},
            {"crit": []},
            {"crit": ["b64"], "b64": False},
            {"b64": False},
            {"b64": True},
            {"zip": "DEF"},
            {"enc": "A256GCM"},
            {"typ": "dpop+jwt"},
            {"typ": "logout+jwt"},
            {"typ": ""},
            {"typ": 7},
        ],
    )
    def test_what_changes_the_meaning_is_refused(self, header: dict[str, object]) -> None:
        refused(signed(rsa(), claims(), alg="RS256", **header))

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "{}",
            "[]",
            "null",
            '"RS256"',
            '{"alg": null}',
            '{"alg": ["RS256"]}',
            '{"alg": "none", "alg": "RS256", "kid": "first"}',
            '{"alg": "RS256", "kid": "first",}',
            '\ufeff{"alg": "RS256", "kid": "first"}',
            '{"alg": "RS256", "kid": "first", "x": NaN}',
            "[" * 3_000,
            '{"x":' * 700,
            '{"alg": "RS256", "x": ' + "1" * 4_500 + "}",
        ],
    )
    def test_a_header_that_is_odd_json_is_refused(self, header: str) -> None:
        refused(sealed(rsa(), header, json.dumps(claims())))


class TestTheForm:
    @pytest.mark.parametrize(
        "token",
        ["", ".", "..", "a.b", "a.b.c.d", "a.b.c.d.e", "a..c", "é.b.c", "a.b.c\n", "a.b.\0c"],
    )
    def test_a_token_has_three_segments(self, token: str) -> None:
        refused(token)

    @pytest.mark.parametrize("segment", [0, 1, 2])
    @pytest.mark.parametrize("odd", ["=", "==", " ", "\n", "+", "/", "%3D", "\u200b"])
    def test_a_segment_is_base64url_without_padding(self, segment: int, odd: str) -> None:
        parts = signed(rsa()).split(".")
        for changed in (parts[segment] + odd, odd + parts[segment]):
            refused(".".join([*parts[:segment], changed, *parts[segment + 1 :]]))

    @pytest.mark.parametrize("segment", [0, 1, 2])
    def test_bytes_have_one_spelling(self, segment: int) -> None:
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        parts = signed(ec(), claims(pad="x"), kid="second").split(".")
        last = alphabet.index(parts[segment][-1])
        changed = parts[segment][:-1] + alphabet[last ^ 1]

        refused(".".join([*parts[:segment], changed, *parts[segment + 1 :]]))

    def test_a_token_over_eight_kilobytes_is_refused(self) -> None:
        short = len(signed(rsa(), claims(pad="")))
        room = (MAX_TOKEN - short) * 3 // 4

        assert ours().authenticate(signed(rsa(), claims(pad="x" * (room - 3)))).name
        refused(signed(rsa(), claims(pad="x" * (room + 3))))

    def test_the_json_serialisation_is_refused(self) -> None:
        head, body, mark = signed(rsa()).split(".")

        refused(json.dumps({"protected": head, "payload": body, "signature": mark}))

    @given(st.text(max_size=300))
    def test_no_text_is_let_in(self, text: str) -> None:
        refused(text)

    @given(st.binary(max_size=100), st.binary(max_size=100), st.binary(max_size=100))
    def test_no_bytes_are_let_in(self, head: bytes, body: bytes, mark: bytes) -> None:
        refused(f"{packed(head)}.{packed(body)}.{packed(mark)}")

    @given(
        st.dictionaries(
            st.sampled_from(["alg", "kid", "typ", "crit"]),
            st.sampled_from(["RS256", "first", "second", "none", "ES256", "", 1, None, []]),
        ),
        st.binary(min_size=1, max_size=300),
    )
    def test_no_header_is_let_in_without_a_signature(
        self, header: dict[str, object], mark: bytes
    ) -> None:
        refused(assembled(header, mark))


class TestTheClaims:
    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": None},
            {"iss": ISSUER.rstrip("/")},
            {"iss": ISSUER.upper()},
            {"iss": [ISSUER]},
            {"iss": "https://mallory.example/"},
            {"aud": None},
            {"aud": ""},
            {"aud": []},
            {"aud": "signalbox2"},
            {"aud": AUDIENCE.upper()},
            {"aud": {"signalbox": 1}},
            {"aud": [AUDIENCE, 7]},
            {"aud": [[AUDIENCE]]},
            {"sub": None},
            {"sub": ""},
            {"sub": 7},
            {"sub": "a\nb"},
            {"sub": "é"},
            {"sub": "s" * 256},
            {"exp": None},
            {"exp": ""},
            {"exp": str(NOW.timestamp() + 60)},
            {"exp": True},
            {"exp": -1},
            {"exp": 10**400},
            {"exp": 2**63},
            {"exp": [NOW.timestamp() + 60]},
            {"nbf": "0"},
            {"nbf": 10**300},
            {"iat": True},
            {"iat": "now"},
            {"iat": -1},
        ],
    )
    def test_a_claim_that_is_missing_or_odd_is_refused(self, changes: dict[str, object]) -> None:
        refused(signed(rsa(), claims(**changes)))

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "[]",
            "null",
            "true",
            "alice",
            "{} {}",
            f'{{"iss": "{ISSUER}", "aud": "{AUDIENCE}", "sub": "a", "exp": NaN}}',
            f'{{"iss": "{ISSUER}", "aud": "{AUDIENCE}", "sub": "a", "exp": Infinity}}',
            f'{{"iss": "{ISSUER}", "aud": "{AUDIENCE}", "sub": "a", "exp": 1e999}}',
            f'{{"iss": "{ISSUER}", "aud": "{AUDIENCE}", "sub": "a", "exp": {HUGE}}}',
            f'{{"iss": "{ISSUER}", "aud": "{AUDIENCE}", "sub": "a", "sub": "b", "exp": 9}}',
            '{"nested": {"a": 1, "a": 2}}',
            "[" * 4_000,
        ],
    )
    def test_a_body_that_is_odd_json_is_refused(self, body: str) -> None:
        refused(signed(rsa(), body.encode()))

    @pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "-Infinity"])
    def test_no_number_is_without_end(self, number: str) -> None:
        body = json.dumps(claims(extra=0)).replace('"extra": 0', f'"extra": {number}')

        refused(signed(rsa(), body.encode()))

    def test_a_body_that_is_not_utf8_is_refused(self) -> None:
        refused(signed(rsa(), json.dumps(claims(x="é"), ensure_ascii=False).encode("latin-1")))

    def test_an_issuer_that_is_not_configured_is_never_asked(self) -> None:
        keys = FakeIssuer(public(rsa(), kid="first"))
        tokens = tokens_of(an_issuer(jwks=None, jwks_url="https://id.example.com/keys"), fetch=keys)

        for iss in ("https://mallory.example/", "http://169.254.169.254/"):
            with pytest.raises(Unauthenticated):
                tokens.authenticate(signed(rsa(), claims(iss=iss)))

        assert keys.asked == 0
