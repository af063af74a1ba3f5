"""Build the handler of the function that interprets deferred deliveries and sends outcomes.

The stream of the Deliveries table invokes it for each new one with something left to do, and a
schedule every minute, which does what is due by then: slots of a burst cap, and what an invocation
of the stream left undone.
"""

from collections.abc import Iterable
from logging import Logger
from typing import TYPE_CHECKING

from pydantic import Field, JsonValue

from signalbox.http.problems import error_fields
from signalbox.models.base import PartialModel
from signalbox.models.delivery import Deferral, Delivery, DeliveryStatus
from signalbox.models.errors import SignalboxError
from signalbox.models.frozen import frozen
from signalbox.models.ids import DeliveryId
from signalbox.models.span import Span, SpanKind, current_traceparent
from signalbox.models.trace_context import trace_fields, traceparent_of
from signalbox.runtime.follow_up import follow_up_sender
from signalbox.runtime.permissions import check_permission
from signalbox.runtime.registry import providers
from signalbox.runtime.telemetry import count, exported, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.deliveries.interpret_deferred import InterpretDeferred
from signalbox.services.deliveries.reinterpret import ReinterpretDelivery
from signalbox.services.deliveries.run_deferred import RunDeferred
from signalbox.services.ports.metrics import Count
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class _Key(PartialModel):
    S: str


class _Keys(PartialModel):
    pk: _Key


class _Change(PartialModel):
    Keys: _Keys


class _DeliveryRecord(PartialModel):
    dynamodb: _Change


class _Batch(PartialModel):
    Records: tuple[_DeliveryRecord, ...] = Field(default=())


@frozen
class DeferredHandler:
    """A Lambda handler for batches of the stream, and for the schedule.

    It raises no error of a delivery: what was not done is due again, and the schedule finds it.
    """

    interpret: InterpretDeferred
    run: RunDeferred
    clock: Clock
    logger: Logger
    count: Count

    def __call__(self, event: dict[str, JsonValue], context: "LambdaContext") -> None:
        """Do the next step of the deliveries in the batch, or of all that are due."""
        if "Records" not in event:
            self._scheduled(context)
            return
        for record in _Batch.model_validate(event).Records:
            self._step(DeliveryId(record.dynamodb.Keys.pk.S))

    def _step(self, delivery: DeliveryId) -> None:
        trace = traceparent_of(delivery)
        with Span(SpanKind.CONSUMER, "interpret delivery", parent=trace) as span:
            try:
                after = self.interpret(delivery)
            except SignalboxError as error:
                span.error = error.code
                extra = {"delivery_id": delivery, **error_fields(error)}
                self.logger.error("deferred delivery failed", extra=extra)
            else:
                self._report([after] if after else [])

    def _scheduled(self, context: "LambdaContext") -> None:
        started_at = self.clock()
        result = self.run(lambda: context.get_remaining_time_in_millis() / 1000)
        self._report(result.delivered)
        age = int((started_at - result.oldest).total_seconds()) if result.oldest else None
        if age is not None:
            self.count("PendingAge", {}, max(0, age))
        log = self.logger.error if result.failed else self.logger.info
        extra = {"failed": result.failed, "errors": result.errors, "oldest_seconds": age}
        log("deferred deliveries", extra={"steps": len(result.delivered), **extra})

    def _report(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            deferral = delivery.deferral
            follow_up = deferral.follow_up if deferral else None
            extra = {
                **trace_fields(current_traceparent(traceparent_of(delivery.id))),
                "delivery_id": delivery.id,
                "provider": delivery.provider,
                "source": delivery.source,
                "outcome": delivery.status,
                "tasks": len(delivery.task_ids),
                "request_id": delivery.request_id,
                "attempt": deferral.attempts if deferral else None,
                "error": deferral.error if deferral else None,
                "follow_up": follow_up.status if follow_up else None,
                "follow_up_error": follow_up.error if follow_up else None,
            }
            self.logger.info("deferred delivery", extra=extra)
            if deferral and _was_interpreted(delivery, deferral):
                failed = delivery.status is DeliveryStatus.FAILED
                self.count("WebhooksFailed", {"provider": delivery.provider}, int(failed))


def _was_interpreted(delivery: Delivery, deferral: Deferral) -> bool:
    """Return whether the step interpreted the delivery, and did not only send the outcome."""
    if delivery.status is DeliveryStatus.PENDING or not deferral.attempts:
        return False
    return deferral.follow_up is None or deferral.follow_up.attempts <= 1


def deferred(wiring: Wiring | None = None) -> DeferredHandler:
    """Return the handler."""
    wired = wiring or Wiring()
    permission = check_permission(wired, remember=wired.permission_cache.put)
    interpret = InterpretDeferred(
        deliveries=wired.deliveries,
        tasks=wired.tasks,
        reinterpret=ReinterpretDelivery(
            config=wired.config,
            providers=providers(),
            clock=wired.clock,
            retention=wired.settings.retention,
        ),
        permission=permission,
        permission_within=permission.within,
        follow_up=follow_up_sender(wired),
        clock=wired.clock,
        wait=wired.await_tasks,
    )
    handler = DeferredHandler(
        interpret=interpret,
        run=RunDeferred(
            deliveries=wired.deliveries,
            config=wired.config,
            interpret=interpret,
            clock=wired.clock,
            sleep=wired.sleep,
        ),
        clock=wired.clock,
        logger=logger(),
        count=count,
    )
    return exported(handler, "datasource", wired.telemetry_headers)
