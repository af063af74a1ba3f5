"""Log in at an issuer: OpenID Connect with an authorization code and PKCE, as a public client.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth, RFC 7636, RFC 9700.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from hmac import compare_digest
from typing import Final
from urllib.parse import urlencode, urlsplit

from signalbox.models.errors import NotFound, Unauthenticated
from signalbox.models.frozen import frozen
from signalbox.models.issuer import Issuer, IssuerLogin
from signalbox.models.opaque_token import random_token
from signalbox.models.principal import TOKEN_PRINCIPAL, Principal

RedeemCode = Callable[[str, Mapping[str, str]], str]
"""Send a form to a token endpoint and return the ID token. Raises Unauthenticated, Unavailable."""

NonceOf = Callable[[str], str]
"""Return the nonce of an ID token that was verified, empty without one."""

_ATTEMPT: Final = re.compile(r"([\w.-]{1,64})\.([\w-]{43})\.([\w-]{43})\.([\w-]{43})", re.ASCII)


@frozen
class LoginAttempt:
    """What a browser remembers in a cookie while its user logs in at the issuer."""

    issuer: str
    state: str
    nonce: str
    verifier: str

    @property
    def text(self) -> str:
        """Return the value of the cookie."""
        return f"{self.issuer}.{self.state}.{self.nonce}.{self.verifier}"

    @property
    def challenge(self) -> str:
        """Return the challenge to which the verifier is the answer."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return urlsafe_b64encode(digest).decode().rstrip("=")


@frozen
class LoginRedirect:
    """Where the browser goes to log in, and what it has to remember."""

    url: str
    attempt: LoginAttempt


@frozen
class OidcLogin:
    """Log in at an issuer. `authenticate` verifies an ID token as any other token is verified."""

    issuers: Callable[[], Sequence[Issuer]]
    redeem: RedeemCode
    authenticate: Callable[[str], Principal]
    nonce_of: NonceOf
    random: Callable[[], str] = random_token

    def names(self) -> Sequence[str]:
        """Return the issuers at which one can log in."""
        return sorted(issuer.name for issuer in self.issuers() if issuer.login)

    def begin(self, name: str, redirect_uri: str) -> LoginRedirect:
        """Return where to log in at an issuer.

        Raises:
            NotFound: One cannot log in at this issuer.
        """
        issuer, login = self._find(name)
        attempt = LoginAttempt(
            issuer=name, state=self.random(), nonce=self.random(), verifier=self.random()
        )
        query = {
            "response_type": "code",
            "client_id": issuer.audience,
            "redirect_uri": redirect_uri,
            "scope": login.scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        separator = "&" if urlsplit(login.authorization_url).query else "?"
        url = login.authorization_url + separator + urlencode(query)
        return LoginRedirect(url=url, attempt=attempt)

    def finish(self, remembered: str, *, code: str, state: str, redirect_uri: str) -> Principal:
        """Return the principal of a user who has logged in. It does not end with the ID token.

        Raises:
            Unauthenticated: It is not the login that this browser began, or it is not valid.
            NotFound: One cannot log in at its issuer any more.
            Unavailable: The issuer did not answer.
        """
        attempt = _parse(remembered)
        if not compare_digest(attempt.state.encode(), state.encode("utf-8", "surrogatepass")):
            raise Unauthenticated("this is not the login that this browser began")
        issuer, login = self._find(attempt.issuer)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": issuer.audience,
            "code_verifier": attempt.verifier,
        }
        token = self.redeem(login.token_url, form)
        principal = self.authenticate(token)
        if not principal.name.startswith(f"{TOKEN_PRINCIPAL}{issuer.name}/"):
            raise Unauthenticated("the ID token is of another issuer")
        if not compare_digest(self.nonce_of(token).encode(), attempt.nonce.encode()):
            raise Unauthenticated("the ID token is of another login")
        return principal.model_copy(update={"expires_at": None})

    def _find(self, name: str) -> tuple[Issuer, IssuerLogin]:
        for issuer in self.issuers():
            if issuer.name == name and issuer.login:
                return issuer, issuer.login
        raise NotFound("there is no issuer of this name at which one can log in")


def _parse(remembered: str) -> LoginAttempt:
    parts = _ATTEMPT.fullmatch(remembered)
    if parts is None:
        raise Unauthenticated("this browser has begun no login, or too long ago")
    issuer, state, nonce, verifier = parts.groups()
    return LoginAttempt(issuer=issuer, state=state, nonce=nonce, verifier=verifier)
