"""The handler of the webhooks of one provider. It has a single route and needs no router."""

from collections.abc import Mapping
from http import HTTPStatus
from logging import Logger
from time import perf_counter
from typing import Final

from pydantic import Field, JsonValue

from signalbox.http.events import (
    HttpApiEvent,
    LambdaResponse,
    lambda_response,
    request_id,
    to_request,
)
from signalbox.http.problems import (
    error_fields,
    error_response,
    internal_error,
    problem_response,
)
from signalbox.models.base import Model
from signalbox.models.delivery import DeliveryStatus
from signalbox.models.errors import PayloadInvalid, SignalboxError, SignatureInvalid, Unavailable
from signalbox.models.event import Answer
from signalbox.models.frozen import frozen
from signalbox.models.ids import DeliveryId, RequestId, TaskId
from signalbox.models.rejected_request import RejectedRequest
from signalbox.models.rejection import Rejection
from signalbox.models.request import InboundRequest
from signalbox.models.request_outcome import is_processed
from signalbox.models.source import DEFAULT_SOURCE
from signalbox.models.span import Span, SpanKind
from signalbox.models.text import one_line
from signalbox.models.trace_context import traceparent_of
from signalbox.services.deliveries.ack_latency import AckLatencies
from signalbox.services.deliveries.receive import (
    HandlerFault,
    PayloadUnparseable,
    ReceiveResult,
    ReceiveWebhook,
)
from signalbox.services.deliveries.record_rejection import RecordRejection
from signalbox.services.ports.deliveries import Provider, RecordRejectedRequest
from signalbox.services.ports.metrics import CountTogether
from signalbox.services.ports.time import Clock

DELIVERY_HEADER: Final = "x-signalbox-delivery"
_MAX_DIGITS: Final = 12
_ACCEPTED: Final = Answer(status=202)


class WebhookResponse(Model):
    """The response to a webhook: its outcome, and why it created no other tasks."""

    delivery_id: DeliveryId
    status: DeliveryStatus
    duplicate: bool
    task_ids: tuple[TaskId, ...] = ()
    notes: tuple[str, ...] = Field(default=())


@frozen
class WebhookHandler:
    """A Lambda handler. `limit` is the maximum size of a body in bytes.

    `acks` has the latencies that no record carries yet; `receive` flushes them as well.
    """

    provider: Provider
    acks: AckLatencies
    clock: Clock
    receive: ReceiveWebhook
    reject: RecordRejection
    record_rejected: RecordRejectedRequest
    limit: int
    logger: Logger
    count: CountTogether

    def __call__(self, event: Mapping[str, JsonValue], _context: object) -> LambdaResponse:
        """Answer one request with 202, what its provider expects, or a problem. It never raises."""
        with Span(SpanKind.SERVER) as span:
            return self._answer(event, span)

    def _answer(self, event: Mapping[str, JsonValue], span: Span) -> LambdaResponse:
        started = perf_counter()
        event_model = HttpApiEvent.model_validate(event)
        request = request_id(event_model)
        source = _source(event_model, self.provider.name)
        outcome, reason = "", None
        try:
            inbound = self._request(event_model, request)
            if (answer := self.provider.answer_unsigned(inbound)) is not None:
                response = _answered(answer, request, answer.body or "")
                outcome = "unsigned"
            elif inbound.method != "POST":
                detail = "webhooks are sent by POST"
                response = problem_response(
                    405, "method_not_allowed", request, detail=detail, headers={"allow": "POST"}
                )
                outcome = "method_not_allowed"
            else:
                receipt = self.receive(inbound, source)
                response = _accepted(receipt, request)
                outcome = "duplicate" if receipt.duplicate else receipt.status
                trace = traceparent_of(receipt.delivery)
                (span.join if receipt.duplicate else span.begin)(trace)
        except SignalboxError as error:
            response, outcome = error_response(error, request), error.code
            self._record_rejection(error, event_model, response, source)
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
            response, outcome = internal_error(request), "internal"
            self._count(outcome, source, request)
        self._log(response, outcome, reason, source, perf_counter() - started)
        if span.recorder:
            from signalbox.http.span_attributes import describe_request  # noqa: PLC0415  few export

            route = event_model.routeKey.partition(" ")[2]
            route = route or f"/api/v1/webhooks/{self.provider.name}"
            describe_request(span, event_model, route, response["statusCode"])
        self._measure(outcome, self._latency(event_model, perf_counter() - started))
        return response

    def _measure(self, outcome: str, milliseconds: int) -> None:
        """Record the latency, and count the request, for the alarms also whether it went well."""
        self.acks.add(milliseconds)
        provider = {"provider": self.provider.name}
        processed = is_processed(outcome)
        counts = [("WebhookRequests", {**provider, "outcome": outcome}, 1)]
        if outcome == SignatureInvalid.code:
            counts.append(("SignatureFailures", provider, 1))
        if processed is not None:
            counts.append(("WebhooksFailed", provider, int(not processed)))
        if milliseconds > self.provider.deadline * 1000:
            counts.append(("WebhooksLate", provider, 1))
        self.count(counts)

    def _request(self, event_model: HttpApiEvent, request: RequestId) -> InboundRequest:
        """Return the request. A body that is not valid base64 cannot have been signed."""
        try:
            return to_request(event_model, request, limit=self.limit)
        except PayloadInvalid:
            unsigned = {
                name: value
                for name, value in event_model.headers.items()
                if name != self.provider.signature_header
            }
            bare = event_model.model_copy(update={"headers": unsigned, "body": None})
            return to_request(bare, request, limit=self.limit)

    def _count(self, outcome: str, source: str, request: RequestId) -> None:
        """Record a request that left no delivery, since metrics are counted from records."""
        try:
            self.record_rejected(
                RejectedRequest(
                    provider=self.provider.name,
                    source=source[:64],
                    outcome=outcome,
                    at=self.clock(),
                    request_id=request,
                    acks=self.acks.pending,
                )
            )
            self.acks.flush()
        except Exception:
            self.logger.exception("request not counted")

    def _latency(self, event_model: HttpApiEvent, seconds: float) -> int:
        """Return for how many milliseconds API Gateway has waited, including a cold start."""
        ours = round(seconds * 1000)
        taken_at = event_model.requestContext.timeEpoch
        if not taken_at:
            return ours
        return max(ours, round(self.clock().timestamp() * 1000) - taken_at)

    def _record_rejection(
        self,
        error: SignalboxError,
        event_model: HttpApiEvent,
        response: LambdaResponse,
        source: str,
    ) -> None:
        """Record a rejected request. Errors do not change the response."""
        if not self.reject.wants(error):
            return
        try:
            self.reject(source, self._rejection(error, event_model, response))
        except Exception:
            self.logger.exception("rejection not recorded")

    def _rejection(
        self, error: SignalboxError, event_model: HttpApiEvent, response: LambdaResponse
    ) -> Rejection:
        size = event_model.headers.get("content-length", "")
        is_number = size.isascii() and size.isdecimal() and len(size) < _MAX_DIGITS
        return Rejection(
            at=self.clock(),
            status=response["statusCode"],
            code=self.reject.code(error),
            reason=error.reason,
            request_id=response["headers"]["x-request-id"],
            source_ip=event_model.requestContext.http.sourceIp[:64],
            user_agent=one_line(event_model.headers.get("user-agent", ""), 100),
            size=int(size) if is_number else None,
        )

    def _log(
        self,
        response: LambdaResponse,
        outcome: str,
        reason: str | None,
        source: str,
        seconds: float,
    ) -> None:
        provider = self.provider.name
        failed = response["statusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR
        log = self.logger.error if failed else self.logger.info
        delivery = response["headers"].get(DELIVERY_HEADER)
        log(
            "webhook",
            extra={
                "provider": provider,
                "source": source[:64],
                "outcome": outcome,
                "reason": reason,
                "status_code": response["statusCode"],
                "request_id": response["headers"]["x-request-id"],
                "delivery_id": delivery,
                "duration_ms": round(seconds * 1000, 1),
            },
        )


def _source(event_model: HttpApiEvent, provider: str) -> str:
    """Return the name of the source; the provider's own name in its place is the default one.

    So it is at `/webhooks/generic`, which the route `/webhooks/{source}` matches.
    """
    source = (event_model.pathParameters or {}).get("source", DEFAULT_SOURCE)
    is_own_name = source == provider and event_model.rawPath.endswith(f"/webhooks/{provider}")
    return DEFAULT_SOURCE if is_own_name else source


def _accepted(receipt: ReceiveResult, request: RequestId) -> LambdaResponse:
    answer = receipt.answer or _ACCEPTED
    body = answer.body if answer.body is not None else _outcome(receipt).model_dump_json()
    response = _answered(answer, request, body)
    response["headers"][DELIVERY_HEADER] = receipt.delivery
    return response


def _outcome(receipt: ReceiveResult) -> WebhookResponse:
    return WebhookResponse(
        delivery_id=receipt.delivery,
        status=receipt.status,
        duplicate=receipt.duplicate,
        task_ids=receipt.tasks,
        notes=receipt.notes,
    )


def _answered(answer: Answer, request: RequestId, body: str) -> LambdaResponse:
    response = lambda_response(answer.status, body, request, answer.media_type)
    response["headers"].update(answer.headers)
    return response
