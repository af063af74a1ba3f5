"""Reads a kept delivery once more, with today's code and today's configuration.

What it makes has the ids that it always had, so a replay adds what is not there and nothing else.
"""

from dataclasses import dataclass

from signalbox.models.delivery import Delivery, DeliveryStatus, reinterpreted
from signalbox.models.errors import NotFound
from signalbox.models.ids import DeliveryId, RequestId, TaskId
from signalbox.models.task import Task
from signalbox.services.deliveries.interpret import Interpretation
from signalbox.services.deliveries.reinterpret import ReinterpretDelivery
from signalbox.services.ports.deliveries import DeliveryStore
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What a replay found: `new` are the tasks that were not there, `there` those that were.

    `verdict` is today's, `before` says what the delivery was until now.
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
        """Whether today's code makes anything else of the delivery."""
        before = self.before
        said = (before.status, before.event, before.reason, before.notes)
        return bool(self.new) or said != (self.status, self.event, self.reason, self.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDelivery:
    """Replays deliveries. `retention` is that of their tasks."""

    deliveries: DeliveryStore
    tasks: TaskStore
    reinterpret: ReinterpretDelivery
    clock: Clock

    def __call__(
        self, delivery: DeliveryId, *, by: str, request_id: RequestId | None, dry_run: bool
    ) -> ReplayResult:
        """What the delivery is today; with `dry_run` nothing is written.

        Raises NotFound, Conflict where its source or provider is not there any more.
        """
        kept = self.deliveries.get_stored(delivery)
        before, reading = kept.delivery, self.reinterpret(kept, request_id)
        new = tuple(task for task in reading.tasks if self._is_new(task, dry_run=dry_run))
        if not dry_run:
            self.deliveries.replace(before, reinterpreted(before, self._now(before, reading, by)))
        return ReplayResult(
            before=before,
            status=reading.status,
            event=reading.type,
            reason=reading.reason,
            notes=reading.notes,
            new=new,
            existing=tuple(task.id for task in reading.tasks if task not in new),
        )

    def _is_new(self, task: Task, *, dry_run: bool) -> bool:
        if not dry_run:
            return self.tasks.create(task)
        try:
            self.tasks.get(task.id)
        except NotFound:
            return True
        return False

    def _now(self, before: Delivery, reading: Interpretation, by: str) -> Delivery:
        return before.model_copy(
            update={
                "status": reading.status,
                "event": reading.type,
                "reason": reading.reason,
                "notes": reading.notes,
                "task_ids": tuple(task.id for task in reading.tasks),
                "replayed_at": self.clock(),
                "replayed_by": by,
            }
        )
