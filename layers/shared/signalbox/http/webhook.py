"""Answers the requests of one provider: there is no router, a function has one job."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Final

from aws_lambda_powertools import Logger
from pydantic import Field, JsonValue

from signalbox.http.events import Answer, HttpApiEvent, answer, inbound, request_id
from signalbox.http.problems import internal, problem_of, traced
from signalbox.models.base import Model
from signalbox.models.delivery import Verdict
from signalbox.models.errors import PayloadInvalid, SignalboxError, Unavailable
from signalbox.models.ids import DeliveryId, RequestId, TaskId
from signalbox.models.rejection import Rejection
from signalbox.models.request import InboundRequest
from signalbox.models.text import one_line
from signalbox.models.unkept import Unkept
from signalbox.services.ports import Count, RememberUnkept
from signalbox.services.receive import DEFAULT_SOURCE, NotRead, Receipt, ReceiveWebhook, Unreadable
from signalbox.services.reject import NoteRejection

DELIVERY_HEADER: Final = "x-signalbox-delivery"
_DIGITS: Final = 12


class Accepted(Model):
    """What a sender is told: what became of its delivery, and why nothing was made of the rest."""

    delivery_id: DeliveryId
    status: Verdict
    duplicate: bool
    task_ids: tuple[TaskId, ...] = ()
    notes: tuple[str, ...] = Field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookHandler:
    """A Lambda handler. `limit` is the largest body in bytes."""

    receive: ReceiveWebhook
    reject: NoteRejection
    unkept: RememberUnkept
    limit: int
    logger: Logger
    count: Count

    def __call__(self, event: Mapping[str, JsonValue], _context: object) -> Answer:
        """Answers one request: 202, 200 for a handshake, or a problem; never an exception."""
        started = perf_counter()
        read = HttpApiEvent.model_validate(event)
        request = request_id(read)
        source = (read.pathParameters or {}).get("source", DEFAULT_SOURCE)
        outcome, reason = "", None
        try:
            receipt = self.receive(self._inbound(read, request), source)
            said = _accepted(receipt, request)
            outcome = "duplicate" if receipt.duplicate else receipt.verdict
        except SignalboxError as error:
            said, outcome = problem_of(error, request), error.code
            self._note(error, read, said, source)
            if not isinstance(error, Unreadable | NotRead):
                self._count(outcome, source, request)
            reason = error.reason
            if isinstance(error, Unavailable | NotRead):
                fault = error.__cause__ if isinstance(error, NotRead) else None
                extra = {"request_id": request, **traced(fault or error)}
                self.logger.error("webhook failed", extra=extra)
        except Exception as error:  # noqa: BLE001  whatever it was, the sender gets an answer
            self.logger.error("webhook failed", extra={"request_id": request, **traced(error)})
            said, outcome = internal(request), "internal"
            self._count(outcome, source, request)
        self._tell(said, outcome, reason, source, perf_counter() - started)
        self.receive.acks.add(self._waited(read, perf_counter() - started))
        return said

    def _inbound(self, read: HttpApiEvent, request: RequestId) -> InboundRequest:
        """The request; one whose bytes cannot be told from its base64 was signed by nobody."""
        try:
            return inbound(read, request, limit=self.limit)
        except PayloadInvalid:
            unsigned = {
                name: value
                for name, value in read.headers.items()
                if name != self.receive.provider.signature_header
            }
            bare = read.model_copy(update={"headers": unsigned, "body": None})
            return inbound(bare, request, limit=self.limit)

    def _count(self, outcome: str, source: str, request: RequestId) -> None:
        """Leaves a record of a request that left no delivery, since records are what is counted."""
        try:
            self.unkept(
                Unkept(
                    provider=self.receive.provider.name,
                    source=source[:64],
                    outcome=outcome,
                    at=self.receive.clock(),
                    request_id=request,
                    acks=self.receive.acks.untold,
                )
            )
            self.receive.acks.told()
        except Exception:
            self.logger.exception("request not counted")

    def _waited(self, read: HttpApiEvent, seconds: float) -> int:
        """How many milliseconds ago API Gateway took the request, a cold start included."""
        ours = round(seconds * 1000)
        taken_at = read.requestContext.timeEpoch
        if not taken_at:
            return ours
        return max(ours, round(self.receive.clock().timestamp() * 1000) - taken_at)

    def _note(self, error: SignalboxError, read: HttpApiEvent, said: Answer, source: str) -> None:
        """Notes a request that was refused; where that fails, its sender learns nothing of it."""
        if not self.reject.wants(error):
            return
        try:
            self.reject(source, self._rejection(error, read, said))
        except Exception:
            self.logger.exception("rejection not noted")

    def _rejection(self, error: SignalboxError, read: HttpApiEvent, said: Answer) -> Rejection:
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
        self, said: Answer, outcome: str, reason: str | None, source: str, seconds: float
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


def _accepted(receipt: Receipt, request: RequestId) -> Answer:
    body = Accepted(
        delivery_id=receipt.delivery,
        status=receipt.verdict,
        duplicate=receipt.duplicate,
        task_ids=receipt.tasks,
        notes=receipt.notes,
    )
    status = 200 if receipt.handshake is not None else 202
    said = answer(status, body.model_dump_json(), request, "application/json")
    said["headers"][DELIVERY_HEADER] = receipt.delivery
    return said
