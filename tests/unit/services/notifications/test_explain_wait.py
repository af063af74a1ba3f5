from datetime import timedelta

import pytest

from signalbox.models.delivery_policy import DeliveryOrder
from signalbox.models.errors import Unavailable
from signalbox.models.hold import DISABLED
from signalbox.models.hold import held as held_notification
from signalbox.models.notification import Notification
from signalbox.services.notifications.explain_wait import RATE_LIMITED, ExplainWait
from tests.builders import NOW, a_notification, a_task, done
from tests.unit.services.ordering import Ordering

MINUTE = timedelta(minutes=1)


def explain(world: Ordering, notification: Notification) -> str | None:
    return ExplainWait(config=world.config, order=world.order, clock=world.clock)(notification)


@pytest.mark.parametrize("order", [DeliveryOrder.TASK, DeliveryOrder.CONNECTION])
def test_the_earlier_notification_is_named_and_nothing_is_changed(order: DeliveryOrder) -> None:
    world = Ordering(order)
    world.sequences.give(world.config.connections()[0].id)
    finished = done(a_task())
    world.dispatch(finished, finished.history)
    first, _, last = (world.store.get(note.task_id, note.id) for _, note in world.queue.sent)
    before = dict(world.store.kept), dict(world.sequences.entries), dict(world.sequences.limits)

    reasons = explain(world, first), explain(world, last)

    assert reasons == (None, f"waits for the earlier notification {first.task_id}/{first.id}")
    assert before == (world.store.kept, world.sequences.entries, world.sequences.limits)


def test_a_slot_under_the_rate_limit_is_named_until_it_has_come() -> None:
    world = Ordering(DeliveryOrder.NONE)
    waiting = a_notification(slot_at=NOW + MINUTE, next_at=NOW + MINUTE)

    early = explain(world, waiting)
    world.clock.advance(MINUTE)

    assert (early, explain(world, waiting)) == (RATE_LIMITED, None)


def test_a_held_notification_has_its_own_reason() -> None:
    world = Ordering(DeliveryOrder.TASK)

    assert explain(world, held_notification(a_notification(), DISABLED, NOW)) is None


def test_where_the_order_cannot_be_read_the_notification_is_shown_without_it() -> None:
    world = Ordering(DeliveryOrder.CONNECTION)
    finished = done(a_task())
    world.dispatch(finished, finished.history)
    note = world.store.get(finished.id, world.queue.sent[-1][1].id)

    def down(call: object) -> None:
        del call
        raise Unavailable("it did not answer")

    world.fuse.arm(1, down)

    assert explain(world, note) is None
