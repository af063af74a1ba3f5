import pytest

from signalbox.services.dispatch import DispatchChanges
from signalbox.services.maintain import HealOverdue
from tests.builders import STACK, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeAgenda, FakeNotificationStore, FakeTaskStore


@pytest.fixture
def tasks() -> FakeTaskStore:
    return FakeTaskStore(*[a_task() for _ in range(7)])


@pytest.fixture
def heal(tasks: FakeTaskStore) -> HealOverdue:
    clock, notifications, notices = FakeClock(), FakeNotificationStore(), FakeNotices()
    dispatch = DispatchChanges(
        tasks=tasks,
        notifications=notifications,
        queue=FakeTaskQueue(clock),
        notices=notices,
        config=FakeConfigStore(),
        clock=clock,
        stack=STACK,
    )
    clock.advance(seconds=3_600)
    return HealOverdue(
        agenda=FakeAgenda(tasks, notifications),
        tasks=tasks,
        notifications=notifications,
        notices=notices,
        dispatch=dispatch,
        clock=clock,
    )


def test_the_first_that_cannot_be_moved_on_are_told_with_what_is_wrong(
    heal: HealOverdue, tasks: FakeTaskStore
) -> None:
    tasks.down = True

    healed = heal(lambda: 60.0)

    assert (healed.tasks, healed.failed) == (0, 7)
    assert len(healed.troubles) == 5
    assert healed.troubles.items() <= dict.fromkeys(tasks.kept, "Unavailable").items()


def test_where_all_goes_well_there_is_nothing_to_tell(heal: HealOverdue) -> None:
    healed = heal(lambda: 60.0)

    assert (healed.tasks, healed.failed, healed.troubles) == (7, 0, {})
