"""The contracts of providers that inherit `HmacProvider`: their scheme signs what is sent to them.

Inherit `HmacTimestampContract` where the scheme has a timestamp, in a header of its own.
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
    """The provider under test has a `FakeClock`."""

    now = int(NOW.timestamp())
    timestamp_header: ClassVar[str]

    def signed(
        self, body: bytes, secret: str = CURRENT, headers: Mapping[str, str] | None = None
    ) -> InboundRequest:
        at = {self.timestamp_header: str(self.now)}
        return super().signed(body, secret, {**at, **(headers or {})})

    def signed_at(self, timestamp: str) -> InboundRequest:
        return self.signed(BODY, headers={self.timestamp_header: timestamp})
