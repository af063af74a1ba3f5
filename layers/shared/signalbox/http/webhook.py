"""Answers the requests of one provider: there is no router, a function has one job."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Final

from aws_lambda_powertools import Logger
from pydantic import Field, JsonValue

from signalbox.http.events import Answer, HttpApiEvent, answer, inbound, request_id
from signalbox.http.problems import internal, problem_of
from signalbox.models.base import Model
from signalbox.models.delivery import Verdict
from signalbox.models.errors import SignalboxError
from signalbox.models.ids import DeliveryId, RequestId, TaskId
from signalbox.services.ports import Count
from signalbox.services.receive import DEFAULT_SOURCE, Receipt, ReceiveWebhook

DELIVERY_HEADER: Final = "x-signalbox-delivery"


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
            receipt = self.receive(inbound(read, request, limit=self.limit), source)
            said = _accepted(receipt, request)
            outcome = "duplicate" if receipt.duplicate else receipt.verdict
        except SignalboxError as error:
            said, outcome, reason = problem_of(error, request), error.code, error.reason
        except Exception:
            self.logger.exception("webhook failed")
            said, outcome = internal(request), "internal"
        self._tell(said, outcome, reason, source, perf_counter() - started)
        return said

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
