"""Explain a delivery: what it contains, what followed from that, and why nothing else did.

Events and commands are not stored; they are found again in the stored body.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from signalbox.models.base import sortable_time
from signalbox.models.change import TASK_EVENT_PREFIX
from signalbox.models.circuit import Circuit, CircuitState
from signalbox.models.delivery import (
    Deferral,
    Delivery,
    DeliveryStatus,
    DuplicateCount,
    StoredDelivery,
)
from signalbox.models.errors import Conflict, NotFound, Unavailable
from signalbox.models.event import Event
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId, DeliveryId, TaskId, change_id, event_name, task_id
from signalbox.models.notification import Notification
from signalbox.models.redaction import redacted
from signalbox.models.task import ChangeType, Task, TaskStatus, TaskStep
from signalbox.models.text import one_line
from signalbox.models.timeline import Timeline, TimelineKind, TimelineStep
from signalbox.services.deliveries.reinterpret import ReinterpretDelivery
from signalbox.services.ports.deliveries import DeliveryStore
from signalbox.services.ports.notifications import NotificationStore
from signalbox.services.ports.tasks import TaskStore

_MAX_DETAIL: Final = 300


@frozen
class ExplainDelivery:
    """Return the timelines of deliveries."""

    deliveries: DeliveryStore
    tasks: TaskStore
    notifications: NotificationStore
    reinterpret: ReinterpretDelivery
    circuits: Callable[[Iterable[ConnectionId]], Mapping[ConnectionId, Circuit]]

    def __call__(self, delivery_id: DeliveryId) -> Timeline:
        """Return the timeline of the delivery until now.

        Raises:
            NotFound: There is no such delivery.
        """
        stored = self.deliveries.get_stored(delivery_id)
        delivery = stored.delivery
        contents = [*_received(delivery), *self._contents(stored), *_notes(delivery)]
        consequences = [_duplicate(delivery, stored.duplicates), *_replayed(delivery)]
        consequences += _follow_up(delivery)
        for task in delivery.task_ids:
            consequences += self._task(task, delivery)
        return Timeline(
            delivery_id=delivery.id,
            provider=delivery.provider,
            source=delivery.source,
            key=delivery.key,
            status=delivery.status,
            steps=(*contents, *sorted(consequences, key=lambda step: sortable_time(step.at))),
        )

    def _contents(self, stored: StoredDelivery) -> Iterator[TimelineStep]:
        """Yield the events and commands that the current code finds in it."""
        delivery = stored.delivery
        try:
            interpretation = self.reinterpret(stored)
        except Conflict as error:
            detail = f"it cannot be interpreted again: {error.reason}"
            yield _step(delivery, TimelineKind.TODAY, detail)
            return
        for event in interpretation.events:
            yield _step(delivery, TimelineKind.EVENT, _event(event))
        names = map(event_name, range(len(interpretation.events)))
        origin = (delivery.provider, delivery.source, delivery.key)
        of_events = {task_id(*origin, name) for name in names}
        for task in interpretation.tasks:
            if task.id not in of_events:
                detail = one_line(redacted(f"{task.kind} {task.instruction}"), _MAX_DETAIL)
                yield _step(delivery, TimelineKind.COMMAND, detail, task_id=task.id)
        pending = delivery.status is DeliveryStatus.PENDING
        if not pending and interpretation.status is not delivery.status:
            reason = f": {interpretation.reason}" if interpretation.reason else ""
            detail = f"today it would be {interpretation.status}{reason}; a replay applies this"
            yield _step(delivery, TimelineKind.TODAY, detail)

    def _task(self, task_id: TaskId, delivery: Delivery) -> Iterator[TimelineStep]:
        try:
            task = self.tasks.get(task_id)
        except NotFound:
            detail = "the task has finished and expired"
            yield _step(delivery, TimelineKind.TASK, detail, task_id=task_id)
        else:
            yield from (_task_step(task, step, delivery) for step in task.history)
            yield _queue(task)
        notifications = self.notifications.of_task(task_id)
        circuits = self._circuits({each.connection for each in notifications if each.open})
        for notification in notifications:
            circuit = circuits.get(notification.connection, Circuit())
            yield from _notification(notification, circuit)

    def _circuits(self, connections: Collection[ConnectionId]) -> Mapping[ConnectionId, Circuit]:
        with suppress(Unavailable):
            return self.circuits(connections)
        return {}


def _received(delivery: Delivery) -> Iterator[TimelineStep]:
    ids = {"delivery_id": str(delivery.id), "delivery_key": delivery.key}
    if delivery.request_id:
        ids["request_id"] = delivery.request_id
    detail = f"{delivery.provider}, source {delivery.source}: {delivery.size} bytes"
    yield _step(delivery, TimelineKind.RECEIVED, detail, **ids)
    secret = f"an earlier secret ({delivery.secret})" if delivery.secret else "the current secret"
    yield _step(delivery, TimelineKind.VERIFIED, f"the signature was made with {secret}")
    if delivery.deferral:
        yield from _deferred(delivery, delivery.deferral)
    if delivery.status is not DeliveryStatus.PENDING:
        detail = f"{delivery.event or 'unknown'}: {delivery.status}"
        if delivery.reason:
            detail += f", {delivery.reason}"
        interpreted_at = delivery.deferral.interpreted_at if delivery.deferral else None
        at = interpreted_at or delivery.received_at
        yield TimelineStep(at=at, what=TimelineKind.READ, detail=detail)


def _deferred(delivery: Delivery, deferral: Deferral) -> Iterator[TimelineStep]:
    """Yield why the delivery was answered first, and what its interpretation waits for."""
    detail = f"it was answered first: {deferral.reason}"
    yield _step(delivery, TimelineKind.DEFERRED, one_line(redacted(detail), _MAX_DETAIL))
    if delivery.status is not DeliveryStatus.PENDING or deferral.due_at is None:
        return
    detail = f"it will be interpreted from now on, after {deferral.attempts} attempts"
    if deferral.error:
        detail += f"; the last one: {deferral.error}"
    yield TimelineStep(
        at=deferral.due_at,
        what=TimelineKind.DEFERRED,
        detail=one_line(redacted(detail), _MAX_DETAIL),
    )


def _follow_up(delivery: Delivery) -> Iterator[TimelineStep]:
    follow_up = delivery.deferral.follow_up if delivery.deferral else None
    if follow_up:
        detail = f"the outcome for the person who waits for it: {follow_up.status}"
        if follow_up.error:
            detail += f", {follow_up.error}"
        yield TimelineStep(at=follow_up.at, what=TimelineKind.FOLLOW_UP, detail=detail)


def _notes(delivery: Delivery) -> Iterator[TimelineStep]:
    for note in delivery.notes:
        yield _step(delivery, TimelineKind.NOTE, one_line(redacted(note), _MAX_DETAIL))


def _duplicate(delivery: Delivery, duplicates: DuplicateCount) -> TimelineStep:
    if duplicates.last_at is None:
        return _step(delivery, TimelineKind.REPEATED, "received once")
    times = "once more" if duplicates.count == 1 else f"{duplicates.count} more times"
    detail = f"received {times}, the last time now; nothing was created twice"
    return TimelineStep(at=duplicates.last_at, what=TimelineKind.REPEATED, detail=detail)


def _replayed(delivery: Delivery) -> Iterator[TimelineStep]:
    if delivery.replayed_at:
        detail = f"replayed by {delivery.replayed_by}: {delivery.status}"
        yield TimelineStep(at=delivery.replayed_at, what=TimelineKind.REPLAYED, detail=detail)


def _event(event: Event) -> str:
    author = f" by {event.author.name}" if event.author else ""
    repository = f" in {event.repository}" if event.repository else ""
    return one_line(redacted(f"{event.type}{author}{repository}: {event.title}"), _MAX_DETAIL)


def _task_step(task: Task, step: TaskStep, delivery: Delivery) -> TimelineStep:
    parts = [
        f"{step.type}: {step.status}, attempt {step.attempt} of {task.max_attempts}",
        f"by {step.by}",
    ]
    if step.reason:
        parts.append(one_line(redacted(step.reason), _MAX_DETAIL))
    if step.type is ChangeType.CREATED and task.relations and task.relations.group is not None:
        group = one_line(redacted(task.relations.group), _MAX_DETAIL)
        parts.append(f'in the group "{group}", policy {task.relations.group_policy}')
    earlier = task.origin.delivery_id
    if step.type is ChangeType.CREATED and earlier != delivery.id:
        parts.append(f"for the delivery {earlier}, which has the same command")
    ids = {
        "task_id": str(task.id),
        "change_id": str(change_id(task.id, task.created_at, step.version)),
    }
    return TimelineStep(at=step.at, what=TimelineKind.TASK, detail=", ".join(parts), ids=ids)


def _queue(task: Task) -> TimelineStep:
    ids = {"task_id": str(task.id)}
    if task.sent_at:
        received = task.sent_at == task.started_at  # by the claim, as no mark came before it
        what = "received from" if received else "put in"
        if task.not_before and task.sent_at == task.not_before:
            what = "delayed until the task may start, in"
        detail = f"a message for the task was {what} the queue {task.priority}"
        return TimelineStep(at=task.sent_at, what=TimelineKind.QUEUE, detail=detail, ids=ids)
    detail = "no message for the task is on record"
    if task.limited_by:
        detail += f"; it waits until fewer tasks of {task.limited_by} run"
    elif task.status is TaskStatus.PENDING and task.not_before:
        detail += f"; maintenance sends one when the task may start, at {task.not_before:%F %T} UTC"
    elif task.status is TaskStatus.PENDING:
        detail += "; maintenance sends one if it is not claimed within two minutes"
    return TimelineStep(at=task.updated_at, what=TimelineKind.QUEUE, detail=detail, ids=ids)


def _notification(notification: Notification, circuit: Circuit) -> Iterator[TimelineStep]:
    ids = {
        "task_id": str(notification.task_id),
        "notification_id": str(notification.id),
        "connection": str(notification.connection),
    }
    change = notification.change.type.removeprefix(TASK_EVENT_PREFIX)
    target = f"{notification.connection} ({notification.connector})"
    detail = f"{change} for {target}: {notification.status}"
    if notification.hold:
        detail += f", held: {notification.hold.reason}"
    elif notification.open and circuit.state is not CircuitState.CLOSED:
        detail += f", waiting: the circuit of the connection is {circuit.state}"
    at = notification.created_at
    yield TimelineStep(at=at, what=TimelineKind.NOTIFICATION, detail=detail, ids=ids)
    for attempt in notification.attempts:
        detail = f"{attempt.outcome}: {attempt.reason}" if attempt.reason else attempt.outcome
        yield TimelineStep(at=attempt.at, what=TimelineKind.ATTEMPT, detail=detail, ids=ids)


def _step(delivery: Delivery, what: TimelineKind, detail: str, **ids: str) -> TimelineStep:
    return TimelineStep(at=delivery.received_at, what=what, detail=detail, ids=ids)
