"""Explains a delivery: what was found in it, what came of that, and why nothing else did.

Events and commands are not on record; they are read again from the body that is.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from signalbox.models.base import sortable_time
from signalbox.models.change import TASK_EVENT_PREFIX
from signalbox.models.circuit import Circuit, CircuitState
from signalbox.models.delivery import Delivery, DuplicateCount, StoredDelivery
from signalbox.models.errors import Conflict, NotFound, Unavailable
from signalbox.models.event import Event
from signalbox.models.ids import ConnectionId, DeliveryId, TaskId, change_id
from signalbox.models.notification import Notification
from signalbox.models.redaction import redacted
from signalbox.models.task import ChangeType, Task, TaskStatus, TaskStep
from signalbox.models.text import one_line
from signalbox.models.timeline import Timeline, TimelineKind, TimelineStep
from signalbox.services.deliveries.reinterpret import ReinterpretDelivery
from signalbox.services.ports.deliveries import DeliveryStore
from signalbox.services.ports.notifications import NotificationStore
from signalbox.services.ports.tasks import TaskStore

_DETAIL = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainDelivery:
    """Tells the story of a delivery."""

    deliveries: DeliveryStore
    tasks: TaskStore
    notifications: NotificationStore
    reinterpret: ReinterpretDelivery
    circuits: Callable[[Iterable[ConnectionId]], Mapping[ConnectionId, Circuit]]

    def __call__(self, delivery: DeliveryId) -> Timeline:
        """Return the story until now.

        Raises:
            NotFound: It does not exist.
        """
        kept = self.deliveries.get_stored(delivery)
        told = kept.delivery
        found = [*_received(told), *self._found(kept), *_notes(told)]
        later = [_repeated(told, kept.duplicates), *_replayed(told)]
        for task in told.task_ids:
            later += self._task(task, told)
        return Timeline(
            delivery_id=told.id,
            provider=told.provider,
            source=told.source,
            key=told.key,
            status=told.status,
            steps=(*found, *sorted(later, key=lambda step: sortable_time(step.at))),
        )

    def _found(self, kept: StoredDelivery) -> Iterator[TimelineStep]:
        """Yield what today's code finds in it."""
        told = kept.delivery
        try:
            reading = self.reinterpret(kept)
        except Conflict as gone:
            yield _step(told, TimelineKind.TODAY, f"it cannot be read again: {gone.reason}")
            return
        for event in reading.events:
            yield _step(told, TimelineKind.EVENT, _event(event))
        for task in reading.tasks:
            if task.kind != task.origin.event:
                detail = one_line(redacted(f"{task.kind} {task.instruction}"), _DETAIL)
                yield _step(told, TimelineKind.COMMAND, detail, task_id=task.id)
        if reading.status is not told.status:
            why = f": {reading.reason}" if reading.reason else ""
            detail = f"today it would be {reading.status}{why}; a replay makes it so"
            yield _step(told, TimelineKind.TODAY, detail)

    def _task(self, task: TaskId, told: Delivery) -> Iterator[TimelineStep]:
        try:
            found = self.tasks.get(task)
        except NotFound:
            detail = "the task is not kept any more: it ended, and its time was over"
            yield _step(told, TimelineKind.TASK, detail, task_id=task)
        else:
            yield from (_taken(found, step, told) for step in found.history)
            yield _queue(found)
        notes = self.notifications.of_task(task)
        circuits = self._circuits({owed.connection for owed in notes if owed.open})
        for owed in notes:
            yield from _notification(owed, circuits.get(owed.connection, Circuit()))

    def _circuits(self, waiting: Collection[ConnectionId]) -> Mapping[ConnectionId, Circuit]:
        with suppress(Unavailable):
            return self.circuits(waiting)
        return {}


def _received(told: Delivery) -> Iterator[TimelineStep]:
    of = f"{told.provider}, source {told.source}: {told.size} bytes"
    request = {"request_id": told.request_id} if told.request_id else {}
    yield _step(
        told, TimelineKind.RECEIVED, of, delivery_id=told.id, delivery_key=told.key, **request
    )
    which = "the current secret" if told.secret == 0 else f"the secret before it ({told.secret})"
    yield _step(told, TimelineKind.VERIFIED, f"the signature was made with {which}")
    what = f"{told.event or 'unknown'}: {told.status}"
    yield _step(told, TimelineKind.READ, f"{what}, {told.reason}" if told.reason else what)


def _notes(told: Delivery) -> Iterator[TimelineStep]:
    for note in told.notes:
        yield _step(told, TimelineKind.NOTE, one_line(redacted(note), _DETAIL))


def _repeated(told: Delivery, repeats: DuplicateCount) -> TimelineStep:
    if repeats.last_at is None:
        return _step(told, TimelineKind.REPEATED, "it came once")
    times = "once more" if repeats.count == 1 else f"{repeats.count} times more"
    detail = f"it came {times}, this being the last time; nothing was made twice"
    return TimelineStep(at=repeats.last_at, what=TimelineKind.REPEATED, detail=detail)


def _replayed(told: Delivery) -> Iterator[TimelineStep]:
    if told.replayed_at:
        detail = f"{told.replayed_by} had it read again: {told.status}"
        yield TimelineStep(at=told.replayed_at, what=TimelineKind.REPLAYED, detail=detail)


def _event(event: Event) -> str:
    author = f" by {event.author.name}" if event.author else ""
    where = f" in {event.repository}" if event.repository else ""
    return one_line(redacted(f"{event.type}{author}{where}: {event.title}"), _DETAIL)


def _taken(task: Task, step: TaskStep, told: Delivery) -> TimelineStep:
    words = [f"{step.type}: {step.status}, attempt {step.attempt} of {task.max_attempts}"]
    words.append(f"by {step.by}")
    if step.reason:
        words.append(one_line(redacted(step.reason), _DETAIL))
    earlier = task.origin.delivery_id
    if step.type is ChangeType.CREATED and earlier != told.id:
        words.append(f"for the delivery {earlier}, which said the same")
    ids = {
        "task_id": str(task.id),
        "change_id": str(change_id(task.id, task.created_at, step.version)),
    }
    return TimelineStep(at=step.at, what=TimelineKind.TASK, detail=", ".join(words), ids=ids)


def _queue(task: Task) -> TimelineStep:
    ids = {"task_id": str(task.id)}
    if task.sent_at:
        detail = f"a message for the task was put in the queue {task.priority}"
        return TimelineStep(at=task.sent_at, what=TimelineKind.QUEUE, detail=detail, ids=ids)
    waits = task.status is TaskStatus.PENDING
    detail = "no message for the task is known of" + (", one will be sent" if waits else "")
    return TimelineStep(at=task.updated_at, what=TimelineKind.QUEUE, detail=detail, ids=ids)


def _notification(owed: Notification, circuit: Circuit) -> Iterator[TimelineStep]:
    ids = {
        "task_id": str(owed.task_id),
        "notification_id": str(owed.id),
        "connection": str(owed.connection),
    }
    word = owed.change.type.removeprefix(TASK_EVENT_PREFIX)
    detail = f"{word} is owed to {owed.connection} ({owed.connector}): {owed.status} by now"
    if owed.open and circuit.state is not CircuitState.CLOSED:
        detail += f", and waits: the circuit of the connection is {circuit.state}"
    yield TimelineStep(at=owed.created_at, what=TimelineKind.NOTIFICATION, detail=detail, ids=ids)
    for attempt in owed.attempts:
        detail = f"{attempt.outcome}: {attempt.reason}" if attempt.reason else attempt.outcome
        yield TimelineStep(at=attempt.at, what=TimelineKind.ATTEMPT, detail=detail, ids=ids)


def _step(told: Delivery, what: TimelineKind, detail: str, **ids: str) -> TimelineStep:
    return TimelineStep(at=told.received_at, what=what, detail=detail, ids=ids)
