"""Workers, maintenance and time in any order, over the real functions."""

from contextlib import ExitStack

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from signalbox.models.task import ChangeType, Task, TaskStatus
from tests.functions.system import ApiResponse
from tests.integration.faults import Crash, crash_after
from tests.integration.installation import installed
from tests.integration.slack import FakeSlack
from tests.integration.worker import Hold, Worker


class Workers(RuleBasedStateMachine):
    """Anybody may do anything at any time; the table is read before and after to judge it."""

    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        slack = self._stack.enter_context(FakeSlack().running())
        self.box = self._stack.enter_context(installed(slack))
        self._numbers = iter(range(1_000))
        self.versions: dict[str, int] = {}

    def teardown(self) -> None:
        try:
            self.box.live(minutes=200)
            assert all(task.finished for task in self.box.records[0])
        finally:
            self._stack.close()

    @rule(priority=st.sampled_from(["high", "normal", "low"]))
    def comment(self, priority: str) -> None:
        number = next(self._numbers)
        self.box.comment(f"/agent {number} priority={priority}", delivery=f"d-{number}")

    @rule()
    def dispatch(self) -> None:
        self.box.driver.settle()

    @rule()
    def heal(self) -> None:
        self.box.heal()

    @rule(seconds=st.sampled_from([1, 29, 31, 61, 125]))
    def wait(self, seconds: int) -> None:
        self.box.clock.advance(seconds=seconds)

    @rule(target=holds, name=st.sampled_from("ab"), seconds=st.sampled_from([10, 60, 120]))
    def claim(self, name: str, seconds: int) -> object:
        before = self._tasks()
        hold = Worker(ask=self.box.api, name=name, seconds=seconds).claim()
        if hold is None:
            return multiple()
        task = before[hold.task]
        free = task.lease is None or task.lease.expires_at <= self.box.clock()
        assert task.status is TaskStatus.PENDING or (task.status is TaskStatus.RUNNING and free)
        assert hold.fence == task.fence + 1
        assert task.attempt < task.max_attempts
        return hold

    @rule(
        hold=holds,
        saying=st.sampled_from(["heartbeat", "complete", "fail", "release"]),
        dies=st.integers(min_value=0, max_value=4),
    )
    def say(self, hold: Hold, saying: str, dies: int) -> None:
        before = self._tasks()[hold.task]
        holds = before.lease is not None and before.lease.id == hold.lease
        current = before.status is TaskStatus.RUNNING and holds
        again = before.status is TaskStatus.SUCCEEDED and holds and saying == "complete"
        if dies:
            self.box.faults.clear()
            self.box.faults.at(dies, crash_after)

        try:
            answer: ApiResponse = getattr(Worker(ask=self.box.api), saying)(hold)
        except Crash:
            assert dies
            return
        finally:
            self.box.faults.clear()

        assert answer.status == (200 if current or again else 409)
        if not current:
            assert self._tasks()[hold.task] == before

    @invariant()
    def histories_have_no_gaps(self) -> None:
        for task in self._tasks().values():
            assert [step.version for step in task.history] == list(range(1, task.version + 1))
            started = [step for step in task.history if step.type is ChangeType.STARTED]
            released = [step for step in task.history if step.type is ChangeType.RELEASED]
            assert task.fence == len(started)
            assert task.attempt == len(started) - len(released) <= task.max_attempts
            assert self.versions.get(task.id, 0) <= task.version
            self.versions[task.id] = task.version

    def _tasks(self) -> dict[str, Task]:
        return {task.id: task for task in self.box.records[0]}


TestWorkers = Workers.TestCase
TestWorkers.settings = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
