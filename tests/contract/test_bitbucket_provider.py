from types import MappingProxyType

from signalbox.ingress.provider import HmacProvider
from signalbox.providers.bitbucket.provider import Bitbucket
from tests.contract.hmac_providers import HmacProviderContract
from tests.contract.providers import Vector


class TestBitbucket(HmacProviderContract):
    signature_header = "x-hub-signature"
    delivery_header = "x-request-uuid"
    prefix = "sha256="
    headers = MappingProxyType(
        {
            "content-type": "application/json",
            "x-event-key": "pullrequest:comment_created",
            "x-request-uuid": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
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
        return Bitbucket()
