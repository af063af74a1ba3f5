"""Receive a webhook: verify it, interpret it, store its tasks and then the delivery, answer.

The tasks are written before the delivery, so that a stored delivery has all of its tasks. After a
crash before the answer the provider sends the delivery again and the writes are completed: ids are
derived from the request, and every write is conditional. A delivery that is sent again is
interpreted with the current configuration; tasks that its record names are never created again.

A delivery that is over the burst cap of its source, or whose permission check does not fit the
deadline of the provider, is stored as pending and answered. `InterpretDeferred` does the rest. It
also sends the outcome to a person where the provider does not show the answer.
"""

from collections.abc import Callable, Collection
from dataclasses import field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from signalbox.models.delivery import Delivery, DeliveryStatus, reinterpreted
from signalbox.models.errors import (
    NotFound,
    PayloadInvalid,
    SecretMissing,
    SignalboxError,
    SignatureInvalid,
    SourceMisconfigured,
    WriteConflict,
)
from signalbox.models.event import Answer
from signalbox.models.frozen import frozen
from signalbox.models.hops import read_hops
from signalbox.models.ids import DeliveryId, RequestId, TaskId, delivery_id
from signalbox.models.request import InboundRequest, recorded_headers_of
from signalbox.models.source import DEFAULT_SOURCE, Source
from signalbox.services.config.find_source import find_source
from signalbox.services.deliveries.ack_latency import AckLatencies
from signalbox.services.deliveries.act_on_tasks import ActOnTasks
from signalbox.services.deliveries.admit_address import admit_address
from signalbox.services.deliveries.defer import deferral_of, free_slot, interpret_in_time
from signalbox.services.deliveries.interpret import Interpretation
from signalbox.services.deliveries.permissions import nobody_in_time
from signalbox.services.deliveries.plan_tasks import DeliveryContext
from signalbox.services.deliveries.published_keys import no_published_keys
from signalbox.services.ports.config import ConfigStore, SecretStore
from signalbox.services.ports.deliveries import (
    ConfirmSubscription,
    DeliveryStore,
    FindPublishedKeys,
    PermissionsWithin,
    Provider,
    TakeSlot,
)
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from signalbox.services.tasks.dependencies import AwaitTasks

_CLOCK_MARGIN: Final = timedelta(hours=1)


class PayloadUnparseable(PayloadInvalid):
    """The delivery was stored, but its payload cannot be parsed."""


class HandlerFault(SignalboxError):
    """The delivery was stored, but our own code failed on it."""


@frozen
class ReceiveResult:
    """The outcome of a delivery."""

    delivery: DeliveryId
    status: DeliveryStatus
    tasks: tuple[TaskId, ...] = ()
    notes: tuple[str, ...] = ()
    duplicate: bool = False
    answer: Answer | None = None


@frozen
class ReceiveWebhook:
    """Receive the webhooks of one provider. `retention` is that of its tasks; 0 means forever.

    The next delivery that is stored carries the pending `acks`.
    """

    provider: Provider
    config: ConfigStore
    secrets: SecretStore
    tasks: TaskStore
    deliveries: DeliveryStore
    clock: Clock
    retention: timedelta
    wait: "Callable[[], AwaitTasks]"
    permission: PermissionsWithin = nobody_in_time
    take_slot: TakeSlot = free_slot
    published_keys: FindPublishedKeys = no_published_keys
    confirm: ConfirmSubscription | None = None
    acks: AckLatencies = field(default_factory=AckLatencies)

    def __call__(self, request: InboundRequest, source_name: str = DEFAULT_SOURCE) -> ReceiveResult:
        """Return the outcome of the request.

        Raises:
            NotFound: There is no such source.
            AddressRefused: The source does not admit the address of the sender.
            SignatureInvalid: None of the secrets, or no key of the service, signed the request.
            PayloadUnparseable: The payload cannot be parsed; the delivery is stored.
            HandlerFault: Our own code failed; the delivery is stored.
            Unavailable: There is no secret, a store or the service did not answer, the source has
                settings that are not those of the provider, or admits networks that are not known.
        """
        source = self._source(source_name)
        admit_address(source, request.source_ip, self.config)
        provider = self._provider(source)
        secret_index = self._verified(request, source, provider)
        self._confirm(request, provider)
        context = self._context(request, source, provider)
        interpretation = interpret_in_time(provider, request, context, self.take_slot)
        existing = self._existing_tasks(interpretation, context)
        for task in interpretation.tasks:
            if task.id not in existing:
                self.tasks.create(task)
        act = ActOnTasks(tasks=self.tasks, clock=self.clock, wait=self.wait)
        interpretation = interpretation.acted(act(interpretation.actions, source, context.id))
        delivery = self._delivery(
            request, context, secret_index, interpretation, provider.recorded_headers
        )
        if self.deliveries.create(delivery, request.body):
            self.acks.flush()
            result = _result(delivery, interpretation, duplicate=False)
        else:
            result = self._duplicate(delivery, interpretation)
        if result.answer is None and source.answer:
            result = replace(result, answer=source.answer.response())
        if isinstance(interpretation.refusal, PayloadInvalid):
            raise PayloadUnparseable(interpretation.refusal.reason) from interpretation.refusal
        if interpretation.refusal:
            raise HandlerFault(interpretation.reason or "") from interpretation.refusal
        return result

    def _source(self, name: str) -> Source:
        source = find_source(self.config, self.provider.name, name)
        if source is None:
            raise NotFound("there is no such source")
        return source

    def _provider(self, source: Source) -> Provider:
        try:
            return self.provider.with_settings(source.settings)
        except PayloadInvalid as invalid:
            raise SourceMisconfigured(invalid.reason) from invalid

    def _verified(self, request: InboundRequest, source: Source, provider: Provider) -> int:
        url = provider.key_url(request)
        if url:
            return provider.verify(request, self.published_keys(url))
        name = source.secret_name
        cached = self.secrets.secrets(name)
        try:
            return provider.verify(request, cached)
        except (SignatureInvalid, SecretMissing):
            refreshed = self.secrets.refresh(name)
            if tuple(refreshed) == tuple(cached):
                raise
            return provider.verify(request, refreshed)

    def _confirm(self, request: InboundRequest, provider: Provider) -> None:
        """Confirm the subscription that a request asks for; a repetition does no harm."""
        url = provider.confirmation_url(request)
        if url and self.confirm:
            self.confirm(url)

    def _context(
        self, request: InboundRequest, source: Source, provider: Provider
    ) -> DeliveryContext:
        key = provider.delivery_key(request)
        now = self.clock()
        began = min(request.received_at or now, now)

        def time_left() -> float:
            return provider.deadline - (self.clock() - began).total_seconds()

        return DeliveryContext(
            id=delivery_id(source.provider, source.name, key),
            key=key,
            source=source,
            at=now,
            request_id=RequestId(request.request_id) if request.request_id else None,
            retention=int(self.retention.total_seconds()),
            permission=self.permission(time_left),
            hops=read_hops(request.headers),
        )

    def _tasks_may_have_expired(
        self, interpretation: Interpretation, context: DeliveryContext
    ) -> bool:
        """Return whether tasks of an earlier copy of this delivery may have expired.

        Only then the absence of a task proves nothing, and the delivery must be looked up.
        """
        if not self.retention:
            return False
        oldest = context.at - self.retention + _CLOCK_MARGIN
        return any(
            event.occurred_at is None or event.occurred_at < oldest
            for event in interpretation.events
        )

    def _existing_tasks(
        self, interpretation: Interpretation, context: DeliveryContext
    ) -> Collection[TaskId]:
        """Return the tasks of an earlier copy, if they may have expired."""
        if not interpretation.tasks or not self._tasks_may_have_expired(interpretation, context):
            return ()
        try:
            return self.deliveries.get(context.id).task_ids
        except NotFound:
            return ()

    def _duplicate(self, delivery: Delivery, interpretation: Interpretation) -> ReceiveResult:
        """Return the stored delivery, updated if this copy adds to it.

        It does so if the earlier copy failed, or if the current configuration creates more tasks.
        """
        try:
            before = self.deliveries.record_duplicate(delivery.id, delivery.received_at)
        except NotFound:  # it has just expired
            return _result(delivery, interpretation, duplicate=True)
        failed_before, fails_now = (
            one.status is DeliveryStatus.FAILED for one in (before, delivery)
        )
        if (not failed_before or fails_now) and set(delivery.task_ids) <= set(before.task_ids):
            return _result(before, interpretation, duplicate=True)
        after = reinterpreted(before, delivery)
        try:
            self.deliveries.replace(before, after)
        except (NotFound, WriteConflict):  # or another copy of it was faster
            return _result(after, interpretation, duplicate=True)
        return _result(after, interpretation, duplicate=False)

    def _delivery(
        self,
        request: InboundRequest,
        context: DeliveryContext,
        secret_index: int,
        interpretation: Interpretation,
        recorded_headers: Collection[str],
    ) -> Delivery:
        return Delivery(
            id=context.id,
            provider=context.source.provider,
            source=context.source.name,
            key=context.key,
            received_at=context.at,
            status=interpretation.status,
            reason=interpretation.reason,
            event=interpretation.type,
            secret=secret_index,
            headers=recorded_headers_of(request, recorded_headers),
            size=len(request.body),
            task_ids=tuple(task.id for task in interpretation.tasks),
            notes=interpretation.notes,
            request_id=context.request_id,
            acks=self.acks.pending,
            deferral=deferral_of(interpretation, context.at),
            keep_bodies=context.source.keep_bodies,
        )


def _result(
    delivery: Delivery, interpretation: Interpretation, *, duplicate: bool
) -> ReceiveResult:
    return ReceiveResult(
        delivery=delivery.id,
        status=delivery.status,
        tasks=delivery.task_ids,
        notes=delivery.notes,
        duplicate=duplicate,
        answer=interpretation.answer,
    )
