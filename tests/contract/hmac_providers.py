"""The contracts of providers that inherit `HmacProvider`: their scheme signs what is sent to them.

Inherit `HmacTimestampContract` where the scheme has a timestamp.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from signalbox.ingress.provider import HmacProvider
from signalbox.models.request import InboundRequest
from tests import samples
from tests.builders import NOW
from tests.contract.hostile_requests import BODY
from tests.contract.providers import CURRENT, ProviderContract, TimestampContract


class HmacProviderContract(ProviderContract):
    """For the providers that inherit `HmacProvider`: their scheme signs what is sent to them."""

    headers: ClassVar[Mapping[str, str]]
    """What they send with every request, but for the signature."""

    @abstractmethod
    def provider(self) -> HmacProvider:
        """The provider under test."""

    def signed(
        self, body: bytes, secret: str = CURRENT, headers: Mapping[str, str] | None = None
    ) -> InboundRequest:
        provider = self.provider()
        sent = samples.request_of(provider.name, {**self.headers, **(headers or {})}, body)
        scheme = provider.scheme
        return self.with_header(sent, scheme.header, scheme.signature(secret, sent))


class HmacTimestampContract(HmacProviderContract, TimestampContract):
    """The provider under test has a `FakeClock`.

    Where the time is an item of the signature's header, `prefix` includes it: `t=1772366400,v1=`.
    """

    now = int(NOW.timestamp())

    def signed(
        self, body: bytes, secret: str = CURRENT, headers: Mapping[str, str] | None = None
    ) -> InboundRequest:
        return self._signed(str(self.now), body, secret, headers or {})

    def signed_at(self, timestamp: str) -> InboundRequest:
        return self._signed(timestamp, BODY, CURRENT, {})

    def _signed(
        self, timestamp: str, body: bytes, secret: str, headers: Mapping[str, str]
    ) -> InboundRequest:
        provider = self.provider()
        scheme, at = provider.scheme, provider.scheme.timestamp
        assert at, "the scheme signs no timestamp"
        item = f"{at.item}{timestamp}"
        sent = samples.request_of(provider.name, {**self.headers, at.header: item, **headers}, body)
        signature = scheme.signature(secret, sent)
        if at.header == scheme.header:
            signature = f"{item}{at.separator}{signature}"
        return self.with_header(sent, scheme.header, signature)
