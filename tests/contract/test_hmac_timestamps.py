"""A scheme with a timestamp keeps the promises, at a GitHub that signs one."""

from types import MappingProxyType
from typing import ClassVar

from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme, Timestamp
from signalbox.providers.github.provider import GitHub
from tests.builders import NOW
from tests.contract.hmac_providers import HmacTimestampContract
from tests.fakes.clock import FakeClock


class TimestampedGitHub(GitHub):
    scheme: ClassVar[HmacScheme] = HmacScheme(
        header="x-signature",
        prefix="v0=",
        signed="v0:{timestamp}:{body}",
        timestamp=Timestamp(header="x-timestamp"),
    )


class TestTimestampedGitHub(HmacTimestampContract):
    signature_header = "x-signature"
    delivery_header = "x-github-delivery"
    prefix = "v0="
    headers = MappingProxyType({"x-github-event": "issue_comment", "x-github-delivery": "7"})

    def provider(self) -> HmacProvider:
        return TimestampedGitHub(clock=FakeClock())


class GitHubWithTimeInSignature(GitHub):
    scheme: ClassVar[HmacScheme] = HmacScheme(
        header="x-signature",
        prefix="v1=",
        separator=",",
        signed="{timestamp}.{body}",
        timestamp=Timestamp(header="x-signature", item="t="),
    )


class TestGitHubWithTimeInSignature(HmacTimestampContract):
    signature_header = "x-signature"
    delivery_header = "x-github-delivery"
    prefix = f"t={int(NOW.timestamp())},v1="
    allowed = frozenset(
        {
            "an unknown version first",
            "the prefix twice",
            "twice, joined by a comma and a blank",
        }
    )
    headers = MappingProxyType({"x-github-event": "issue_comment", "x-github-delivery": "7"})

    def provider(self) -> HmacProvider:
        return GitHubWithTimeInSignature(clock=FakeClock())
