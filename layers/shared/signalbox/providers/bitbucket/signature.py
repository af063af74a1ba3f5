"""Bitbucket signs the raw body, without a timestamp.

The header is the one in which GitHub has its older signature, but the digest is SHA-256.
https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/
"""

from typing import Final

from signalbox.ingress.signatures import HmacScheme

SCHEME: Final = HmacScheme(header="x-hub-signature", prefix="sha256=")
