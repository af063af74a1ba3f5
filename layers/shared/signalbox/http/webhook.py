"""Answers the requests of one provider: there is no router, a function has one job."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Final

from aws_lambda_powertools import Logger
from pydantic import Field, JsonValue

from signalbox.http.events import (
    HttpApiEvent,
    LambdaResponse,
    lambda_response,
    request_id,
    to_request,
)
from signalbox.http.problems import error_fields, error_response, internal_error
from signalbox.models.base import Model
from signalbox.models.delivery import DeliveryStatus
from signalbox.models.errors import PayloadInvalid, SignalboxError, Unavailable
from signalbox.models.ids import DeliveryId, RequestId, TaskId
from signalbox.models.rejected_request import RejectedRequest
from signalbox.models.rejection import Rejection
from signalbox.models.request import InboundRequest
from signalbox.models.text import one_line
from signalbox.services.deliveries.receive import (
    DEFAULT_SOURCE,
    HandlerFault,
    PayloadUnparseable,
    ReceiveResult,
    ReceiveWebhook,
)
from signalbox.services.deliveries.record_rejection import RecordRejection
from signalbox.services.ports.deliveries import RecordRejectedRequest
from signalbox.services.ports.metrics import Count

DELIVERY_HEADER: Final = "x-signalbox-delivery"
_DIGITS: Final = 12


class WebhookResponse(Model):
    """What a sender is told: what became of its delivery, and why nothing was made of the rest."""

    delivery_id: DeliveryId
    status: DeliveryStatus
    duplicate: bool
    task_ids: tuple[TaskId, ...] = ()
    notes: tuple[str, ...] = Field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookHandler:
    """A Lambda handler. `limit` is the largest body in bytes."""

    receive: ReceiveWebhook
    reject: RecordRejection
    record_rejected: RecordRejectedRequest
    limit: int
    logger: Logger
    count: Count

    def __call__(self, event: Mapping[str, JsonValue], _context: object) -> LambdaResponse:
        """Answer one request: 202, 200 for a handshake, or a problem; never an exception."""
        started = perf_counter()
        read = HttpApiEvent.model_validate(event)
        request = request_id(read)
        source = (read.pathParameters or {}).get("source", DEFAULT_SOURCE)
        outcome, reason = "", None
        try:
            receipt = self.receive(self._inbound(read, request), source)
            said = _accepted(receipt, request)
            outcome = "duplicate" if receipt.duplicate else receipt.status
        except SignalboxError as error:
            said, outcome = error_response(error, request), error.code
            self._note(error, read, said, source)
            if not isinstance(error, PayloadUnparseable | HandlerFault):
                self._count(outcome, source, request)
            reason = error.reason
            if isinstance(error, Unavailable | HandlerFault):
                fault = error.__cause__ if isinstance(error, HandlerFault) else None
                extra = {"request_id": request, **error_fields(fault or error)}
                self.logger.error("webhook failed", extra=extra)
        except Exception as error:  # noqa: BLE001  whatever it was, the sender gets an answer
            self.logger.error(
                "webhook failed", extra={"request_id": request, **error_fields(error)}
            )
            said, outcome = internal_error(request), "internal"
            self._count(outcome, source, request)
        self._tell(said, outcome, reason, source, perf_counter() - started)
        self.receive.acks.add(self._waited(read, perf_counter() - started))
        return said

    def _inbound(self, read: HttpApiEvent, request: RequestId) -> InboundRequest:
        """Return the request; one whose bytes cannot be told from its base64 was signed by nobody."""
        try:
            return to_request(read, request, limit=self.limit)
        except PayloadInvalid:
            unsigned = {
                name: value
                for name, value in read.headers.items()
                if name != self.receive.provider.signature_header
            }
            bare = read.model_copy(update={"headers": unsigned, "body": None})
            return to_request(bare, request, limit=self.limit)

    def _count(self, outcome: str, source: str, request: RequestId) -> None:
        """Leave a record of a request that left no delivery, since records are what is counted."""
        try:
            self.record_rejected(
                RejectedRequest(
                    provider=self.receive.provider.name,
                    source=source[:64],
                    outcome=outcome,
                    at=self.receive.clock(),
                    request_id=request,
                    acks=self.receive.acks.pending,
                )
            )
            self.receive.acks.flush()
        except Exception:
            self.logger.exception("request not counted")

    def _waited(self, read: HttpApiEvent, seconds: float) -> int:
        """Return how many milliseconds ago API Gateway took the request, a cold start included."""
        ours = round(seconds * 1000)
        taken_at = read.requestContext.timeEpoch
        if not taken_at:
            return ours
        return max(ours, round(self.receive.clock().timestamp() * 1000) - taken_at)

    def _note(
        self, error: SignalboxError, read: HttpApiEvent, said: LambdaResponse, source: str
    ) -> None:
        """Record a request that was refused; if that fails, its sender learns nothing of it."""
        if not self.reject.wants(error):
            return
        try:
            self.reject(source, self._rejection(error, read, said))
        except Exception:
            self.logger.exception("rejection not noted")

    def _rejection(
        self, error: SignalboxError, read: HttpApiEvent, said: LambdaResponse
    ) -> Rejection:
        size = read.headers.get("content-length", "")
        known = size.isascii() and size.isdecimal() and len(size) < _DIGITS
        return Rejection(
            at=self.receive.clock(),
            status=said["statusCode"],
            code=self.reject.code(error),
            reason=error.reason,
            request_id=said["headers"]["x-request-id"],
            source_ip=read.requestContext.http.sourceIp[:64],
            user_agent=one_line(read.headers.get("user-agent", ""), 100),
            size=int(size) if known else None,
        )

    def _tell(
        self, said: LambdaResponse, outcome: str, reason: str | None, source: str, seconds: float
    ) -> None:
        provider = self.receive.provider.name
        self.count("WebhookRequests", {"provider": provider, "outcome": outcome})
        failed = said["statusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR
        tell = self.logger.error if failed else self.logger.info
        tell(
            "webhook",
            extra={
                "provider": provider,
                "source": source[:64],
                "outcome": outcome,
                "reason": reason,
                "status_code": said["statusCode"],
                "request_id": said["headers"]["x-request-id"],
                "delivery_id": said["headers"].get(DELIVERY_HEADER),
                "duration_ms": round(seconds * 1000, 1),
            },
        )


def _accepted(receipt: ReceiveResult, request: RequestId) -> LambdaResponse:
    body = WebhookResponse(
        delivery_id=receipt.delivery,
        status=receipt.status,
        duplicate=receipt.duplicate,
        task_ids=receipt.tasks,
        notes=receipt.notes,
    )
    status = 200 if receipt.handshake is not None else 202
    said = lambda_response(status, body.model_dump_json(), request, "application/json")
    said["headers"][DELIVERY_HEADER] = receipt.delivery
    return said
