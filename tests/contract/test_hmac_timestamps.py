"""A scheme with a timestamp keeps the promises, at a GitHub that signs one."""

from types import MappingProxyType
from typing import ClassVar

from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme, Timestamp
from signalbox.providers.github.provider import GitHub
from tests.contract.hmac_providers import HmacTimestampContract
from tests.fakes.clock import FakeClock


class TimestampedGitHub(GitHub):
    scheme: ClassVar[HmacScheme] = HmacScheme(
        header="x-signature",
        prefix="v0=",
        signed="v0:{timestamp}:{body}",
        timestamp=Timestamp("x-timestamp"),
    )


class TestTimestampedGitHub(HmacTimestampContract):
    signature_header = "x-signature"
    delivery_header = "x-github-delivery"
    timestamp_header = "x-timestamp"
    prefix = "v0="
    headers = MappingProxyType({"x-github-event": "issue_comment", "x-github-delivery": "7"})

    def provider(self) -> HmacProvider:
        return TimestampedGitHub(clock=FakeClock())
