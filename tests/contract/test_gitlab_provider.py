from collections.abc import Mapping

from signalbox.models.request import InboundRequest
from signalbox.providers.gitlab.provider import GitLab
from signalbox.services.ports.deliveries import Provider
from tests.contract.providers import CURRENT, ProviderContract
from tests.samples import request_of


class TestGitLab(ProviderContract):
    """With a secret token; the tests of signing tokens are in `tests/unit/providers/gitlab`."""

    signature_header = "x-gitlab-token"
    delivery_header = "idempotency-key"
    signs_body = False
    allowed = frozenset({"the prefix twice"})  # as there is none

    def provider(self) -> Provider:
        return GitLab()

    def signed(
        self, body: bytes, secret: str = CURRENT, headers: Mapping[str, str] | None = None
    ) -> InboundRequest:
        sent = {
            "content-type": "application/json",
            "x-gitlab-event": "Note Hook",
            "idempotency-key": "a3cb769e-b1f7-5743-aa13-b34882ac5630",
        }
        return request_of("gitlab", {**sent, **(headers or {}), "x-gitlab-token": secret}, body)
