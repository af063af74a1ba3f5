"""What a good token is, whom it names and how long it holds."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from signalbox.models.errors import Unauthenticated, Unavailable
from signalbox.models.issuer import Algorithm, Grant, Issuer
from signalbox.models.principal import BUILT_IN_ROLES, Scope
from tests.builders import NOW
from tests.fakes.tokens import (
    AUDIENCE,
    SECRET,
    an_issuer,
    claims,
    ec,
    key_set,
    maced,
    public,
    rsa,
    signed,
    tokens_of,
)

LAYER: Final = Path(__file__).parents[3] / "layers/shared"
TIME: Final = NOW.timestamp()
NAME: Final = "jwt:corp/alice"
SHARED: Final[dict[str, object]] = {"jwks": None, "shared_secret": True}


def refused(token: str, *issuers: Issuer, reason: str, secret: str = "") -> None:
    with pytest.raises(Unauthenticated) as error:
        tokens_of(*(issuers or (an_issuer(),)), secret=secret).authenticate(token)

    assert error.value.reason == reason


class TestWhomATokenIsFor:
    COGNITO: Final = an_issuer(audience_claim="client_id")

    def test_a_client_id_stands_in_for_an_audience_where_the_issuer_says_so(self) -> None:
        token = signed(rsa(), claims(aud=None, client_id=AUDIENCE, token_use="access"))

        assert tokens_of(self.COGNITO).authenticate(token).name == NAME

    def test_a_token_with_an_audience_is_still_for_that(self) -> None:
        assert tokens_of(self.COGNITO).authenticate(signed(rsa())).name == NAME

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": None},
            {"aud": None, "client_id": ""},
            {"aud": None, "client_id": "another"},
            {"aud": None, "client_id": [AUDIENCE]},
            {"aud": "another", "client_id": AUDIENCE},
            {"aud": [], "client_id": AUDIENCE},
            {"aud": "", "client_id": AUDIENCE},
        ],
    )
    def test_a_token_for_another_client_is_refused(self, changes: dict[str, object]) -> None:
        refused(signed(rsa(), claims(**changes)), self.COGNITO, reason="the token is not valid")

    def test_a_client_id_is_no_audience_by_default(self) -> None:
        token = signed(rsa(), claims(aud=None, client_id=AUDIENCE))

        refused(token, reason="the token is not valid")

    def test_a_null_audience_is_refused(self) -> None:
        body = json.dumps(claims(client_id=AUDIENCE) | {"aud": None}).encode()

        refused(signed(rsa(), body), self.COGNITO, reason="the token is not valid")


class TestWhomATokenNames:
    def test_the_issuer_and_the_subject_are_the_name(self) -> None:
        caller = tokens_of(an_issuer()).authenticate(signed(rsa()))

        assert caller.name == NAME
        assert caller.scopes == frozenset()

    def test_the_roles_of_a_token_become_ours(self) -> None:
        token = signed(rsa(), claims(roles=["admins", "strangers"]))

        caller = tokens_of(an_issuer()).authenticate(token)

        assert caller.roles == ("admin",)
        assert caller.scopes == BUILT_IN_ROLES["admin"]

    def test_a_role_by_our_name_is_worth_nothing_unless_it_is_granted(self) -> None:
        token = signed(rsa(), claims(roles=["admin"]))

        assert tokens_of(an_issuer()).authenticate(token).scopes == frozenset()

    def test_a_scope_claim_is_words_with_spaces_between(self) -> None:
        reader = Grant(scopes=(Scope.TASKS_READ,))
        issuer = an_issuer(claim=("scope",), grants={"read:tasks": reader})

        caller = tokens_of(issuer).authenticate(signed(rsa(), claims(scope="openid read:tasks")))

        assert caller.scopes == {Scope.TASKS_READ}

    def test_a_claim_may_lie_deeper(self) -> None:
        issuer = an_issuer(claim=("realm_access", "roles"))
        token = signed(rsa(), claims(realm_access={"roles": ["admins"]}))

        assert tokens_of(issuer).authenticate(token).roles == ("admin",)

    @pytest.mark.parametrize("odd", [7, None, {"admins": 1}, [["admins"]], [7], True])
    def test_a_claim_of_another_form_is_worth_nothing(self, odd: object) -> None:
        token = signed(rsa(), claims() | {"roles": odd})

        assert tokens_of(an_issuer()).authenticate(token).scopes == frozenset()

    def test_everybody_of_an_issuer_may_be_given_something(self) -> None:
        issuer = an_issuer(everybody=Grant(roles=("viewer",)))

        caller = tokens_of(issuer).authenticate(signed(rsa(), claims(roles=["admins"])))

        assert caller.roles == ("viewer", "admin")

    def test_a_role_that_is_no_more_is_worth_nothing(self) -> None:
        issuer = an_issuer(everybody=Grant(roles=("gone",)))

        assert tokens_of(issuer).authenticate(signed(rsa())).scopes == frozenset()


class TestWhoSigned:
    def test_an_rsa_key_signs_by_rs256(self) -> None:
        assert tokens_of(an_issuer()).authenticate(signed(rsa())).name == NAME

    def test_an_elliptic_key_signs_by_es256(self) -> None:
        assert tokens_of(an_issuer()).authenticate(signed(ec(), kid="second")).name == NAME

    def test_a_shared_secret_signs_by_hs256(self) -> None:
        issuer = an_issuer(**SHARED)

        assert tokens_of(issuer, secret=SECRET).authenticate(maced(SECRET.encode())).name == NAME

    def test_another_secret_is_refused(self) -> None:
        token = maced(b"another secret of 32 bytes, or more")

        refused(token, an_issuer(**SHARED), secret=SECRET, reason="the token is not valid")

    @pytest.mark.parametrize("secret", ["", "x" * 31])
    def test_a_short_secret_verifies_nothing(self, secret: str) -> None:
        tokens = tokens_of(an_issuer(**SHARED), secret=secret)

        with pytest.raises(Unavailable):
            tokens.authenticate(maced(secret.encode()))

    def test_an_issuer_may_allow_less_than_we_do(self) -> None:
        issuer = an_issuer(algorithms=(Algorithm.ES256,))

        refused(signed(rsa()), issuer, reason="the token is not valid")

    def test_a_token_without_key_id_means_the_only_key(self) -> None:
        token = signed(rsa(), kid=None)
        only = an_issuer(jwks=key_set(public(rsa(), kid="some")).decode())

        assert tokens_of(only).authenticate(token).name == NAME
        refused(token, an_issuer(), reason="the token is not valid")

    @pytest.mark.parametrize("typ", [None, "JWT", "jwt", "at+jwt", "application/at+jwt"])
    def test_the_type_is_that_of_a_token_for_an_api(self, typ: str | None) -> None:
        assert tokens_of(an_issuer()).authenticate(signed(rsa(), typ=typ)).name == NAME

    def test_headers_that_nobody_needs_are_let_through(self) -> None:
        token = signed(rsa(), x5t="dGh1bWI", nonce="n", cty="json")

        assert tokens_of(an_issuer()).authenticate(token).name == NAME

    def test_two_issuers_are_told_apart_by_their_audience(self) -> None:
        other = an_issuer(name="other", audience="elsewhere")
        token = signed(rsa(), claims(aud="elsewhere"))

        caller = tokens_of(an_issuer(), other).authenticate(token)

        assert caller.name == "jwt:other/alice"


class TestWhenATokenHolds:
    @pytest.mark.parametrize(
        ("seconds", "reason"),
        [
            (-61, "the token has expired"),
            (-60, "the token has expired"),
            (-59, ""),
            (0, ""),
            (60, ""),
            (61, ""),
        ],
    )
    def test_it_ends_a_minute_after_it_expires(self, seconds: int, reason: str) -> None:
        token = signed(rsa(), claims(exp=TIME + seconds, iat=TIME - 600))

        self._check(token, reason)

    @pytest.mark.parametrize("claim", ["nbf", "iat"])
    @pytest.mark.parametrize(
        ("seconds", "reason"),
        [(-61, ""), (-60, ""), (0, ""), (60, ""), (61, "the token is not valid yet")],
    )
    def test_it_begins_a_minute_before_it_says(self, claim: str, seconds: int, reason: str) -> None:
        self._check(signed(rsa(), claims(**{claim: TIME + seconds})), reason)

    @pytest.mark.parametrize(
        ("lifetime", "reason"), [(86_400, ""), (86_401, "the token is valid for more than a day")]
    )
    @pytest.mark.parametrize("iat", [TIME, None])
    def test_it_holds_a_day_at_the_most(
        self, lifetime: int, reason: str, iat: float | None
    ) -> None:
        self._check(signed(rsa(), claims(exp=TIME + lifetime, iat=iat)), reason)

    def test_times_may_have_fractions(self) -> None:
        self._check(signed(rsa(), claims(exp=TIME + 0.5, iat=TIME - 0.5)), "")

    def test_who_has_no_signature_does_not_learn_what_is_wrong(self) -> None:
        token = signed(rsa("stranger"), claims(exp=TIME - 1000))

        refused(token, reason="the token is not valid")

    def _check(self, token: str, reason: str) -> None:
        if reason:
            refused(token, reason=reason)
        else:
            assert tokens_of(an_issuer()).authenticate(token).name == NAME


class TestWhatATokenCosts:
    def test_who_brings_no_token_of_ours_does_not_load_cryptography(self) -> None:
        script = (
            "import sys\n"
            "from signalbox.auth.jwks import JwksCache\n"
            "from signalbox.auth.jwt import TokenAuthenticator\n"
            "from signalbox.models.errors import Unauthenticated\n"
            "try:\n"
            "    TokenAuthenticator(issuers=list, keyring=None, clock=None).authenticate('a.b.c')\n"
            "except Unauthenticated:\n"
            "    print([m for m in sys.modules if m.startswith(('joserfc', 'cryptography'))])\n"
        )

        done = subprocess.run(  # noqa: S603  our own script
            [sys.executable, "-c", script], cwd=LAYER, capture_output=True, check=True
        )

        assert done.stdout.strip() == b"[]"

    def test_an_audience_may_be_one_of_many(self) -> None:
        token = signed(rsa(), claims(aud=["elsewhere", AUDIENCE]))

        assert tokens_of(an_issuer()).authenticate(token).name == NAME
