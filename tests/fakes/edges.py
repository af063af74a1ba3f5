"""A provider and a connector whose behaviour a test sets."""

import hashlib
import json
from collections.abc import Sequence
from typing import Final

from signalbox.models.base import JsonObject
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, PayloadInvalid, SignatureInvalid, Unavailable
from signalbox.models.event import Event, ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.notification import Notification
from signalbox.models.request import InboundRequest


class FakeProvider:
    """A Provider: the `x-secret` header is the signature, the JSON body the fields of an event."""

    name: Final = "fake"
    signature_header: Final = "x-secret"
    recorded_headers: Final = frozenset({"x-delivery"})
    events: EventVocabulary = {"response": None}  # noqa: RUF012 - nobody changes it

    def __init__(self) -> None:
        self.answer: ParsedPayload | None = None

    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        if not secrets:
            raise Unavailable("there is no secret for this source")
        if request.header("x-secret") not in secrets:
            raise SignatureInvalid("the secret is another")
        return list(secrets).index(request.header("x-secret"))

    def delivery_key(self, request: InboundRequest) -> str:
        return request.header("x-delivery") or hashlib.sha256(request.body).hexdigest()

    def parse(self, request: InboundRequest) -> ParsedPayload:
        if self.answer:
            return self.answer
        try:
            fields = json.loads(request.body)
            return ParsedPayload(type="response", events=(Event(type="response", **fields),))
        except (ValueError, TypeError):
            raise PayloadInvalid("the body is not the fields of an event") from None


class FakeConnector:
    """A Connector: `outcomes` are raised one after the other, after them all goes well."""

    def __init__(self, *outcomes: Exception | None, name: str = "fake") -> None:
        self.outcomes = list(outcomes)
        self.sent: list[tuple[Notification, Connection, tuple[str, ...]]] = []
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def check(self, connection: Connection) -> None:
        if "wrong" in connection.settings:
            raise PayloadInvalid("the settings are wrong")

    def uses_secret(self, connection: Connection) -> bool:
        return "no secret" not in connection.settings

    def check_secret(self, connection: Connection, secret: str) -> None:
        del secret
        if "other secrets" in connection.settings:
            raise Conflict("the connection needs another secret")

    def reply_settings(self, source: JsonObject) -> JsonObject:
        return {"answers": True, **source}

    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        self.sent.append((notification, connection, tuple(secrets)))
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome
