from collections.abc import Callable
from datetime import timedelta

import pytest

from signalbox.models.change import INCIDENT_EVENT_PREFIX, TEST_EVENT_TYPE
from signalbox.models.delivery_policy import DeliveryOrder, RetryPolicy
from signalbox.models.errors import SendDelayed, SendRefused, Unavailable
from signalbox.models.notification import Notification, SendResult
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.quiet_hours import QuietHours
from signalbox.models.task import ChangeType
from signalbox.services.notifications.outcomes import Done, Later
from tests.builders import (
    a_change,
    a_connection,
    a_notification,
    a_subscription,
    a_task,
    done,
    held,
)
from tests.unit.services.ordering import Ordering

SECOND = timedelta(seconds=1)
TASK, CONNECTION = DeliveryOrder.TASK, DeliveryOrder.CONNECTION


def two_changes(world: Ordering) -> tuple[Notification, Notification]:
    """The notifications of a task that is created and started."""
    task = a_task()
    world.tasks.create(task)
    world.changed(task)
    running = held(world.tasks.get(task.id))
    world.tasks.replace(world.tasks.get(task.id), running)
    world.changed(running)
    first, second = [note for _, note in world.queue.sent[-2:]]
    return first, second


def other_task(world: Ordering) -> Notification:
    task = a_task()
    world.tasks.create(task)
    world.changed(task)
    return world.queue.sent[-1][1]


def deliver(world: Ordering, note: Notification) -> Done | Later:
    return world.deliver(note.task_id, note.id)


@pytest.mark.parametrize("order", [TASK, CONNECTION])
def test_a_later_change_waits_for_the_earlier_one_without_an_attempt(order: DeliveryOrder) -> None:
    world = Ordering(order)
    first, second = two_changes(world)

    waits = deliver(world, second)

    reason = f"waits for the earlier notification {first.task_id}/{first.id}"
    assert waits == Later(result=SendResult.IN_ORDER, after=SECOND, reason=reason)
    assert world.store.get(second.task_id, second.id).number == 0
    assert deliver(world, first) == Done(result=SendResult.DELIVERED)
    assert deliver(world, second) == Done(result=SendResult.DELIVERED)
    assert [note.id for note in world.target.arrived] == [first.id, second.id]


@pytest.mark.parametrize("order", [TASK, CONNECTION])
@pytest.mark.parametrize("change", [TEST_EVENT_TYPE, f"{INCIDENT_EVENT_PREFIX}opened"])
def test_what_is_of_no_task_waits_for_nothing(order: DeliveryOrder, change: str) -> None:
    world = Ordering(order)
    two_changes(world)
    alert = a_notification(change=a_change().model_copy(update={"type": change}))
    world.store.create(alert)

    assert deliver(world, alert) == Done(result=SendResult.DELIVERED)


def test_without_an_order_a_later_change_is_sent_first() -> None:
    world = Ordering(DeliveryOrder.NONE)
    _, second = two_changes(world)

    assert deliver(world, second) == Done(result=SendResult.DELIVERED)
    assert world.sequences.entries == {}


@pytest.mark.parametrize(
    ("order", "result"), [(TASK, SendResult.DELIVERED), (CONNECTION, SendResult.IN_ORDER)]
)
def test_other_tasks_wait_only_in_the_order_of_the_connection(
    order: DeliveryOrder, result: SendResult
) -> None:
    world = Ordering(order)
    two_changes(world)

    assert deliver(world, other_task(world)).result is result


@pytest.mark.parametrize("order", [TASK, CONNECTION])
def test_what_waits_for_a_retry_is_looked_at_a_second_after_it(order: DeliveryOrder) -> None:
    world = Ordering(order)
    first, second = two_changes(world)
    world.target.outcomes = [SendDelayed("busy", timedelta(minutes=5))]
    retried = deliver(world, first)
    assert isinstance(retried, Later)

    waits = deliver(world, second)

    assert isinstance(waits, Later)
    assert waits.after == retried.after + SECOND


@pytest.mark.parametrize("order", [TASK, CONNECTION])
def test_a_refused_notification_lets_the_next_one_pass(order: DeliveryOrder) -> None:
    world = Ordering(order)
    first, second = two_changes(world)
    world.target.outcomes = [SendRefused("no")]
    deliver(world, first)

    assert deliver(world, second) == Done(result=SendResult.DELIVERED)


@pytest.mark.parametrize("order", [TASK, CONNECTION])
def test_a_deleted_notification_lets_the_next_one_pass(order: DeliveryOrder) -> None:
    world = Ordering(order)
    first, second = two_changes(world)
    del world.store.kept[first.task_id, first.id]

    assert deliver(world, second) == Done(result=SendResult.DELIVERED)


@pytest.mark.parametrize("order", [TASK, CONNECTION])
def test_one_that_no_function_attends_to_is_not_waited_for_without_end(
    order: DeliveryOrder,
) -> None:
    world = Ordering(order, retry=RetryPolicy(give_up_hours=72))
    first, _ = two_changes(world)
    world.clock.advance(timedelta(hours=97))
    ended = done(a_task(id=first.task_id))
    world.dispatch(ended.model_copy(update={"dispatched": 2}), [ended.last_step])

    assert deliver(world, world.queue.sent[-1][1]) == Done(result=SendResult.DELIVERED)


@pytest.mark.parametrize("order", [TASK, CONNECTION])
def test_one_that_waits_until_its_time_is_up_is_dead_with_the_reason(order: DeliveryOrder) -> None:
    world = Ordering(order, retry=RetryPolicy(give_up_hours=1))
    first, second = two_changes(world)

    world.clock.advance(timedelta(hours=1, minutes=10))

    reason = f"waits for the earlier notification {first.task_id}/{first.id}"
    assert deliver(world, second) == Done(result=SendResult.DEAD, reason=reason)


@pytest.mark.parametrize("order", [TASK, CONNECTION])
def test_however_long_one_waits_its_message_is_received_less_often_than_its_queue_allows(
    order: DeliveryOrder,
) -> None:
    world = Ordering(order)
    _, second = two_changes(world)
    receives = 0

    while isinstance(outcome := deliver(world, second), Later):
        receives += 1
        world.clock.advance(outcome.after)

    assert outcome.result is SendResult.DEAD
    assert receives < 900


@pytest.mark.parametrize("order", [TASK, CONNECTION])
def test_an_exempt_change_waits_with_those_that_quiet_hours_hold(order: DeliveryOrder) -> None:
    world = Ordering(order)
    quiet = QuietHours.model_validate(
        {"from": "00:00", "to": "23:00", "except": (ChangeType.STARTED,)}
    )
    world.config.put(a_subscription(quiet_hours=quiet))
    task = a_task()
    world.tasks.create(task)
    world.changed(task)
    running = held(world.tasks.get(task.id))
    world.tasks.replace(world.tasks.get(task.id), running)
    world.changed(running)
    exempt = world.queue.sent[-1][1]

    outcome = deliver(world, exempt)
    world.clock.advance(timedelta(hours=11, seconds=1))
    world.maintain()
    released = [note for _, note in world.queue.sent[1:]]

    assert outcome.result is SendResult.HELD
    assert world.target.arrived == []
    assert {note.change.type for note in released} == {
        "signalbox.task.created",
        "signalbox.task.started",
    }


@pytest.mark.parametrize("order", [TASK, CONNECTION])
def test_what_a_disabled_connection_held_is_sent_in_order(order: DeliveryOrder) -> None:
    world = Ordering(order, enabled=False)
    task = a_task()
    world.tasks.create(task)
    world.changed(task)
    world.clock.advance(timedelta(days=5))
    world.config.put(a_connection(order=order))
    running = held(world.tasks.get(task.id))
    world.tasks.replace(world.tasks.get(task.id), running)
    world.changed(running)

    early = deliver(world, world.queue.sent[-1][1])
    world.maintain()
    for _, note in [*world.queue.sent, *world.queue.sent]:
        deliver(world, note)

    assert early.result is SendResult.IN_ORDER
    assert [note.change.type.rpartition(".")[2] for note in world.target.arrived] == [
        "created",
        "started",
    ]


def with_the_first_redelivered(
    order: DeliveryOrder,
) -> tuple[Ordering, Notification, Notification]:
    """Two notifications of a task, of which the first was refused and is redelivered."""
    world = Ordering(order)
    first, second = two_changes(world)
    world.target.outcomes = [SendRefused("no")]
    deliver(world, first)
    world.redeliver(first)
    return world, first, second


def test_a_redelivered_notification_gets_a_place_at_the_end_of_its_connection() -> None:
    world, first, second = with_the_first_redelivered(CONNECTION)

    outcomes = [deliver(world, first).result, deliver(world, second).result]

    assert outcomes == [SendResult.IN_ORDER, SendResult.DELIVERED]
    assert deliver(world, first) == Done(result=SendResult.DELIVERED)


def test_a_redelivered_notification_goes_before_later_ones_of_its_task() -> None:
    world, first, second = with_the_first_redelivered(TASK)

    outcomes = [deliver(world, second).result, deliver(world, first).result]

    assert outcomes == [SendResult.IN_ORDER, SendResult.DELIVERED]


def test_those_from_before_the_connection_kept_an_order_get_a_place_when_they_are_received() -> (
    None
):
    world = Ordering(DeliveryOrder.NONE)
    first, second = two_changes(world)
    world.config.put(a_connection(order=CONNECTION))

    outcomes = [deliver(world, note).result for note in (second, first)]

    assert outcomes == [SendResult.DELIVERED, SendResult.DELIVERED]


def test_after_the_sequence_was_lost_nothing_waits_for_ever() -> None:
    world = Ordering(CONNECTION)
    notes = [other_task(world) for _ in range(5)]
    world.sequences.limits.clear()
    world.sequences.entries.clear()
    other_task(world)

    for _ in range(5):
        for _, note in list(world.queue.sent):
            deliver(world, note)

    assert world.unfinished == []
    assert len(world.target.arrived) == len(notes) + 1


def test_a_position_that_was_given_to_nobody_is_passed() -> None:
    world = Ordering(CONNECTION)
    for _ in range(60):
        world.sequences.give(a_connection().id)
    note = other_task(world)

    outcomes = [deliver(world, note).result for _ in range(4)]

    assert outcomes == [*[SendResult.IN_ORDER] * 2, SendResult.DELIVERED, SendResult.FINISHED]
    # whoever is slow to store its entry takes another position
    assert not world.sequences.close(note.connection, 1)


def test_an_entry_counts_before_its_notification_has_the_position() -> None:
    world = Ordering(CONNECTION)
    first, second = other_task(world), other_task(world)
    stored = world.store.get(first.task_id, first.id)
    world.store.kept[first.task_id, first.id] = stored.model_copy(update={"position": None})

    assert deliver(world, second).result is SendResult.IN_ORDER


def test_an_entry_is_void_once_its_notification_has_another_position() -> None:
    world = Ordering(CONNECTION)
    first, second = other_task(world), other_task(world)
    stored = world.store.get(first.task_id, first.id)
    world.store.kept[first.task_id, first.id] = stored.model_copy(update={"position": 3})

    assert deliver(world, second).result is SendResult.DELIVERED


def test_where_the_order_is_not_known_nothing_is_sent() -> None:
    world = Ordering(CONNECTION)
    note = other_task(world)
    world.fuse.arm(2, _down)

    with pytest.raises(Unavailable):
        deliver(world, note)

    assert world.target.arrived == []


def test_an_earlier_change_that_was_not_dispatched_is_dispatched_first() -> None:
    world = Ordering(TASK)
    task = a_task()
    world.tasks.create(task)
    world.fuse.arm(1, _down)
    assert not world.changed(task)

    running = held(world.tasks.get(task.id))
    world.tasks.replace(world.tasks.get(task.id), running)
    world.changed(running)

    assert [note.change.type.rpartition(".")[2] for _, note in world.queue.sent] == [
        "created",
        "started",
    ]


def test_while_an_earlier_change_cannot_be_dispatched_no_later_one_is() -> None:
    world = Ordering(TASK)
    task = a_task()
    world.tasks.create(task)
    running = held(task)

    world.fuse.arm(1, _down)
    world.changed(running)

    assert world.store.kept == {}


@pytest.mark.parametrize("order", [TASK, CONNECTION])
def test_an_ordered_connection_has_no_digests(order: DeliveryOrder) -> None:
    world = Ordering(order)
    world.config.put(a_subscription(digest={"minutes": 15, "max": 3}))

    note = other_task(world)

    assert world.store.get(note.task_id, note.id).status is NotificationStatus.QUEUED
    assert world.store.get(note.task_id, note.id).hold is None


def _down(call: Callable[[], object]) -> object:
    del call
    raise Unavailable("it did not answer")
