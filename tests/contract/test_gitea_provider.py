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
    vectors = (
        Vector(  # the digest of https://docs.github.com/webhooks, without its prefix
            secret="It's a Secret to Everybody",
            body=b"Hello, World!",
            signature="757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        Vector(
            secret="mysecret",
            body=b'{"foo":"bar"}',
            signature="4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3",
        ),
        Vector(  # of the demo.php of github.com/8ctopus/git-hook
            secret="SECRET_KEY",
            body=(
                b'{"payload":{"ref":"refs/heads/master",'
                b'"before":"fc7fc95de2d998e0b41e17cfc3442836bbf1c7c9",'
                b'"after": "fc7fc95de2d998e0b41e17cfc3442836bbf1c7c9",'
                b'"total_commits":1,"repository":{"name":"site"}}}'
            ),
            signature="79c1e54cfbf45e322f2a789cdd14185fc18375194994265c82c122d2f139b338",
        ),
    )

    def provider(self) -> HmacProvider:
        return Gitea()
