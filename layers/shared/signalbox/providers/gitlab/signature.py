"""GitLab signs with a signing token, or sends a secret token as it is.

A signing token is `whsec_` and the base64 of 32 bytes; it signs as Standard Webhooks say. The form
of each secret decides which of the two it is, never what a request holds.
https://docs.gitlab.com/user/project/integrations/webhooks/
"""

import base64
from collections.abc import Sequence
from typing import Final

from signalbox.ingress.signatures import HmacScheme, Timestamp, require_secret, verified_by
from signalbox.models.errors import SecretMissing, SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.services.ports.time import Clock

PLAIN_HEADER: Final = "x-gitlab-token"
SIGNING_SCHEME: Final = HmacScheme(
    header="webhook-signature",
    encoding="base64",
    prefix="v1,",
    separator=" ",
    signed="{webhook-id}.{timestamp}.{body}",
    key="base64",
    timestamp=Timestamp(header="webhook-timestamp"),
)

_SIGNING: Final = "whsec_"
_KEY_BYTES: Final = 32


def is_signing_token(secret: str) -> bool:
    """Return whether a secret is a signing token by its form."""
    return secret.startswith(_SIGNING)


def is_well_formed(signing_token: str) -> bool:
    """Return whether a signing token is one that GitLab takes: the base64 of 32 bytes."""
    try:
        key = base64.b64decode(signing_token.removeprefix(_SIGNING), validate=True)
    except ValueError:
        return False
    return len(key) == _KEY_BYTES


def sign(request: InboundRequest, secret: str, clock: Clock) -> InboundRequest:
    """Return a request with the signature, or with the secret itself.

    Raises:
        SignatureInvalid: It has no id to sign, in `webhook-id` or `Idempotency-Key`.
    """
    if not is_signing_token(secret):
        return request.with_headers({PLAIN_HEADER: secret})
    id_ = request.header("webhook-id") or request.header("idempotency-key")
    return SIGNING_SCHEME.sign(request.with_headers({"webhook-id": id_}), secret, clock)


def verify(request: InboundRequest, secrets: Sequence[str], clock: Clock) -> int:
    """Return the index of the secret that signed the request, or that it holds.

    Raises:
        SignatureInvalid: None of them did, or not recently.
        SecretMissing: There is no secret to verify with.
    """
    require_secret(secrets)
    signing = [secret if is_signing_token(secret) else "" for secret in secrets]
    tokens = ["" if is_signing_token(secret) else secret for secret in secrets]
    try:
        return verified_by(tokens, [request.header(PLAIN_HEADER)], str)
    except (SignatureInvalid, SecretMissing) as refusal:
        try:
            return SIGNING_SCHEME.verify(request, signing, clock)
        except SecretMissing:
            raise refusal from None
