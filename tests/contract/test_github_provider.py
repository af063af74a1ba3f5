from types import MappingProxyType

from signalbox.ingress.provider import HmacProvider
from signalbox.providers.github.provider import GitHub
from tests.contract.hmac_providers import HmacProviderContract
from tests.contract.providers import Vector


class TestGitHub(HmacProviderContract):
    signature_header = "x-hub-signature-256"
    delivery_header = "x-github-delivery"
    prefix = "sha256="
    headers = MappingProxyType(
        {
            "content-type": "application/json",
            "x-github-event": "issue_comment",
            "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        }
    )
    vectors = (
        Vector(
            secret="It's a Secret to Everybody",
            body=b"Hello, World!",
            signature="sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        Vector(
            secret="mysecret",
            body=b'{"foo":"bar"}',
            signature="sha256=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3",
        ),
        Vector(
            secret="development",
            body=rb'{"foo":"\\u001b"}',
            signature="sha256=6f8326efbacfbd04e870cea25b5652e635be8c9807f2fd5348ef60753c9e96ed",
        ),
    )

    def provider(self) -> HmacProvider:
        return GitHub()
