"""Jira signs the raw body with the secret of a webhook that an administrator created.

The name of the header is that of WebSub, without `-256`.
https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks
"""

from typing import Final

from signalbox.ingress.signatures import HmacScheme

SCHEME: Final = HmacScheme(header="x-hub-signature", prefix="sha256=")
