"""PagerDuty signs the raw body with each secret of a subscription, without a timestamp.

https://developer.pagerduty.com/docs/verifying-signatures
"""

from typing import Final

from signalbox.ingress.signatures import HmacScheme

SCHEME: Final = HmacScheme(header="x-pagerduty-signature", prefix="v1=", separator=",")
