"""The tokens of webhooks that an app registered: JWT, signed with the secret of the app.

They are sent instead of a signature, as `Authorization: JWT` to Connect apps and as `Bearer` to
OAuth 2.0 apps. A token proves who calls which URL, and for how long; it does not cover the body.
https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal
from urllib.parse import parse_qs, quote

from pydantic import Field

from signalbox.ingress.payload import PayloadPart
from signalbox.ingress.signatures import require_secret, verified_by
from signalbox.models.errors import SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.services.ports.time import Clock

_TOKEN: Final = re.compile(
    r"(?:JWT|Bearer) +(?P<signed>(?P<header>[\w-]+)\.(?P<claims>[\w-]+))\.(?P<signature>[\w-]{43})",
    re.ASCII | re.IGNORECASE,
)
_LEEWAY: Final = 30
"""How far the clock of the sender may be off, in seconds."""

_Seconds = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class _Header(PayloadPart):
    """The part of a token that names its algorithm; a critical extension is one we do not know."""

    alg: Literal["HS256"]
    crit: None = None


class _Claims(PayloadPart):
    """The claims that are checked. `qsh` is the hash of the request, without its body."""

    exp: _Seconds
    nbf: _Seconds | None = None
    qsh: str | None = None


def verify_token(request: InboundRequest, secrets: Sequence[str], clock: Clock) -> int:
    """Return the index of the secret with which the token of a request was signed.

    Raises:
        SignatureInvalid: The token is missing, malformed, expired, of another URL, or signed with
            none of the secrets.
        SecretMissing: There is no secret to verify with.
    """
    token = _TOKEN.fullmatch(request.header("authorization"))
    if token is None:
        require_secret(secrets)
        raise SignatureInvalid("the request has neither a signature nor a token")
    index = verified_by(
        secrets, [token["signature"]], lambda secret: _signature(secret, token["signed"])
    )
    try:
        _Header.model_validate_json(_decoded(token["header"]))
        claims = _Claims.model_validate_json(_decoded(token["claims"]))
    except ValueError:
        raise SignatureInvalid("the token is no JWT with HS256 and an expiry") from None
    now = clock().timestamp()
    if now > claims.exp + _LEEWAY or now < (claims.nbf or now) - _LEEWAY:
        raise SignatureInvalid("the token has expired or is not valid yet")
    if claims.qsh is not None and claims.qsh not in _request_hashes(request):
        raise SignatureInvalid("the token was made for another URL")
    return index


def _signature(secret: str, signed: str) -> str:
    digest = hmac.digest(secret.encode("utf-8", "surrogatepass"), signed.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _request_hashes(request: InboundRequest) -> frozenset[str]:
    """Return the hashes of a request, one for each base URL that the app may have registered.

    The path in a hash is relative to that URL, which may hold a part of our path.
    """
    parameters = parse_qs(request.query, keep_blank_values=True)
    query = "&".join(
        f"{_encoded(name)}={','.join(map(_encoded, sorted(values)))}"
        for name, values in sorted(parameters.items())
        if name != "jwt"
    )
    steps = f"{request.base_path}{request.path}".strip("/").split("/")
    paths = ("/" + "/".join(steps[start:]) for start in range(len(steps) + 1))
    return frozenset(_hash(f"{request.method}&{path}&{query}") for path in paths)


def _hash(canonical: str) -> str:
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")
