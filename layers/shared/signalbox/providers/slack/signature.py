"""Slack signs the raw body, form or JSON, with a timestamp.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from typing import Final

from signalbox.ingress.signatures import HmacScheme, Timestamp

SCHEME: Final = HmacScheme(
    header="x-slack-signature",
    prefix="v0=",
    signed="v0:{timestamp}:{body}",
    timestamp=Timestamp(header="x-slack-request-timestamp"),
)
