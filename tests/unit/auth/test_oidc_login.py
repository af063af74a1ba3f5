from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest

from signalbox.auth.oidc_login import OidcLogin
from signalbox.models.errors import NotFound, Unauthenticated
from signalbox.models.issuer import IssuerLogin
from signalbox.models.principal import Principal, Scope
from tests.builders import NOW
from tests.fakes.tokens import AUDIENCE, an_issuer

LOGIN = IssuerLogin(
    authorization_url="https://id.example.com/authorize?tenant=a",
    token_url="https://id.example.com/token",
)
BACK = "https://api.example.com/api/v1/sessions/callback"
ANNA = Principal(name="jwt:corp/anna", scopes=frozenset({Scope.TASKS_READ}), expires_at=NOW)


@dataclass
class Idp:
    """An issuer: whom its ID tokens name, and the forms that it got."""

    principal: Principal = ANNA
    nonce: str | None = None
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def redeem(self, url: str, form: Mapping[str, str]) -> str:
        self.forms.append((url, dict(form)))
        return "id-token"

    def login(self, issuer: str = "corp") -> OidcLogin:
        numbers = count(1)
        issuers = (an_issuer(name=issuer, login=LOGIN), an_issuer(name="api-only"))
        return OidcLogin(
            issuers=lambda: issuers,
            redeem=self.redeem,
            authenticate=lambda _: self.principal,
            nonce_of=lambda _: "2".rjust(43, "0") if self.nonce is None else self.nonce,
            random=lambda: str(next(numbers)).rjust(43, "0"),
        )


@pytest.fixture
def idp() -> Idp:
    return Idp()


def test_a_login_begins_at_the_issuer_with_a_challenge(idp: Idp) -> None:
    redirect = idp.login().begin("corp", BACK)

    url = urlsplit(redirect.url)
    query = {name: values for name, (values,) in parse_qs(url.query).items()}
    assert redirect.url.startswith("https://id.example.com/authorize?tenant=a&")
    assert query["client_id"] == AUDIENCE
    assert (query["redirect_uri"], query["response_type"]) == (BACK, "code")
    assert (query["state"], query["nonce"]) == (redirect.attempt.state, redirect.attempt.nonce)
    assert (query["scope"], query["code_challenge_method"]) == ("openid", "S256")
    assert redirect.attempt.verifier not in redirect.url


def test_the_challenge_is_that_of_the_rfc(idp: Idp) -> None:
    attempt = idp.login().begin("corp", BACK).attempt
    of_rfc = type(attempt)(
        issuer="corp", state="", nonce="", verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )

    assert of_rfc.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_who_returns_with_the_code_is_who_the_id_token_names(idp: Idp) -> None:
    login = idp.login()
    attempt = login.begin("corp", BACK).attempt

    principal = login.finish(attempt.text, code="c-1", state=attempt.state, redirect_uri=BACK)

    (url, form) = idp.forms[0]
    assert principal == ANNA.model_copy(update={"expires_at": None})
    assert url == LOGIN.token_url
    assert form == {
        "grant_type": "authorization_code",
        "code": "c-1",
        "redirect_uri": BACK,
        "client_id": AUDIENCE,
        "code_verifier": attempt.verifier,
    }


@pytest.mark.parametrize("state", ["", "another", "\ud800"])
def test_the_login_of_another_browser_is_refused_before_its_code_is_redeemed(
    idp: Idp, state: str
) -> None:
    login = idp.login()
    attempt = login.begin("corp", BACK).attempt

    with pytest.raises(Unauthenticated):
        login.finish(attempt.text, code="c-1", state=state, redirect_uri=BACK)

    assert idp.forms == []


@pytest.mark.parametrize("remembered", ["", "corp", "corp.a.b.c", "corp..."])
def test_a_browser_that_has_begun_no_login_finishes_none(idp: Idp, remembered: str) -> None:
    with pytest.raises(Unauthenticated):
        idp.login().finish(remembered, code="c-1", state="", redirect_uri=BACK)


@pytest.mark.parametrize("nonce", ["", "another"])
def test_an_id_token_of_another_login_is_refused(idp: Idp, nonce: str) -> None:
    login = idp.login()
    attempt = login.begin("corp", BACK).attempt
    idp.nonce = nonce

    with pytest.raises(Unauthenticated, match="another login"):
        login.finish(attempt.text, code="c-1", state=attempt.state, redirect_uri=BACK)


def test_an_id_token_of_another_issuer_is_refused(idp: Idp) -> None:
    login = idp.login()
    attempt = login.begin("corp", BACK).attempt
    idp.principal = ANNA.model_copy(update={"name": "jwt:corp2/anna"})

    with pytest.raises(Unauthenticated, match="another issuer"):
        login.finish(attempt.text, code="c-1", state=attempt.state, redirect_uri=BACK)


def test_one_can_log_in_only_where_that_is_configured(idp: Idp) -> None:
    login = idp.login()

    assert login.names() == ["corp"]
    for name in ("api-only", "nowhere"):
        with pytest.raises(NotFound):
            login.begin(name, BACK)
