"""Signature Version 4, for requests without a query.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Final

from signalbox.aws.transport.credentials import AwsCredentials
from signalbox.models.frozen import frozen

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@frozen
class SigningScope:
    """Where a signature is valid."""

    region: str
    service: str


def sign_headers(
    headers: Mapping[str, str],
    body: bytes,
    *,
    credentials: AwsCredentials,
    scope: SigningScope,
    now: float,
    method: str = "POST",
    path: str = "/",
) -> dict[str, str]:
    """Return the headers with those of a signature, which covers all of them.

    Args:
        headers: Names in lower case; `host` must be among them.
        body: The whole body.
        credentials: Who signs.
        scope: Region and service.
        now: The time in seconds since 1970, by the clock of AWS.
        method: The method.
        path: The path, as it is sent.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    signed = {**headers, "x-amz-date": stamp}
    if credentials.token:
        signed["x-amz-security-token"] = credentials.token
    names = sorted(signed)
    listed = ";".join(names)
    lines = ""
    for name in names:
        value = signed[name]
        if " " in value or "\t" in value:
            value = " ".join(value.split())
        lines += f"{name}:{value}\n"
    request = f"{method}\n{path}\n\n{lines}\n{listed}\n{sha256(body).hexdigest()}"
    place = f"{stamp[:8]}/{scope.region}/{scope.service}/aws4_request"
    text = f"{_ALGORITHM}\n{stamp}\n{place}\n{sha256(request.encode()).hexdigest()}"
    key = _signing_key(credentials.secret_key, stamp[:8], scope.region, scope.service)
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    signed["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{place}, "
        f"SignedHeaders={listed}, Signature={signature}"
    )
    return signed


@lru_cache(maxsize=8)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """Return the key for a day; deriving it takes longer than a signature."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
