"""Receives one webhook: verify, read, keep its tasks, keep the delivery, answer.

The tasks are written before the delivery, so that a delivery that is there has all its tasks.
A crash anywhere before the answer is healed by sending the delivery again: ids are derived from
what was sent, and every write is made only once. Sent again, it makes what today's configuration
makes more of it; what its record names is never made again.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from signalbox.models.config import Source
from signalbox.models.delivery import Delivery, DeliveryStatus, reinterpreted
from signalbox.models.errors import (
    NotFound,
    PayloadInvalid,
    SecretMissing,
    SignalboxError,
    SignatureInvalid,
    WriteConflict,
)
from signalbox.models.ids import DeliveryId, RequestId, TaskId, delivery_id
from signalbox.models.request import InboundRequest
from signalbox.services.deliveries.ack_latency import AckLatencies
from signalbox.services.deliveries.interpret import Interpretation, interpret
from signalbox.services.deliveries.plan_tasks import DeliveryContext
from signalbox.services.ports.config import ConfigStore, SecretStore
from signalbox.services.ports.deliveries import DeliveryStore, Provider
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock

DEFAULT_SOURCE: Final = "default"
_MARGIN: Final = timedelta(hours=1)


class PayloadUnparseable(PayloadInvalid):
    """A delivery that was kept, but not understood."""


class HandlerFault(SignalboxError):
    """A delivery that was kept, but that a fault of ours kept from being read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveResult:
    """What became of a delivery."""

    delivery: DeliveryId
    status: DeliveryStatus
    tasks: tuple[TaskId, ...] = ()
    notes: tuple[str, ...] = ()
    duplicate: bool = False
    handshake: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveWebhook:
    """Receives the webhooks of one provider. `retention` is that of its tasks, 0 for ever.

    `acks` are told by the next delivery that is kept.
    """

    provider: Provider
    config: ConfigStore
    secrets: SecretStore
    tasks: TaskStore
    deliveries: DeliveryStore
    clock: Clock
    retention: timedelta
    acks: AckLatencies = field(default_factory=AckLatencies)

    def __call__(self, request: InboundRequest, source_name: str = DEFAULT_SOURCE) -> ReceiveResult:
        """What became of the request.

        Raises NotFound for a source nobody configured, SignatureInvalid, Unreadable or HandlerFault
        after the delivery was kept, Unavailable where there is no secret or a store is down.
        """
        source = self._source(source_name)
        generation = self._verified(request, source)
        received = self._received(request, source)
        reading = interpret(self.provider, request, received)
        made_before = self._made_before(reading, received)
        for task in reading.tasks:
            if task.id not in made_before:
                self.tasks.create(task)
        delivery = self._delivery(request, received, generation, reading)
        if self.deliveries.create(delivery, request.body):
            self.acks.flush()
            receipt = _receipt(delivery, reading, duplicate=False)
        else:
            receipt = self._again(delivery, reading)
        if isinstance(reading.refusal, PayloadInvalid):
            raise PayloadUnparseable(reading.refusal.reason) from reading.refusal
        if reading.refusal:
            raise HandlerFault(reading.reason or "") from reading.refusal
        return receipt

    def _source(self, name: str) -> Source:
        source = self.config.source(self.provider.name, name)
        if source is None and name == DEFAULT_SOURCE:
            return Source(provider=self.provider.name)
        if source is None or not source.enabled:
            raise NotFound("there is no such source")
        return source

    def _verified(self, request: InboundRequest, source: Source) -> int:
        name = f"sources/{source.provider}/{source.name}"
        known = self.secrets.secrets(name)
        try:
            return self.provider.verify(request, known)
        except (SignatureInvalid, SecretMissing):
            fresh = self.secrets.refresh(name)
            if tuple(fresh) == tuple(known):
                raise
            return self.provider.verify(request, fresh)

    def _received(self, request: InboundRequest, source: Source) -> DeliveryContext:
        key = self.provider.delivery_key(request)
        return DeliveryContext(
            id=delivery_id(source.provider, source.name, key),
            key=key,
            source=source,
            at=self.clock(),
            request_id=RequestId(request.request_id) if request.request_id else None,
            retention=int(self.retention.total_seconds()),
        )

    def _outlived(self, reading: Interpretation, received: DeliveryContext) -> bool:
        """Whether tasks of an earlier copy of this delivery may have expired by now.

        Only then does a task that is not there say nothing, and the delivery must be asked.
        """
        if not self.retention:
            return False
        oldest = received.at - self.retention + _MARGIN
        return any(
            event.occurred_at is None or event.occurred_at < oldest for event in reading.events
        )

    def _made_before(
        self, reading: Interpretation, received: DeliveryContext
    ) -> Collection[TaskId]:
        """The tasks of an earlier copy, where they may have expired by now."""
        if not reading.tasks or not self._outlived(reading, received):
            return ()
        try:
            return self.deliveries.get(received.id).task_ids
        except NotFound:
            return ()

    def _again(self, delivery: Delivery, reading: Interpretation) -> ReceiveResult:
        """What is kept of a delivery that came again, with what it says only this time.

        So it does where it could not be read before, or where today's configuration makes more.
        """
        try:
            before = self.deliveries.record_duplicate(delivery.id, delivery.received_at)
        except NotFound:  # it has just expired
            return _receipt(delivery, reading, duplicate=True)
        was, is_ = (one.status is DeliveryStatus.FAILED for one in (before, delivery))
        if (not was or is_) and set(delivery.task_ids) <= set(before.task_ids):
            return _receipt(before, reading, duplicate=True)
        after = reinterpreted(before, delivery)
        try:
            self.deliveries.replace(before, after)
        except (NotFound, WriteConflict):  # or another copy of it was faster
            return _receipt(after, reading, duplicate=True)
        return _receipt(after, reading, duplicate=False)

    def _delivery(
        self,
        request: InboundRequest,
        received: DeliveryContext,
        generation: int,
        reading: Interpretation,
    ) -> Delivery:
        return Delivery(
            id=received.id,
            provider=received.source.provider,
            source=received.source.name,
            key=received.key,
            received_at=received.at,
            status=reading.status,
            reason=reading.reason,
            event=reading.type,
            secret=generation,
            headers={
                name: value[:256]
                for name, value in request.headers.items()
                if name in self.provider.recorded_headers
            },
            size=len(request.body),
            task_ids=tuple(task.id for task in reading.tasks),
            notes=reading.notes,
            request_id=received.request_id,
            acks=self.acks.pending,
        )


def _receipt(delivery: Delivery, reading: Interpretation, *, duplicate: bool) -> ReceiveResult:
    return ReceiveResult(
        delivery=delivery.id,
        status=delivery.status,
        tasks=delivery.task_ids,
        notes=delivery.notes,
        duplicate=duplicate,
        handshake=reading.handshake,
    )
