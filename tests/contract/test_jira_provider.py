from types import MappingProxyType

from signalbox.ingress.provider import HmacProvider
from signalbox.providers.jira.provider import Jira
from tests.contract.hmac_providers import HmacProviderContract
from tests.contract.providers import Vector


class TestJira(HmacProviderContract):
    signature_header = "x-hub-signature"
    delivery_header = "x-atlassian-webhook-identifier"
    prefix = "sha256="
    headers = MappingProxyType(
        {
            "content-type": "application/json; charset=UTF-8",
            "x-atlassian-webhook-identifier": "7c1d5e0a-4b2f-4c61-9d3e-5a8f0b6e0001",
        }
    )
    vectors = (
        Vector(
            secret="It's a Secret to Everybody",
            body=b"Hello World!",
            signature="sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
        ),
    )

    def provider(self) -> HmacProvider:
        return Jira()
