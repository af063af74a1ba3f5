from types import MappingProxyType

from signalbox.ingress.provider import HmacProvider
from signalbox.providers.gitea.provider import Gitea
from tests.contract.hmac_providers import HmacProviderContract
from tests.contract.providers import Vector


class TestGitea(HmacProviderContract):
    signature_header = "x-gitea-signature"
    delivery_header = "x-gitea-delivery"
    allowed = frozenset({"the prefix twice"})  # as there is none
    headers = MappingProxyType(
        {
            "content-type": "application/json",
            "x-gitea-event": "issue_comment",
            "x-gitea-event-type": "issue_comment",
            "x-gitea-delivery": "f6266f16-1bf3-46a5-9ea4-602e06ead473",
        }
    )
    vectors = (  # the digests of https://docs.github.com/webhooks, without their prefix
        Vector(
            secret="It's a Secret to Everybody",
            body=b"Hello, World!",
            signature="757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        Vector(
            secret="mysecret",
            body=b'{"foo":"bar"}',
            signature="4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3",
        ),
    )

    def provider(self) -> HmacProvider:
        return Gitea()
