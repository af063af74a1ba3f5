"""The requests by which an endpoint is verified, and the response that each must get."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from cli.errors import CommandError
from cli.webhooks.post import SentWebhook, WebhookRequest
from cli.webhooks.samples import load_sample, new_sample, sample_names
from cli.webhooks.send import WebhookEndpoint
from signalbox.ingress.provider import WebhookProvider
from signalbox.models.delivery import DeliveryStatus
from signalbox.models.errors import PayloadInvalid, SignalboxError
from signalbox.models.ids import delivery_id
from signalbox.models.request import InboundRequest
from signalbox.models.source import Source
from signalbox.services.deliveries.interpret import Interpretation, interpret
from signalbox.services.deliveries.permissions import everybody_may
from signalbox.services.deliveries.plan_tasks import DeliveryContext
from signalbox.services.ports.deliveries import Provider
from signalbox.services.ports.time import utc_now

OVER_EVERY_LIMIT: Final = 4_000_001
"""More bytes than the parameter MaxBodyBytes allows at most."""

_AGE: Final = timedelta(minutes=10)
_NOT_UTF_8: Final = b"\xff\xfe"
_ONLY_VERIFIES: Final = "the secret of the source signs nothing; --secret takes one that does"
_SUCCESS: Final = "2xx"
_DUPLICATE: Final = "2xx, the same delivery"
_REFUSED: Final = "401"
_TOO_LARGE: Final = "413"
_NOT_TEXT: Final = "400 or 401"
"""401 where API Gateway replaces the bytes that are not UTF-8, so that the signature is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationCase:
    """A request, or the reason why there is none, and the statuses that it must get.

    `repeats` marks a copy of the first request, which must be recognised as its duplicate.
    """

    name: str
    expected: str
    statuses: frozenset[int]
    request: InboundRequest | None = None
    skipped: str = ""
    repeats: bool = False

    def accepts(self, sent: SentWebhook, first: SentWebhook | None) -> bool:
        """Return whether the response is the expected one."""
        if sent.status not in self.statuses:
            return False
        return not self.repeats or (
            first is not None
            and sent.delivery_id is not None
            and sent.delivery_id == first.delivery_id
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPlan:
    """The cases, and the webhook that they are made of."""

    webhook: WebhookRequest
    cases: tuple[VerificationCase, ...]


def verification_plan(endpoint: WebhookEndpoint, name: str) -> VerificationPlan:
    """Return the cases for the source of this name, in the order in which they must be sent.

    Raises:
        CommandError: No sample of the provider fits the settings of the source.
    """
    source = endpoint.source or Source(provider=endpoint.provider.name, name=name)
    requests = _Requests(endpoint=endpoint, webhook=quiet_webhook(endpoint, source))
    return VerificationPlan(webhook=requests.webhook, cases=tuple(_cases(requests)))


def quiet_webhook(endpoint: WebhookEndpoint, source: Source) -> WebhookRequest:
    """Return a webhook of a sample that creates no task of this source, if there is one.

    Events that are never read come first, since they do not depend on the configuration.

    Raises:
        CommandError: No sample of the provider fits the settings of the source.
    """
    provider = endpoint.provider
    ranked: list[tuple[int, WebhookRequest]] = []
    for webhook in _sample_webhooks(provider):
        request = webhook.sample.request(urlsplit(endpoint.url).path)
        interpretation = interpret(provider, request, _context(provider, request, source))
        if interpretation.refusal is None:
            ranked.append((_rank(interpretation), webhook))
    if not ranked:
        raise CommandError(f"no sample of {provider.name} fits the settings of the source")
    return min(ranked, key=lambda pair: pair[0])[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Requests:
    """Builds the requests of the cases. Each method returns a request, or why there is none."""

    endpoint: WebhookEndpoint
    webhook: WebhookRequest

    def valid(self) -> InboundRequest | str:
        return self._signed()

    def wrong_secret(self) -> InboundRequest | str:
        for secret in (secrets.token_urlsafe(32), secrets.token_hex(32)):
            try:
                return self.webhook.signed(secret, self.endpoint.url)
            except (ValueError, SignalboxError):
                continue
        return "the provider signs with no random secret"

    def old(self) -> InboundRequest | str:
        provider = self.endpoint.provider
        if not isinstance(provider, WebhookProvider):
            return "the provider has no clock"
        earlier = replace(provider, clock=lambda: utc_now() - _AGE)
        request = self._signed(webhook=replace(self.webhook, provider=earlier))
        if isinstance(request, str) or not self._verifies(request):
            return request
        return "the signature has no time"

    def changed(self) -> InboundRequest | str:
        signed = self._signed()
        if isinstance(signed, str):
            return signed
        request = replace(signed, body=signed.body + b" ")
        return "the body is not signed" if self._verifies(request) else request

    def large(self) -> InboundRequest | str:
        """Add blanks behind the signed part: the size is checked before the signature."""
        signed = self._signed()
        request = self.unsigned() if isinstance(signed, str) else signed
        return replace(request, body=request.body.ljust(OVER_EVERY_LIMIT))

    def not_text(self) -> InboundRequest | str:
        """Sign bytes that are not UTF-8 in an event that is read."""
        provider = self.endpoint.provider
        for webhook in _sample_webhooks(provider):
            request = self._signed(lambda body: body + _NOT_UTF_8, webhook)
            if isinstance(request, str):
                return request
            try:
                provider.parse(request)
            except PayloadInvalid:
                return request
        return "the provider takes any bytes"

    def unsigned(self) -> InboundRequest:
        return self.webhook.unsigned(self.endpoint.url)

    def _signed(
        self,
        change: Callable[[bytes], bytes] = bytes,
        webhook: WebhookRequest | None = None,
    ) -> InboundRequest | str:
        hook = webhook or self.webhook
        request = hook.unsigned(self.endpoint.url)
        secret = self.endpoint.secret
        try:
            # the stored secret is that by which requests are verified
            if self.endpoint.stored and hook.provider.verification_secret(secret) != secret:
                return _ONLY_VERIFIES
            return hook.provider.sign(replace(request, body=change(request.body)), secret)
        except (ValueError, SignalboxError):
            return _ONLY_VERIFIES

    def _verifies(self, request: InboundRequest) -> bool:
        provider = self.endpoint.provider
        try:
            provider.verify(request, [provider.verification_secret(self.endpoint.secret)])
        except SignalboxError:
            return False
        return True


def _sample_webhooks(provider: Provider) -> Iterator[WebhookRequest]:
    """Yield a new webhook of each sample that fits the settings of the source."""
    for name in sample_names(provider.name):
        try:
            sample = new_sample(provider, load_sample(provider.name, name))
            provider.delivery_key(sample.request())
        except PayloadInvalid:
            continue
        yield WebhookRequest(provider=provider, sample=sample)


def _cases(requests: _Requests) -> Iterator[VerificationCase]:
    valid = requests.valid()
    yield _case("valid request", _SUCCESS, valid)
    yield _case("wrong secret", _REFUSED, requests.wrong_secret())
    yield _case("signed 10 minutes ago", _REFUSED, requests.old())
    yield _case("changed body", _REFUSED, requests.changed())
    yield replace(_case("sent again", _DUPLICATE, valid), repeats=True)
    yield _case(f"{OVER_EVERY_LIMIT:,} bytes", _TOO_LARGE, requests.large())
    yield _case("not UTF-8, signed", _NOT_TEXT, requests.not_text())
    yield _case("no signature", _REFUSED, requests.unsigned())


_STATUSES: Final = {
    _SUCCESS: frozenset(range(200, 300)),
    _DUPLICATE: frozenset(range(200, 300)),
    _REFUSED: frozenset({HTTPStatus.UNAUTHORIZED}),
    _TOO_LARGE: frozenset({HTTPStatus.REQUEST_ENTITY_TOO_LARGE}),
    _NOT_TEXT: frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}),
}


def _case(name: str, expected: str, request: InboundRequest | str) -> VerificationCase:
    if isinstance(request, str):
        return VerificationCase(
            name=name, expected=expected, statuses=_STATUSES[expected], skipped=request
        )
    return VerificationCase(
        name=name, expected=expected, statuses=_STATUSES[expected], request=request
    )


def _rank(interpretation: Interpretation) -> int:
    """Return 0 for an event that is never read, 4 for one that creates a task.

    One that a rule of the source fails leaves a failed delivery behind, which is less than a task.
    """
    if interpretation.tasks:
        return 4
    if interpretation.status is DeliveryStatus.FAILED:
        return 3
    if interpretation.status is DeliveryStatus.HANDSHAKE:
        return 1
    return 0 if interpretation.reason else 2


def _context(provider: Provider, request: InboundRequest, source: Source) -> DeliveryContext:
    key = provider.delivery_key(request)
    return DeliveryContext(
        id=delivery_id(source.provider, source.name, key),
        key=key,
        source=source,
        at=utc_now(),
        request_id=None,
        retention=0,
        permission=everybody_may,
    )
