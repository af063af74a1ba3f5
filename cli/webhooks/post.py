"""Send a webhook as GitHub does, signed over the bytes that are sent."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Final
from urllib.parse import urlencode

import requests
from pydantic import BaseModel, JsonValue, ValidationError

from cli.api_client import error_line
from cli.errors import Unreachable
from signalbox.http.webhook import WebhookResponse
from signalbox.providers.github.signature import signature

GITHUB_PATH: Final = "/api/v1/webhooks/github"
_TIMEOUT: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A webhook to send."""

    event: str
    payload: JsonValue
    delivery: str = field(default_factory=lambda: str(uuid.uuid4()))
    form: bool = False

    @property
    def body(self) -> bytes:
        """Return the bytes that are sent and signed."""
        text = json.dumps(self.payload, ensure_ascii=False, separators=(",", ":"))
        return urlencode({"payload": text}).encode() if self.form else text.encode()

    def headers(self, secret: str) -> Mapping[str, str]:
        """Return GitHub's headers with the signature of the body."""
        kind = "x-www-form-urlencoded" if self.form else "json"
        return {
            "Content-Type": f"application/{kind}",
            "User-Agent": "GitHub-Hookshot/signalbox",
            "X-GitHub-Event": self.event,
            "X-GitHub-Delivery": self.delivery,
            "X-Hub-Signature-256": signature(secret, self.body),
        }


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
        Unreachable: There was no response.
    """
    started = perf_counter()
    try:
        answer = session.post(
            url,
            data=hook.body,
            headers=hook.headers(secret),
            timeout=_TIMEOUT,
            allow_redirects=False,
        )
    except (requests.RequestException, OSError) as failure:
        raise Unreachable(f"{url} did not answer ({type(failure).__name__})") from failure
    return _read(hook, answer, round((perf_counter() - started) * 1000))


def _read(hook: WebhookRequest, answer: requests.Response, milliseconds: int) -> SentWebhook:
    sent = SentWebhook(
        event=hook.event,
        delivery=hook.delivery,
        status=answer.status_code,
        outcome=error_line(answer.text),
        milliseconds=milliseconds,
    )
    if not sent.good:
        return sent
    try:
        said = WebhookResponse.model_validate_json(answer.content, extra="ignore")
    except ValidationError:
        return sent
    return sent.model_copy(
        update={
            "outcome": said.status.value,
            "duplicate": said.duplicate,
            "delivery_id": said.delivery_id,
            "task_ids": said.task_ids,
            "notes": said.notes,
        }
    )
