from dataclasses import field
from datetime import timedelta
from typing import ClassVar

import pytest

from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme, Timestamp
from signalbox.models.base import Model
from signalbox.models.errors import Conflict, SignatureInvalid
from signalbox.models.event import ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.frozen import frozen
from signalbox.models.request import InboundRequest
from signalbox.models.resource_settings import SettingsInvalid
from tests.builders import NOW, SECRET
from tests.fakes.clock import FakeClock
from tests.samples import request_of


class Acme(HmacProvider):
    name: ClassVar[str] = "acme"
    scheme: ClassVar[HmacScheme] = HmacScheme(
        header="x-acme-signature",
        signed="{timestamp}.{body}",
        timestamp=Timestamp(header="x-acme-time"),
    )
    delivery_header: ClassVar[str] = "x-acme-delivery"
    own_headers: ClassVar[frozenset[str]] = frozenset({"x-acme-event"})
    events: ClassVar[EventVocabulary] = {"ping": None}

    def parse(self, request: InboundRequest) -> ParsedPayload:
        return ParsedPayload(type=request.header("x-acme-event"))


class AcmeSettings(Model):
    strict: bool = False


@frozen
class StrictAcme(Acme):
    settings: AcmeSettings = field(default_factory=AcmeSettings)


class Nameless(Acme):
    delivery_header: ClassVar[str] = ""


def test_a_timestamp_is_compared_with_the_clock_of_the_provider() -> None:
    unsigned = request_of("acme", {"X-Acme-Time": str(int(NOW.timestamp()))}, b"{}")
    headers = dict(unsigned.headers) | {
        "X-Acme-Signature": Acme.scheme.signature(SECRET, unsigned),
    }
    request = request_of("acme", headers, b"{}")

    assert Acme(clock=FakeClock()).verify(request, [SECRET]) == 0
    with pytest.raises(SignatureInvalid, match="timestamp"):
        Acme(clock=FakeClock(NOW + timedelta(hours=1))).verify(request, [SECRET])
    with pytest.raises(SignatureInvalid, match="timestamp"):
        Acme().verify(request, [SECRET])


def test_a_provider_takes_the_settings_of_a_source() -> None:
    clock = FakeClock()

    provider = StrictAcme(clock=clock).with_settings({"strict": True})

    assert provider == StrictAcme(clock=clock, settings=AcmeSettings(strict=True))


def test_a_provider_refuses_settings_that_it_does_not_have() -> None:
    for settings in ({"strikt": True}, {"strict": "very"}):
        with pytest.raises(SettingsInvalid, match="strict"):
            StrictAcme().with_settings(settings)
    with pytest.raises(SettingsInvalid, match="strict"):
        Acme().with_settings({"strict": True})


def test_a_sample_is_signed_as_the_service_would() -> None:
    provider = Acme(clock=FakeClock())

    signed = provider.sign(request_of("acme", {}, b"{}"), SECRET)

    assert signed.header("x-acme-time") == str(int(NOW.timestamp()))
    assert provider.verify(signed, [SECRET]) == 0


def test_a_request_without_signature_has_no_answer() -> None:
    assert Acme().answer_unsigned(request_of("acme", {}, b"")) is None


def test_the_header_of_the_signature_is_not_kept_and_that_of_the_delivery_is() -> None:
    assert Acme().signature_header == "x-acme-signature"
    assert Acme().recorded_headers == {
        "content-type",
        "signalbox-hops",
        "user-agent",
        "x-acme-delivery",
        "x-acme-event",
    }
    assert Nameless().recorded_headers == {
        "content-type",
        "signalbox-hops",
        "user-agent",
        "x-acme-event",
    }


def test_the_delivery_key_is_the_providers_id_or_a_hash_where_it_sends_none() -> None:
    request = request_of("acme", {"X-Acme-Delivery": "7"}, b"{}")

    assert Acme().delivery_key(request) == "7"
    assert Nameless().delivery_key(request).startswith("sha256:")


def test_a_provider_calls_no_api_and_takes_tokens_that_a_header_can_carry() -> None:
    assert not Acme().uses_token
    Acme().check_token("glpat-1")
    for token in ("two words", "line\nbreak", "umläut"):
        with pytest.raises(Conflict, match="header"):
            Acme().check_token(token)
