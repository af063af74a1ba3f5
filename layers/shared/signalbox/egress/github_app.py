"""Tokens with which a GitHub App authenticates itself: JWTs, signed with its private key.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from datetime import datetime

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from signalbox.models.errors import SendRefused


def app_token(app_id: str, private_key: str, begins: datetime, ends: datetime) -> str:
    """Return a token that is valid between these times, at most ten minutes.

    Raises:
        SendRefused: The text is not a private key that can sign.
    """
    claims = {"iss": app_id, "iat": int(begins.timestamp()), "exp": int(ends.timestamp())}
    try:
        key = RSAKey.import_key(private_key)
        return jwt.encode({"alg": "RS256"}, dict(claims), key, algorithms=["RS256"])
    except (JoseError, ValueError, TypeError):
        pass
    raise SendRefused("the token is not the private key of a GitHub App")
