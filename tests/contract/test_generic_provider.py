"""A generic source keeps the promises, whichever way its settings have it verify."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

import pytest
from pydantic import JsonValue

from cli.webhooks.samples import WebhookSample
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.request import InboundRequest
from signalbox.providers.generic.provider import Generic
from tests.builders import NOW
from tests.contract.hostile_requests import BODY
from tests.contract.providers import CURRENT, ProviderContract, TimestampContract
from tests.fakes.clock import FakeClock
from tests.samples import request_of
from tests.unit.ingress.schemes import VECTORS


class GenericContract(ProviderContract):
    settings: ClassVar[Mapping[str, JsonValue]]
    headers: ClassVar[Mapping[str, str]] = MappingProxyType({"content-type": "application/json"})

    def provider(self) -> Generic:
        return Generic(clock=FakeClock()).with_settings(dict(self.settings))

    def signed(
        self, body: bytes, secret: str = CURRENT, headers: Mapping[str, str] | None = None
    ) -> InboundRequest:
        sent = request_of("generic", {**self.headers, **(headers or {})}, body)
        return self.provider().sign(sent, secret or "no secret")

    def sent(self, sample: WebhookSample) -> InboundRequest:
        return self.provider().with_settings(sample.settings).sign(sample.request(), CURRENT)


class TestStandardWebhooks(GenericContract, TimestampContract):
    settings = MappingProxyType({"preset": "standard-webhooks"})
    signature_header = "webhook-signature"
    prefix = "v1,"
    allowed = frozenset(
        {"twice, joined by a comma and a blank", "a blank behind", "a blank before"}
    )
    now = int(NOW.timestamp())
    headers = MappingProxyType({"content-type": "application/json", "webhook-id": "msg_1"})

    def signed_at(self, timestamp: str) -> InboundRequest:
        sent = self.with_header(self.signed(BODY), "webhook-timestamp", timestamp)
        scheme = self.provider().settings.rules.scheme
        assert isinstance(scheme, HmacScheme)
        return self.with_header(sent, scheme.header, scheme.signature(CURRENT, sent))


class TestSvix(TestStandardWebhooks):
    settings = MappingProxyType({"preset": "svix"})
    signature_header = "svix-signature"
    headers = MappingProxyType({"content-type": "application/json", "svix-id": "msg_1"})

    def signed_at(self, timestamp: str) -> InboundRequest:
        sent = self.with_header(self.signed(BODY), "svix-timestamp", timestamp)
        scheme = self.provider().settings.rules.scheme
        assert isinstance(scheme, HmacScheme)
        return self.with_header(sent, scheme.header, scheme.signature(CURRENT, sent))


class TestShopify(GenericContract):
    settings = MappingProxyType({"preset": "shopify"})
    signature_header = "x-shopify-hmac-sha256"
    allowed = frozenset({"the prefix twice"})  # there is none


class TestBearer(GenericContract):
    settings = MappingProxyType({"preset": "plain", "event_type": "body.type"})
    signature_header = "authorization"
    prefix = "Bearer "
    signs_body = False


class TestBasic(TestBearer):
    settings = MappingProxyType({"verify": {"type": "basic"}})
    prefix = "Basic "


class TestHeader(TestBearer):
    settings = MappingProxyType({"verify": {"type": "header", "header": "x-token"}})
    signature_header = "x-token"
    prefix = ""
    allowed = frozenset({"the prefix twice"})  # there is none


@pytest.mark.parametrize("preset", ["standard", "stripe"])
def test_published_signatures_are_accepted(preset: str) -> None:
    vector = VECTORS[preset]
    settings: dict[str, JsonValue] = {
        "preset": {"standard": "standard-webhooks"}.get(preset, preset)
    }

    provider = Generic(clock=vector.clock()).with_settings(settings)

    assert provider.verify(vector.request(), [vector.secret]) == 0
