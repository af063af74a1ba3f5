import hashlib
from collections.abc import Mapping

import pytest

from cli.webhooks.samples import WebhookSample
from signalbox.models.errors import SecretMissing
from signalbox.models.event import Event
from signalbox.models.request import InboundRequest
from signalbox.models.secret import is_placeholder
from signalbox.providers.discord.provider import Discord
from tests import samples
from tests.builders import NOW
from tests.contract.hostile_requests import BODY
from tests.contract.providers import CURRENT, TimestampContract
from tests.fakes.clock import FakeClock

_TIMESTAMP = "x-signature-timestamp"


def seed(secret: str) -> str:
    """The private key of this name."""
    return hashlib.sha256(secret.encode()).hexdigest()


class TestDiscord(TimestampContract):
    signature_header = "x-signature-ed25519"
    chooses_texts = False
    allowed = frozenset({"the prefix twice"})  # as there is none
    now = int(NOW.timestamp())

    def provider(self) -> Discord:
        return Discord(clock=FakeClock())

    def keys(self, *secrets: str) -> list[str]:
        return [
            secret if is_placeholder(secret) else self.provider().verification_secret(seed(secret))
            for secret in secrets
        ]

    def signed(
        self, body: bytes, secret: str = CURRENT, headers: Mapping[str, str] | None = None
    ) -> InboundRequest:
        sent = {"content-type": "application/json", _TIMESTAMP: str(self.now), **(headers or {})}
        return self.provider().sign(samples.request_of("discord", sent, body), seed(secret))

    def signed_at(self, timestamp: str) -> InboundRequest:
        """Without the timestamp that `sign` adds where there is none."""
        if timestamp:
            return self.signed(BODY, headers={_TIMESTAMP: timestamp})
        return self.with_header(self.signed(BODY), _TIMESTAMP, "")

    def typed_text(self, event: Event, sample: WebhookSample) -> str | None:
        match sample.body:
            case {"data": {"custom_id": str(text)}}:
                return text if event.text else None
            case {"data": {"options": [*_, {"name": "text", "value": str(text)}]}}:
                return text
            case {"data": {"options": [{"options": [{"name": "text", "value": str(text)}]}]}}:
                return text
            case {"data": {"target_id": str(target), "resolved": {"messages": dict(messages)}}}:
                match messages[target]:
                    case {"content": str(text)}:
                        return text
        return event.text

    @pytest.mark.parametrize("secrets", [["a"], ["g" * 64], ["a" * 63, "\ud800"]])
    def test_a_secret_that_is_no_public_key_is_reported(self, secrets: list[str]) -> None:
        with pytest.raises(SecretMissing, match="64 hexadecimal digits"):
            self.provider().verify(self.signed(BODY), secrets)

    def test_a_secret_that_is_no_public_key_keeps_the_others_at_their_place(self) -> None:
        assert self.provider().verify(self.signed(BODY), ["a", *self.keys(CURRENT)]) == 1
