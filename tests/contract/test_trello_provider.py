from types import MappingProxyType

from signalbox.ingress.provider import HmacProvider
from signalbox.providers.trello.provider import Trello
from tests.contract.hmac_providers import HmacProviderContract
from tests.contract.providers import Vector


class TestTrello(HmacProviderContract):
    signature_header = "x-trello-webhook"
    allowed = frozenset({"the prefix twice"})
    headers = MappingProxyType(
        {"content-type": "application/json; charset=utf-8", "host": "api.example.com"}
    )
    vectors = (
        Vector(  # made by OpenSSL; the unit tests have the one of the documentation
            secret="mysecret",
            body=b'{"foo":"bar"}',
            signature="PO6ueeIupX55LQnc6o+xXsy44U8=",
        ),
    )

    def provider(self) -> HmacProvider:
        return Trello()
