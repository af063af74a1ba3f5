"""What creates, dispatches, reconciles and works on tasks that have to do with others."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

from signalbox.models.ids import WorkerId
from signalbox.models.principal import Principal
from signalbox.models.rate_limits import ConcurrencyLimits
from signalbox.models.task import Priority, Task, TaskResult
from signalbox.services.tasks.cancel_subtree import CancelSubtree, SubtreeResult
from signalbox.services.tasks.claim import ClaimTask
from signalbox.services.tasks.create import CreateTask, CreateTaskRequest, IdempotencyKey
from signalbox.services.tasks.dependencies import AwaitTasks, ListDependents, SettleDependents
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.dispatch_relations import DispatchRelations
from signalbox.services.tasks.groups import ManageGroups
from signalbox.services.tasks.leases import LeaseRef, ManageLease
from signalbox.services.tasks.notify_changes import NotifyChanges
from signalbox.services.tasks.reconcile import ReconcileOverdue
from signalbox.services.tasks.slots import TaskSlots
from signalbox.services.tasks.update import CancelTask, RetryTask
from tests.builders import STACK
from tests.fakes.clock import FakeClock
from tests.fakes.concurrency import FakeConcurrency
from tests.fakes.config import FakeConfigStore
from tests.fakes.dependents import FakeDependents
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeAgenda, FakeNotificationStore, FakeTaskStore

CALLER = Principal(name="key:ci", scopes=frozenset())
MINUTE = timedelta(minutes=1)


class RecordingStore(FakeTaskStore):
    """A store with a stream: each step is handed over until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.stream: list[Task] = []
        self.before_write: Callable[[], None] = lambda: None

    def create(self, task: Task) -> bool:
        is_new = super().create(task)
        if is_new:
            self.stream.append(task)
        return is_new

    def replace(self, before: Task, after: Task) -> None:
        meanwhile, self.before_write = self.before_write, lambda: None
        meanwhile()
        super().replace(before, after)
        if before.version != after.version:
            self.stream.append(after)


class Graph:
    """What creates, dispatches, reconciles and works on tasks, around stores in memory."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.tasks, notifications = RecordingStore(), FakeNotificationStore()
        self.queue, self.index = FakeTaskQueue(self.clock), FakeDependents()
        self.store, self.limits = FakeConcurrency(), ConcurrencyLimits()
        self.slots = TaskSlots(
            tasks=self.tasks,
            store=self.store,
            queue=self.queue,
            clock=self.clock,
            limits=lambda: self.limits,
        )
        relations = DispatchRelations(
            dependents=SettleDependents(tasks=self.tasks, index=self.index, clock=self.clock),
            slots=self.slots,
            groups=ManageGroups(tasks=self.tasks, store=self.store, clock=self.clock),
        )
        self.dispatch = DispatchChanges(
            tasks=self.tasks,
            queue=self.queue,
            clock=self.clock,
            relations=lambda: relations,
            notify=NotifyChanges(
                notifications=notifications,
                notification_queue=FakeNotices("slack"),
                config=FakeConfigStore(),
                stack=STACK,
                clock=self.clock,
            ),
        )
        self.reconcile = ReconcileOverdue(
            due_index=FakeAgenda(self.tasks, notifications),
            tasks=self.tasks,
            notifications=notifications,
            notification_queue=FakeNotices("slack"),
            dispatch=self.dispatch,
            clock=self.clock,
            random=Random(1),
        )
        self.wait = AwaitTasks(tasks=self.tasks, index=self.index)
        self.leases = ManageLease(
            tasks=self.tasks, queue=self.queue, clock=self.clock, random=Random(2)
        )

    def create(self, *after: Task, key: str = "", **fields: object) -> Task:
        create = CreateTask(
            tasks=self.tasks,
            clock=self.clock,
            retention=timedelta(days=1),
            wait=self.wait,
        )
        ids = tuple(task.id for task in after)
        new = CreateTaskRequest.model_validate({"title": "One", "after": ids, **fields})
        request = IdempotencyKey(text=key, fingerprint="same") if key else None
        return create(new, CALLER, key=request)[0]

    def cancel(self, task: Task) -> None:
        CancelTask(tasks=self.tasks, clock=self.clock)(task.id, None, by="me")

    def cancel_subtree(self, task: Task, at_once: int = 100) -> SubtreeResult:
        cancel = CancelSubtree(
            tasks=self.tasks, index=self.index, clock=self.clock, at_once=at_once
        )
        return cancel(task.id, None, by="me", reason="not needed")

    def dependents(self, task: Task) -> tuple[tuple[Task, ...], bool]:
        return ListDependents(tasks=self.tasks, index=self.index)(task.id)

    def retry(self, task: Task) -> None:
        RetryTask(tasks=self.tasks, clock=self.clock, wait=self.wait)(task.id, None, by="me")

    def claim(self) -> Task | None:
        claim = ClaimTask(
            tasks=self.tasks,
            queue=self.queue,
            clock=self.clock,
            random=Random(1),
            limits=lambda: self.limits,
            slots=lambda: self.slots,
        )
        return claim(WorkerId("agent-1"), lease_seconds=60, wait_seconds=0)

    def finish(self, task: Task, *, well: bool = True) -> None:
        """Let a worker take this very task, and end it."""
        for message in self.queue.messages[Priority.NORMAL]:
            message.visible_at = self.clock() + (MINUTE if message.task != task.id else -MINUTE)
        running = self.claim()
        assert running
        assert running.lease
        assert running.id == task.id
        ref = LeaseRef(task=running.id, lease=running.lease.id, fence=running.fence)
        if well:
            self.leases.complete(ref, TaskResult())
        else:
            self.leases.fail(ref, "broken", retryable=False)

    def deliver(self) -> None:
        """Dispatch what the stream has, and what follows from it."""
        while self.tasks.stream:
            task = self.tasks.stream.pop(0)
            self.dispatch(task, [task.last_step])

    def lose(self) -> None:
        """Lose what the stream has."""
        self.tasks.stream.clear()

    def maintain(self, minutes: int) -> None:
        for _ in range(minutes):
            self.clock.advance(seconds=60)
            self.reconcile(lambda: 60.0)

    def now(self, task: Task) -> Task:
        return self.tasks.kept[task.id]
