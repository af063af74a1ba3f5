"""The promises every inbound provider keeps.

A provider's test class inherits `ProviderContract`, or `TimestampContract` where the provider signs
a time too, and says how that provider signs. What its scheme allows beside one signature, lists
say, is named in `allowed`.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import pytest
from pydantic import JsonValue

from cli.webhooks.samples import WebhookSample
from signalbox.models.errors import PayloadInvalid, SignatureInvalid, Unavailable
from signalbox.models.event import Event, ParsedPayload
from signalbox.models.ids import delivery_id
from signalbox.models.provider_setup import SecretForm
from signalbox.models.request import InboundRequest
from signalbox.services.deliveries.plan_tasks import DeliveryContext, plan_tasks
from signalbox.services.ports.deliveries import Provider
from tests import samples
from tests.builders import NOW, a_source
from tests.contract.hostile_requests import BODY, OTHER_BODIES, SPOILED, UNREADABLE, Signature

CURRENT: Final = "the secret of today"
PREVIOUS: Final = "the secret of yesterday"
REMOVED: Final = "the secret of last year"
MARKER: Final = "<!-- signalbox:task=tsk_1 -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A signature that somebody else computed."""

    secret: str
    body: bytes
    signature: str


class ProviderContract(ABC):
    """Inherited by the test class of each provider."""

    signature_header: ClassVar[str]
    delivery_header: ClassVar[str | None] = None
    prefix: ClassVar[str] = ""
    allowed: ClassVar[frozenset[str]] = frozenset()
    vectors: ClassVar[tuple[Vector, ...]] = ()
    signs_body: ClassVar[bool] = True
    """Whether the signature depends on the body, unlike a token that is sent as it is."""
    signs_any_bytes: ClassVar[bool] = True
    """Whether any body is accepted with a right signature, and not only one that has the time."""
    has_texts: ClassVar[bool] = True
    """Whether a sample has a text in which commands may be written."""

    chooses_texts: ClassVar[bool] = True
    """Whether every event with a text is chosen in the settings of the service."""

    @abstractmethod
    def provider(self) -> Provider:
        """The provider under test."""

    @abstractmethod
    def signed(
        self, body: bytes, secret: str = CURRENT, headers: Mapping[str, str] | None = None
    ) -> InboundRequest:
        """A request as this provider sends it, with these headers on top."""

    def keys(self, *secrets: str) -> list[str]:
        """The secrets that verify what is signed with these: the other halves of key pairs."""
        return list(secrets)

    def typed_text(self, event: Event, sample: WebhookSample) -> str | None:
        """The text of an event as somebody typed it in the sample, to be marked there."""
        return event.text

    def sent(self, sample: WebhookSample) -> InboundRequest:
        """The request of a sample, signed."""
        return self.signed(sample.raw, headers=sample.headers)

    def with_header(self, request: InboundRequest, name: str, value: str) -> InboundRequest:
        return replace(request, headers={**request.headers, name: value})

    def without_header(self, request: InboundRequest, name: str) -> InboundRequest:
        rest = {key: value for key, value in request.headers.items() if key != name}
        return replace(request, headers=rest)

    def refused(self, request: InboundRequest) -> None:
        with pytest.raises(SignatureInvalid) as refusal:
            self.provider().verify(request, self.keys(CURRENT, PREVIOUS))

        assert refusal.value.status == 401

    def test_its_name_stands_in_a_route_and_its_kept_headers_are_in_lower_case(self) -> None:
        provider = self.provider()

        assert re.fullmatch(r"[a-z][a-z0-9_]*", provider.name)
        assert all(name == name.lower() for name in provider.recorded_headers)

    def test_its_instructions_name_what_to_enter(self) -> None:
        setup = self.provider().setup
        steps = " ".join(setup.steps)

        assert "{url}" in steps
        assert ("{secret}" in steps) == (setup.secret is not SecretForm.ISSUED)
        assert ("signalbox secrets set sources/{source}" in steps) == (
            setup.secret is SecretForm.ISSUED
        )
        assert "{events}" in steps or not setup.choices

    def test_its_instructions_name_events_that_it_reads(self) -> None:
        provider = self.provider()
        known = {*provider.events, *(event.partition(".")[0] for event in provider.events)}

        assert provider.setup.command_events <= known
        assert provider.setup.choices.keys() <= known

    def test_its_instructions_choose_every_event_with_a_text(self) -> None:
        provider = self.provider()
        recorded = [samples.sample(provider.name, name) for name in samples.names(provider.name)]
        parsed = [
            provider.with_settings(sample.settings).parse(sample.request()) for sample in recorded
        ]
        with_text = {event.type for each in parsed for event in each.events if event.text}

        chosen = provider.setup.choices_of(provider.setup.selected_events(provider.events, ()))

        if provider.setup.choices and self.chooses_texts:
            assert set(provider.setup.choices_of(sorted(with_text))) <= set(chosen)

    def test_it_names_the_header_of_its_signature_and_does_not_keep_it(self) -> None:
        provider = self.provider()

        assert provider.signature_header == self.signature_header
        assert self.signature_header not in provider.recorded_headers

    def test_published_signatures_are_accepted(self) -> None:
        for vector in self.vectors:
            request = self.with_header(
                self.signed(vector.body, vector.secret), self.signature_header, vector.signature
            )

            assert self.provider().verify(request, self.keys(vector.secret)) == 0

    def test_the_current_secret_is_accepted(self) -> None:
        assert self.provider().verify(self.signed(BODY), self.keys(CURRENT, PREVIOUS)) == 0

    def test_the_previous_secret_is_accepted_and_told_apart(self) -> None:
        request = self.signed(BODY, PREVIOUS)

        assert self.provider().verify(request, self.keys(CURRENT, PREVIOUS)) == 1

    def test_a_removed_secret_is_refused(self) -> None:
        self.refused(self.signed(BODY, REMOVED))

    def test_a_request_without_a_signature_is_refused(self) -> None:
        self.refused(self.without_header(self.signed(BODY), self.signature_header))

    @pytest.mark.parametrize("how", SPOILED)
    def test_a_spoiled_signature_is_refused(self, how: str) -> None:
        request = self.signed(BODY)
        right = Signature(
            self.prefix, request.header(self.signature_header).removeprefix(self.prefix)
        )

        spoiled = self.with_header(request, self.signature_header, SPOILED[how](right))

        if how in self.allowed:
            assert self.provider().verify(spoiled, self.keys(CURRENT)) == 0
        else:
            self.refused(spoiled)

    @pytest.mark.parametrize("how", OTHER_BODIES)
    def test_a_signature_of_another_body_is_refused(self, how: str) -> None:
        request = replace(self.signed(BODY), body=OTHER_BODIES[how])

        if self.signs_body:
            self.refused(request)
        else:
            assert self.provider().verify(request, self.keys(CURRENT)) == 0

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"\x00", b"a=b&c"])
    def test_any_bytes_can_be_signed(self, body: bytes) -> None:
        if self.signs_any_bytes:
            assert self.provider().verify(self.signed(body), self.keys(CURRENT)) == 0
        else:
            self.refused(self.signed(body))

    @pytest.mark.parametrize("secrets", [[], [""], ["", "  "], ["changeme"]])
    def test_without_a_secret_nothing_is_verified(self, secrets: list[str]) -> None:
        with pytest.raises(Unavailable):
            self.provider().verify(self.signed(BODY), secrets)

    @pytest.mark.parametrize("secret", ["", "changeme"])
    def test_a_secret_that_is_none_never_counts(self, secret: str) -> None:
        request = self.signed(BODY, secret)

        with pytest.raises(SignatureInvalid):
            self.provider().verify(request, self.keys(secret, CURRENT))

    def test_an_empty_secret_keeps_the_others_at_their_place(self) -> None:
        assert self.provider().verify(self.signed(BODY, PREVIOUS), self.keys("", PREVIOUS)) == 1

    def test_a_redelivery_has_the_same_key(self) -> None:
        first, second = self.signed(BODY), self.signed(BODY, PREVIOUS)

        keys = {self.provider().delivery_key(request) for request in (first, second)}

        assert len(keys) == 1

    @pytest.mark.parametrize("given", ["", " ", "a b", "é", "\ud800", "\x00", "x" * 129, "a\r\nb"])
    def test_an_odd_delivery_id_is_replaced_by_a_hash_of_the_body(self, given: str) -> None:
        if self.delivery_header is None:
            return
        one, same, other = (
            self.provider().delivery_key(
                self.with_header(self.signed(body), self.delivery_header, given)
            )
            for body in (BODY, BODY, BODY + b" ")
        )

        assert re.fullmatch(r"sha256:[0-9a-f]{64}", one)
        assert one == same
        assert one != other

    @pytest.mark.parametrize("how", UNREADABLE)
    def test_a_body_that_cannot_be_read_is_refused_in_our_words(self, how: str) -> None:
        request = self.signed(UNREADABLE[how])

        with pytest.raises(PayloadInvalid) as refusal:
            self.provider().parse(request)

        assert 0 < len(refusal.value.reason) < 500

    def test_every_sample_is_verified_and_understood(self) -> None:
        recorded = samples.names(self.provider().name)

        for name in recorded:
            sample = samples.sample(self.provider().name, name)
            provider = self.provider().with_settings(sample.settings)
            request = self.sent(sample)
            assert provider.verify(request, self.keys(CURRENT)) == 0
            parsed = provider.parse(request)
            assert isinstance(parsed, ParsedPayload)
            assert parsed.events or parsed.ignored or parsed.handshake

        assert recorded

    def test_a_text_that_we_wrote_ourselves_makes_no_task(self) -> None:
        texts = 0

        for name in samples.names(self.provider().name):
            sample = samples.sample(self.provider().name, name)
            provider = self.provider().with_settings(sample.settings)
            for event in provider.parse(self.sent(sample)).events:
                text = self.typed_text(event, sample)
                if not text:
                    continue
                marked = sample.model_copy(update={"body": _marked(sample.body, text)})
                parsed = provider.parse(self.sent(marked))
                assert marked.body != sample.body
                assert plan_tasks(parsed, _received(provider.name)).tasks == ()
                texts += 1

        assert bool(texts) is self.has_texts


class TimestampContract(ProviderContract):
    """For the providers that sign a time: it may be five minutes off, both ways.

    Where a provider counts otherwise than in seconds, `now` and `tolerance` do too.
    """

    now: ClassVar[int]
    tolerance: ClassVar[int] = 300

    @abstractmethod
    def signed_at(self, timestamp: str) -> InboundRequest:
        """A request with the body BODY, rightly signed with CURRENT over this text as its time.

        The provider under test takes it to be `now`.
        """

    @pytest.mark.parametrize("direction", [-1, 0, 1])
    def test_a_time_within_the_tolerance_is_accepted(self, direction: int) -> None:
        request = self.signed_at(str(self.now + direction * self.tolerance))

        assert self.provider().verify(request, self.keys(CURRENT)) == 0

    @pytest.mark.parametrize("direction", [-1, 1])
    def test_a_time_further_off_is_refused(self, direction: int) -> None:
        self.refused(self.signed_at(str(self.now + direction * (self.tolerance + 1))))

    @pytest.mark.parametrize(
        "timestamp",
        [
            "",
            " ",
            "abc",
            "nan",
            "inf",
            "1e400",
            "-1",
            "+1",
            "1.5",
            "²",
            "\u0661\u0662",
            "9" * 5_000,
        ],
    )
    def test_a_time_that_is_none_is_refused(self, timestamp: str) -> None:
        self.refused(self.signed_at(timestamp))


def _marked(value: JsonValue, text: str) -> JsonValue:
    """The value with our marker behind this text, wherever it stands."""
    if isinstance(value, dict):
        return {name: _marked(member, text) for name, member in value.items()}
    if isinstance(value, list):
        return [_marked(member, text) for member in value]
    return f"{text}\n{MARKER}" if value == text else value


def _received(provider: str) -> DeliveryContext:
    """By a source that makes a task of every command and every event."""
    return DeliveryContext(
        id=delivery_id(provider, "default", "a delivery"),
        key="a delivery",
        source=a_source(provider=provider, events=("*",)),
        at=NOW,
        request_id=None,
        retention=0,
    )
