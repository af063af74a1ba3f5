"""Receives one webhook: verify, read, keep its tasks, keep the delivery, answer.

The tasks are written before the delivery, so that a delivery that is there has all its tasks.
A crash anywhere before the answer is healed by sending the delivery again: ids are derived from
what was sent, and every write is made only once.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from signalbox.models.config import Source
from signalbox.models.delivery import Delivery, Verdict
from signalbox.models.errors import NotFound, PayloadInvalid, SignatureInvalid
from signalbox.models.event import Parsed
from signalbox.models.ids import DeliveryId, RequestId, TaskId, delivery_id
from signalbox.models.request import InboundRequest
from signalbox.services.drafts import Drafts, Received, drafts
from signalbox.services.ports import (
    Clock,
    ConfigStore,
    DeliveryStore,
    Provider,
    SecretStore,
    TaskStore,
)

DEFAULT_SOURCE: Final = "default"
_MARGIN: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a delivery."""

    delivery: DeliveryId
    verdict: Verdict
    tasks: tuple[TaskId, ...] = ()
    notes: tuple[str, ...] = ()
    duplicate: bool = False
    handshake: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveWebhook:
    """Receives the webhooks of one provider. `retention` is that of its tasks, 0 for ever."""

    provider: Provider
    config: ConfigStore
    secrets: SecretStore
    tasks: TaskStore
    deliveries: DeliveryStore
    clock: Clock
    retention: timedelta

    def __call__(self, request: InboundRequest, source_name: str = DEFAULT_SOURCE) -> Receipt:
        """What became of the request.

        Raises NotFound for a source nobody configured, SignatureInvalid, PayloadInvalid after the
        delivery was kept, Unavailable where there is no secret or a store is down.
        """
        source = self._source(source_name)
        generation = self._verified(request, source)
        key = self.provider.delivery_key(request)
        received = Received(
            id=delivery_id(source.provider, source.name, key),
            key=key,
            source=source,
            at=self.clock(),
            request_id=RequestId(request.request_id) if request.request_id else None,
            retention=int(self.retention.total_seconds()),
        )
        try:
            parsed = self.provider.parse(request)
        except PayloadInvalid as invalid:
            self._keep(request, received, generation, Verdict.UNREADABLE, reason=invalid.reason)
            raise
        return self._accept(request, received, generation, parsed)

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
        except SignatureInvalid:
            fresh = self.secrets.refreshed(name)
            if tuple(fresh) == tuple(known):
                raise
            return self.provider.verify(request, fresh)

    def _accept(
        self, request: InboundRequest, received: Received, generation: int, parsed: Parsed
    ) -> Receipt:
        made = drafts(parsed, received)
        if made.tasks and self._outlived(parsed, received):
            before = self._known(received)
            if before and before.task_ids:
                return _receipt(before, duplicate=True)
        for task in made.tasks:
            self.tasks.create(task)
        verdict = _verdict(parsed, made)
        delivery, new = self._keep(request, received, generation, verdict, parsed, made)
        return _receipt(delivery, duplicate=not new, handshake=parsed.handshake)

    def _outlived(self, parsed: Parsed, received: Received) -> bool:
        """Whether tasks of an earlier copy of this delivery may have expired by now.

        Only then does a task that is not there say nothing, and the delivery must be asked.
        """
        if not self.retention:
            return False
        oldest = received.at - self.retention + _MARGIN
        return any(
            event.occurred_at is None or event.occurred_at < oldest for event in parsed.events
        )

    def _known(self, received: Received) -> Delivery | None:
        try:
            return self.deliveries.get(received.id)
        except NotFound:
            return None

    def _keep(
        self,
        request: InboundRequest,
        received: Received,
        generation: int,
        verdict: Verdict,
        parsed: Parsed | None = None,
        made: Drafts | None = None,
        reason: str | None = None,
    ) -> tuple[Delivery, bool]:
        delivery = Delivery(
            id=received.id,
            provider=received.source.provider,
            source=received.source.name,
            key=received.key,
            received_at=received.at,
            verdict=verdict,
            reason=reason or (parsed.ignored if parsed else None),
            event=parsed.type if parsed else None,
            secret=generation,
            headers={
                name: value[:256]
                for name, value in request.headers.items()
                if name in self.provider.kept_headers
            },
            size=len(request.body),
            task_ids=tuple(task.id for task in made.tasks) if made else (),
            notes=made.notes if made else (),
            request_id=received.request_id,
        )
        return delivery, self.deliveries.create(delivery, request.body)


def _verdict(parsed: Parsed, made: Drafts) -> Verdict:
    if parsed.handshake is not None:
        return Verdict.HANDSHAKE
    return Verdict.ACCEPTED if made.tasks else Verdict.IGNORED


def _receipt(delivery: Delivery, *, duplicate: bool, handshake: str | None = None) -> Receipt:
    return Receipt(
        delivery=delivery.id,
        verdict=delivery.verdict,
        tasks=delivery.task_ids,
        notes=delivery.notes,
        duplicate=duplicate,
        handshake=handshake,
    )
