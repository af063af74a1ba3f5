"""Send webhooks as their providers do, signed over the bytes that are sent."""

import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, JsonValue, ValidationError

from cli.api_client import error_line
from cli.errors import CommandError, Unreachable
from cli.webhooks.samples import WebhookSample
from signalbox.http.webhook import DELIVERY_HEADER, WebhookResponse
from signalbox.models.request import InboundRequest
from signalbox.services.ports.deliveries import Provider

OWN_ANSWER: Final = "answered"
"""The outcome where the provider expects a body of its own, which does not name it."""

_TIMEOUT: Final = 30.0


def github_sample(event: str, payload: dict[str, JsonValue]) -> WebhookSample:
    """Return a webhook of GitHub with this payload."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/signalbox",
        "X-GitHub-Event": event,
    }
    return WebhookSample(name=event, headers=headers, body=payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A webhook to send. `delivery` is the id that a provider with a header for it sends."""

    provider: Provider
    sample: WebhookSample
    delivery: str = field(default_factory=lambda: str(uuid.uuid4()))

    def unsigned(self, url: str) -> InboundRequest:
        """Return the request to this URL without a signature."""
        address = urlsplit(url)
        request = self.sample.request(address.path)
        headers = {"host": address.netloc}
        if self.provider.delivery_header:
            headers[self.provider.delivery_header] = self.delivery
        return request.with_headers(headers)

    def signed(self, secret: str, url: str) -> InboundRequest:
        """Return the request to this URL with the signature of the provider."""
        return self.provider.sign(self.unsigned(url), secret)


class SentWebhook(BaseModel):
    """The response to a webhook; `outcome` is the status or code in it."""

    event: str
    delivery: str
    status: int
    outcome: str
    milliseconds: int
    duplicate: bool = False
    delivery_id: str | None = None
    task_ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Return whether it was accepted."""
        return self.status < HTTPStatus.MULTIPLE_CHOICES


def post_webhook(
    session: requests.Session, url: str, hook: WebhookRequest, secret: str
) -> SentWebhook:
    """Send the webhook.

    Raises:
        CommandError: It cannot be signed with this secret.
        Unreachable: There was no response.
    """
    try:
        request = hook.signed(secret, url)
    except ValueError as invalid:
        raise CommandError(f"nothing can be signed with this secret: {invalid}") from None
    return post_request(session, url, request, event=hook.sample.name, delivery=hook.delivery)


def post_request(
    session: requests.Session, url: str, request: InboundRequest, *, event: str, delivery: str
) -> SentWebhook:
    """Send a request as it is, signed or not.

    Raises:
        Unreachable: There was no response.
    """
    started = perf_counter()
    try:
        answer = session.post(
            f"{url}?{request.query}" if request.query else url,
            data=request.body,
            headers=dict(request.headers),
            timeout=_TIMEOUT,
            allow_redirects=False,
        )
    except (requests.RequestException, OSError) as failure:
        raise Unreachable(f"{url} did not answer ({type(failure).__name__})") from failure
    sent = SentWebhook(
        event=event,
        delivery=delivery,
        status=answer.status_code,
        outcome=error_line(answer.text),
        milliseconds=round((perf_counter() - started) * 1000),
        delivery_id=answer.headers.get(DELIVERY_HEADER),
    )
    return _with_outcome(sent, answer)


def _with_outcome(sent: SentWebhook, answer: requests.Response) -> SentWebhook:
    if not sent.good:
        return sent
    try:
        response = WebhookResponse.model_validate_json(answer.content, extra="ignore")
    except ValidationError:  # some providers expect a body of their own
        return sent.model_copy(update={"outcome": OWN_ANSWER})
    return sent.model_copy(
        update={
            "outcome": response.status.value,
            "duplicate": response.duplicate,
            "delivery_id": response.delivery_id,
            "task_ids": response.task_ids,
            "notes": response.notes,
        }
    )
