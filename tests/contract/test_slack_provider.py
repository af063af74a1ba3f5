from types import MappingProxyType

from cli.webhooks.samples import WebhookSample
from signalbox.ingress.provider import HmacProvider
from signalbox.models.event import Event
from signalbox.providers.slack.provider import Slack
from tests.contract.hmac_providers import HmacTimestampContract
from tests.fakes.clock import FakeClock


class TestSlack(HmacTimestampContract):
    signature_header = "x-slack-signature"
    chooses_texts = False
    prefix = "v0="
    headers = MappingProxyType({"content-type": "application/json"})

    def provider(self) -> HmacProvider:
        return Slack(clock=FakeClock())

    def typed_text(self, event: Event, sample: WebhookSample) -> str | None:
        match sample.body:
            case {"text": str(text)}:
                return text
            case {"payload": {"type": "message_action", "message": {"text": str(text)}}}:
                return text
            case {"payload": {"actions": [{"value": str(text)}]}}:
                return text
            case {"payload": _}:
                return None
        return event.text
