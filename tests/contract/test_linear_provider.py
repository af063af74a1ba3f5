from collections.abc import Mapping
from types import MappingProxyType

from signalbox.ingress.provider import HmacProvider
from signalbox.models.request import InboundRequest
from signalbox.providers.linear.provider import Linear
from tests.builders import NOW
from tests.contract.hmac_providers import HmacProviderContract
from tests.contract.hostile_requests import BODY
from tests.contract.providers import CURRENT, TimestampContract, Vector
from tests.fakes.clock import FakeClock

_TIME = b'"webhookTimestamp":'


class TestLinear(HmacProviderContract, TimestampContract):
    signature_header = "linear-signature"
    delivery_header = "linear-delivery"
    allowed = frozenset({"the prefix twice"})
    signs_any_bytes = False
    now = int(NOW.timestamp()) * 1_000
    tolerance = 60_000
    headers = MappingProxyType(
        {
            "content-type": "application/json; charset=utf-8",
            "linear-delivery": "234d1a4e-b617-4388-90fe-adc3633d6b72",
            "linear-event": "Issue",
        }
    )
    vectors = (
        Vector(  # made by OpenSSL, as Linear publishes none
            secret="lin_wh_mysecret",
            body=b'{"action":"create","type":"Issue","webhookTimestamp":1772366400000}',
            signature="0d254568ea79a6520bb62b0d350ab2262b594fe31ff8a76b091e47677b0f4931",
        ),
    )

    def provider(self) -> HmacProvider:
        return Linear(clock=FakeClock())

    def signed(
        self, body: bytes, secret: str = CURRENT, headers: Mapping[str, str] | None = None
    ) -> InboundRequest:
        """A request whose body has the current time, if it is a JSON object without one."""
        timed = body if _TIME in body.replace(b" ", b"") else _at(body, str(self.now))
        return super().signed(timed, secret, headers)

    def signed_at(self, timestamp: str) -> InboundRequest:
        return self.signed(_at(BODY, timestamp))


def _at(body: bytes, timestamp: str) -> bytes:
    return body.replace(b'{"', b"{%s%s," % (_TIME, timestamp.encode()) + b'"', 1)
