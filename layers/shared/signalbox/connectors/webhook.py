"""Webhook: a signed POST of the change as a CloudEvent, with the headers of Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md

cryptography is imported for a private key only.
"""

import base64
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from pydantic import Field
from typing_extensions import override

from signalbox.egress.cloud_event import EventPayload, cloud_event
from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import send_error
from signalbox.models.base import Model
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.hops import HOPS_HEADER
from signalbox.models.notification import Notification
from signalbox.models.span import current_traceparent
from signalbox.models.trace_context import TRACEPARENT

_SHARED: Final = "whsec_"
_PRIVATE: Final = "whsk_"
_SHARED_SIZES: Final = range(24, 65)
_SUCCESS: Final = range(200, 300)
_SEED_BYTES: Final = 32
_PAIR_BYTES: Final = 64
_FORMS: Final = (
    "the secret is neither whsec_ with the base64 of 24 to 64 bytes, "
    "nor whsk_ with the base64 of an Ed25519 private key"
)


class Settings(Model):
    """`url` is where changes are posted; `payload` is how much of the task they hold.

    `full` is the task as the API has it, `thin` what a list of tasks shows of it.
    """

    url: str = Field(pattern=r"^https?://[!-~]{1,1900}$")
    payload: EventPayload = "full"


class Webhook(HttpConnector[Settings]):
    """A connector that signs with every secret, so that receivers can change theirs at any time."""

    name = "webhook"
    settings_model = Settings
    takes_access_tokens = True

    @override
    def settings(self, connection: Connection) -> Settings:
        settings = super().settings(connection)
        self.require_https("url", settings.url)
        return settings

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        if _key(secret) is None:
            raise Conflict(_FORMS)

    @override
    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        if not secrets:
            raise SendRefused("the connection has no secret")
        settings = self.settings(connection)
        if connection.auth:
            request = self._authorized(notification, settings, secrets[0])
        else:
            request = self._signed(notification, settings, secrets)
        self.judge(self.http(request))

    @override
    def render(self, notification: Notification, settings: Settings, secret: str) -> HttpRequest:
        return self._signed(notification, settings, [secret])

    @override
    def judge(self, answer: HttpResponse) -> None:
        if answer.status in _SUCCESS:
            return
        reason = f"the receiver answered {answer.status}"
        if answer.status == HTTPStatus.GONE:
            raise SendRefused(f"{reason}: it takes no more webhooks, so disable the connection")
        if answer.status == HTTPStatus.CONFLICT:
            raise SendDelayed(reason, answer.retry_after)
        raise send_error(answer.status, reason, answer.retry_after)

    def _signed(
        self, notification: Notification, settings: Settings, secrets: Sequence[str]
    ) -> HttpRequest:
        request = self._unsigned(notification, settings)
        time = request.headers["webhook-timestamp"]
        message = f"{notification.id}.{time}.".encode() + request.body
        signatures = " ".join(signature(secret, message) for secret in secrets)
        return replace(request, headers={**request.headers, "webhook-signature": signatures})

    def _authorized(
        self, notification: Notification, settings: Settings, token: str
    ) -> HttpRequest:
        request = self._unsigned(notification, settings)
        return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})

    def _unsigned(self, notification: Notification, settings: Settings) -> HttpRequest:
        event = cloud_event(notification, payload=settings.payload)
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            HOPS_HEADER: str(notification.change.data.hops + 1),
            "webhook-id": notification.id,
            "webhook-timestamp": str(int(self.references.clock().timestamp())),
        }
        if traceparent := current_traceparent(notification.change.data.traceparent):
            headers[TRACEPARENT] = traceparent
        return HttpRequest(url=settings.url, headers=headers, body=body)


def signature(secret: str, message: bytes) -> str:
    """Return the signature of a message, with its version.

    Raises:
        SendRefused: The secret has no form that Standard Webhooks knows.
    """
    key = _key(secret)
    if key is None:
        raise SendRefused(_FORMS)
    if secret.startswith(_SHARED):
        return f"v1,{base64.b64encode(hmac.digest(key, message, 'sha256')).decode()}"
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  see above
        Ed25519PrivateKey,
    )

    signed = Ed25519PrivateKey.from_private_bytes(key).sign(message)
    return f"v1a,{base64.b64encode(signed).decode()}"


def _key(secret: str) -> bytes | None:
    """Return the key in a secret, None if there is none.

    A private key may have its public key behind it, as libsodium and Go write it.
    """
    prefix = next((each for each in (_SHARED, _PRIVATE) if secret.startswith(each)), None)
    if prefix is None:
        return None
    try:
        raw = base64.b64decode(secret.removeprefix(prefix), validate=True)
    except ValueError:
        return None
    if prefix == _SHARED:
        return raw if len(raw) in _SHARED_SIZES else None
    return raw[:_SEED_BYTES] if len(raw) in {_SEED_BYTES, _PAIR_BYTES} else None


CONNECTOR: Final = Webhook
