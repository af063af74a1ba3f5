"""Whatever happens in whatever order: nothing overtakes, and nothing waits for ever."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from signalbox.models.delivery_policy import DeliveryOrder
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.lifecycle import succeeded
from signalbox.models.task import Task
from signalbox.services.notifications.outcomes import Later
from tests.builders import a_connection, a_lease, a_result, a_task, held
from tests.faults.fuse import killed_after, killed_before, unavailable
from tests.unit.services.ordering import NEVER, Ordering

FAULTS = st.tuples(st.integers(1, 12), st.sampled_from([killed_before, killed_after, unavailable]))
SPOILED = st.none() | FAULTS
OUTCOME = st.sampled_from([None, None, SendDelayed("busy"), SendRefused("no")])


def ended(task: Task) -> Task:
    return succeeded(task, a_lease().id, task.fence, a_result(), task.updated_at)


class KeepsOrder(RuleBasedStateMachine):
    order = DeliveryOrder.TASK

    def __init__(self) -> None:
        super().__init__()
        self.world = Ordering(self.order)
        self.newest: dict[int, Task] = {}
        self.undispatched: list[Task] = []

    def _arm(self, fault: tuple[int, object] | None) -> None:
        at, happening = fault or (NEVER, None)
        self.world.fuse.arm(at, happening)  # type: ignore[arg-type]  # a strategy has no types

    def _change(self, task: Task) -> None:
        if not self.world.changed(task):
            self.undispatched.append(task)

    @precondition(lambda self: len(self.newest) < 3)
    @rule(fault=SPOILED)
    def begins(self, fault: tuple[int, object] | None) -> None:
        task = a_task()
        self.world.tasks.create(task)
        self.newest[len(self.newest)] = task
        self._arm(fault)
        self._change(task)

    @precondition(lambda self: any(len(each.history) < 3 for each in self.newest.values()))
    @rule(number=st.integers(0, 2), fault=SPOILED)
    def moves_on(self, number: int, fault: tuple[int, object] | None) -> None:
        waiting = [key for key, task in self.newest.items() if len(task.history) < 3]
        key = waiting[number % len(waiting)]
        current = self.world.tasks.get(self.newest[key].id)
        self.newest[key] = held(current) if len(current.history) == 1 else ended(current)
        self.world.tasks.replace(current, self.newest[key])
        self._arm(fault)
        self._change(self.newest[key])

    @precondition(lambda self: self.undispatched)
    @rule(number=st.integers(0, 9), fault=SPOILED)
    def is_dispatched_again(self, number: int, fault: tuple[int, object] | None) -> None:
        task = self.undispatched.pop(number % len(self.undispatched))
        self._arm(fault)
        self._change(task)

    @precondition(lambda self: self.world.queue.sent)
    @rule(number=st.integers(0, 99), outcome=OUTCOME, fault=SPOILED)
    def is_received(
        self, number: int, outcome: Exception | None, fault: tuple[int, object] | None
    ) -> None:
        self._arm(fault)
        self.world.target.outcomes = [outcome]
        self.world.receive(number % len(self.world.queue.sent))

    @rule(seconds=st.sampled_from([1, 10, 130, 1_800]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(timedelta(seconds=seconds))

    @rule(fault=SPOILED)
    def is_maintained(self, fault: tuple[int, object] | None) -> None:
        self._arm(fault)
        self.world.maintain()

    @rule(enabled=st.booleans())
    def is_switched(self, *, enabled: bool) -> None:
        self.world.config.put(a_connection(order=self.order, enabled=enabled))

    @precondition(lambda self: any(not each.open for each in self.world.store.kept.values()))
    @rule(number=st.integers(0, 9))
    def is_redelivered(self, number: int) -> None:
        self._arm(None)
        ended = [each for each in self.world.store.kept.values() if not each.open]
        chosen = ended[number % len(ended)]
        self.world.redeliver(chosen)

    @invariant()
    def nothing_overtakes(self) -> None:
        assert self.world.target.overtaken == []

    def teardown(self) -> None:
        self._arm(None)
        self.world.target.outcomes = []
        self.world.config.put(a_connection(order=self.order))
        for task in list(self.undispatched):
            assert self.world.changed(task)
        for _ in range(60):
            if not self.world.unfinished:
                break
            self.world.clock.advance(timedelta(minutes=5))
            self.world.maintain()
            for _ in range(len(self.world.queue.sent)):
                if isinstance(self.world.receive(), Later):
                    self.world.queue.sent.append(self.world.queue.sent.pop(0))
        assert self.world.unfinished == []
        assert self.world.target.overtaken == []


class KeepsOrderOfConnection(KeepsOrder):
    order = DeliveryOrder.CONNECTION


QUICK = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
)
TestOrderOfTask = KeepsOrder.TestCase
TestOrderOfTask.settings = QUICK
TestOrderOfConnection = KeepsOrderOfConnection.TestCase
TestOrderOfConnection.settings = QUICK
