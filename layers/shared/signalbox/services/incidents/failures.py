"""Search for tasks and notifications that have failed, among the newest in the indexes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, Generic, TypeVar

from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId
from signalbox.models.incident import IncidentSignal
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import TaskStatus
from signalbox.services.incidents.causes import (
    FAILURE_RULE,
    TASK_RULE,
    notifications_cause,
    tasks_cause,
)
from signalbox.services.pagination import Window
from signalbox.services.ports.notifications import NotificationStore
from signalbox.services.ports.tasks import TaskStore

N = TypeVar("N", bound=str)

_MAX_TASKS_READ: Final = 100
_MAX_NOTIFICATIONS_READ: Final = 50
_MAX_ERRORS_READ: Final = 10


@dataclass(frozen=True, slots=True)
class _Failure(Generic[N]):
    """A failure of a connection or of a kind of task."""

    name: N
    at: datetime
    error: str


@frozen
class SearchFailures:
    """Search for failures. It reads at most 100 tasks and 100 notifications."""

    tasks: TaskStore
    notifications: NotificationStore

    def __call__(self, since: datetime, until: datetime) -> Iterator[IncidentSignal]:
        """Yield the failures after `since`, up to `until`, by kind of task and by connection.

        Raises:
            Unavailable: A store did not answer.
        """
        for kind, failures in _by_name(self._tasks(since, until)):
            yield IncidentSignal(
                cause=tasks_cause(kind),
                rule=TASK_RULE,
                failures=len(failures),
                error=failures[-1].error,
            )
        for connection, failed in _by_name(self._notifications(since, until)):
            yield IncidentSignal(
                cause=notifications_cause(connection),
                rule=FAILURE_RULE,
                failures=len(failed),
                error=failed[-1].error,
            )

    def _tasks(self, since: datetime, until: datetime) -> Iterator[_Failure[str]]:
        newest = self.tasks.newest((TaskStatus.FAILED,), Window(chunk=_MAX_TASKS_READ))
        failed = [
            task for task in islice(newest, _MAX_TASKS_READ) if since < task.updated_at <= until
        ]
        last = {task.kind: task.id for task in sorted(failed, key=lambda task: task.updated_at)}
        read = self.tasks.batch_get(list(last.values())[-_MAX_ERRORS_READ:]) if last else {}
        for task in failed:
            reason = read[task.id].reason if task.id in read else None
            yield _Failure(task.kind, task.updated_at, reason or "")

    def _notifications(self, since: datetime, until: datetime) -> Iterator[_Failure[ConnectionId]]:
        for status in (NotificationStatus.FAILED, NotificationStatus.DEAD):
            newest = self.notifications.newest((status,), Window(chunk=_MAX_NOTIFICATIONS_READ))
            refs = list(islice(newest, _MAX_NOTIFICATIONS_READ))
            for found in self.notifications.batch_get(refs).values():
                if found.status is status and since < found.updated_at <= until:
                    reason = found.attempts[-1].reason if found.attempts else None
                    yield _Failure(found.connection, found.updated_at, reason or "")


def _by_name(failures: Iterable[_Failure[N]]) -> Iterator[tuple[N, Sequence[_Failure[N]]]]:
    """Yield the failures of each name, the last one last."""
    found: dict[N, list[_Failure[N]]] = {}
    for failure in sorted(failures, key=lambda each: each.at):
        found.setdefault(failure.name, []).append(failure)
    yield from found.items()
