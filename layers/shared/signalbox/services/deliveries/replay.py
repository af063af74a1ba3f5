"""Replay a stored delivery with the current code and configuration.

Task ids are derived from the request, so a replay creates the missing tasks and nothing else.
"""

from signalbox.models.delivery import Delivery, DeliveryStatus, reinterpreted
from signalbox.models.errors import NotFound
from signalbox.models.frozen import frozen
from signalbox.models.ids import DeliveryId, RequestId, TaskId
from signalbox.models.task import Task
from signalbox.services.deliveries.interpret import Interpretation
from signalbox.services.deliveries.reinterpret import ReinterpretDelivery
from signalbox.services.ports.deliveries import DeliveryStore
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock


@frozen
class ReplayResult:
    """The outcome of a replay: `new` tasks were missing, `existing` ones were not.

    `status` is the current one; `before` is the delivery as it was recorded.
    """

    before: Delivery
    status: DeliveryStatus
    event: str | None
    reason: str | None
    notes: tuple[str, ...]
    new: tuple[Task, ...]
    existing: tuple[TaskId, ...]

    @property
    def differs(self) -> bool:
        """Whether the current code interprets the delivery differently."""
        before = self.before
        recorded = (before.status, before.event, before.reason, before.notes)
        return bool(self.new) or recorded != (self.status, self.event, self.reason, self.notes)


@frozen
class ReplayDelivery:
    """Replay deliveries."""

    deliveries: DeliveryStore
    tasks: TaskStore
    reinterpret: ReinterpretDelivery
    clock: Clock

    def __call__(
        self, delivery: DeliveryId, *, by: str, request_id: RequestId | None, dry_run: bool
    ) -> ReplayResult:
        """Return the outcome; with `dry_run` nothing is written.

        Raises:
            NotFound: There is no such delivery.
            Conflict: Its source or provider no longer exists, or its body is not kept.
        """
        stored = self.deliveries.get_stored(delivery)
        before, interpretation = stored.delivery, self.reinterpret(stored, request_id)
        new = tuple(task for task in interpretation.tasks if self._is_new(task, dry_run=dry_run))
        if not dry_run:
            self.deliveries.replace(
                before, reinterpreted(before, self._now(before, interpretation, by))
            )
        return ReplayResult(
            before=before,
            status=interpretation.status,
            event=interpretation.type,
            reason=interpretation.reason,
            notes=interpretation.notes,
            new=new,
            existing=tuple(task.id for task in interpretation.tasks if task not in new),
        )

    def _is_new(self, task: Task, *, dry_run: bool) -> bool:
        if not dry_run:
            return self.tasks.create(task)
        try:
            self.tasks.get(task.id)
        except NotFound:
            return True
        return False

    def _now(self, before: Delivery, interpretation: Interpretation, by: str) -> Delivery:
        return interpretation.recorded_in(before).model_copy(
            update={"replayed_at": self.clock(), "replayed_by": by}
        )
