"""Webhooks, workers, operators, targets, maintenance, faults and time, in any order.

Every move may be spoilt at one of its calls, or have another move happen in the middle of it. The
invariants are what docs/architecture.md guarantees.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from signalbox.models.circuit import CircuitState
from signalbox.models.errors import SignalboxError
from signalbox.models.ids import TaskId, change_id, notification_id
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import ChangeType, Priority, Task, TaskResult, TaskStatus
from signalbox.services.tasks.leases import LeaseRef, LeaseStep
from tests.faults.cases import LONG
from tests.faults.fuse import Happening, Killed, killed_after, killed_before, unavailable
from tests.faults.world import ANSWERS, CONNECTIONS, HEALTHY, World

NUMBERS: Final = st.integers(0, 11)
CALLS: Final = st.integers(1, 9)
LONGEST_WAIT: Final = timedelta(hours=13)
OPERATOR: Final = "key:operator"
RELEASING: Final = frozenset(
    {
        ChangeType.SUCCEEDED,
        ChangeType.FAILED,
        ChangeType.RETRYING,
        ChangeType.RELEASED,
        ChangeType.LEASE_LOST,
        ChangeType.CANCELLED,
    }
)
MOVES: Final = (
    *("webhook", "repeat", "stream", "stream", "replay"),
    *("claim", "claim", "beat", "complete", "complete", "fail", "release", "zombie"),
    *("next", "next"),
    *("notify", "notify", "notify", "restart", "minute", "wait", "wait"),
    *("double_task", "double_notification", "purge", "dead_letter", "dead_notification"),
    *("cancel", "approve", "reject", "retry", "redeliver", "lose"),
)


class Life(RuleBasedStateMachine):
    """`accepted` has the tasks of each acknowledged webhook; `unanswered` are sent again."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.accepted: dict[int, frozenset[TaskId]] = {}
        self.unanswered: dict[int, str] = {}
        self.holds: list[LeaseRef] = []
        self.completed: set[TaskId] = set()
        self.wrong: list[str] = []
        self._webhooks = 0
        self._workers = 0

    @rule(move=st.sampled_from(MOVES), number=NUMBERS, answer=st.sampled_from(ANSWERS))
    def alone(self, move: str, number: int, answer: object) -> None:
        self._make(move, number, answer)

    @rule(
        move=st.sampled_from(MOVES),
        number=NUMBERS,
        answer=st.sampled_from(ANSWERS),
        at=CALLS,
        fault=st.sampled_from([killed_before, killed_after, unavailable]),
    )
    def spoilt(self, move: str, number: int, answer: object, at: int, fault: Happening) -> None:
        self.world.fuse.arm(at, fault)
        self._make(move, number, answer)
        self.world.fuse.arm(0, None)

    @rule(
        move=st.sampled_from(MOVES),
        other=st.sampled_from(MOVES),
        number=NUMBERS,
        answer=st.sampled_from(ANSWERS),
        at=CALLS,
    )
    def at_once(self, move: str, other: str, number: int, answer: object, at: int) -> None:
        def meanwhile(call: Callable[[], Any]) -> Any:
            chosen = self.world.target.next
            self._make(other, number, answer)
            self.world.target.next = chosen
            return call()

        self.world.fuse.arm(at, meanwhile)
        self._make(move, number, answer)
        self.world.fuse.arm(0, None)

    @invariant()
    def nothing_acknowledged_is_lost_and_each_delivery_made_its_tasks_once(self) -> None:
        kept = self.world.tasks.kept
        assert self.wrong == []
        for number, tasks in self.accepted.items():
            assert len(tasks) == 1, f"webhook {number} made {tasks}"
            assert tasks <= kept.keys(), f"webhook {number} has lost {tasks - kept.keys()}"
        assert len(kept) <= len(self.accepted) + len(self.unanswered)

    @invariant()
    def a_task_ends_only_under_the_lease_that_is_current(self) -> None:
        for task in self.world.tasks.kept.values():
            assert [step.version for step in task.history] == list(range(1, task.version + 1))
            holder = ""
            for step in task.history:
                if step.by.startswith("worker:") and step.type is not ChangeType.STARTED:
                    assert step.by == holder, f"{step} while {holder or 'nobody'} holds it"
                if step.type is ChangeType.STARTED:
                    holder = step.by
                elif step.type in RELEASING:
                    holder = ""
            ends = [step for step in task.history if step.type is ChangeType.SUCCEEDED]
            assert len(ends) <= 1
        for name in self.completed:
            assert self.world.tasks.kept[name].status is TaskStatus.SUCCEEDED

    @invariant()
    def every_open_item_has_a_due_time(self) -> None:
        for task in self.world.tasks.kept.values():
            if not task.finished or task.dispatched < task.version:
                assert task.due_at is not None, task
                assert task.indexed_due_at is not None, task
                assert task.indexed_due_at <= task.due_at, task
        for note in self.world.notifications.kept.values():
            if note.open:
                assert note.due_at is not None, note
                assert note.due_at - self.world.clock() < LONGEST_WAIT

    @invariant()
    def an_open_circuit_can_be_probed_soon(self) -> None:
        for circuit in self.world.circuits.kept.values():
            blocked = circuit.blocked_until or self.world.clock()
            assert blocked - self.world.clock() <= timedelta(minutes=6)

    @invariant()
    def a_change_has_one_notification_for_each_connection(self) -> None:
        names = [
            (note.change.id, note.connection) for note in self.world.notifications.kept.values()
        ]
        assert len(names) == len(set(names))

    def teardown(self) -> None:
        self.world.fuse.arm(0, None)
        for number, action in list(self.unanswered.items()):
            self._receive(number, action)
        assert not self.unanswered
        self._settle()
        self._redrive_all()
        self._settle()
        self._everything_is_delivered()

    def _everything_is_delivered(self) -> None:
        world = self.world
        for task in world.tasks.kept.values():
            for step in task.history:
                change = change_id(task.id, task.created_at, step.version)
                for connection in CONNECTIONS:
                    name = notification_id(change, connection)
                    note = world.notifications.kept.get((task.id, name))
                    assert note, f"{step} has no notification for {connection}"
                    assert note.status is NotificationStatus.DELIVERED, note
                    assert world.target.effects[name], f"{connection} never got {step}"
        for circuit in world.circuits.kept.values():
            assert circuit.state is not CircuitState.OPEN

    def _settle(self) -> None:
        """Let time pass with healthy targets and workers until nothing is open."""
        for _ in range(120):
            self._do_what_is_possible()
            tasks, notes = self.world.tasks.kept.values(), self.world.notifications.kept.values()
            if not any(task.due_at for task in tasks) and not any(note.open for note in notes):
                return
            self.world.clock.advance(minutes_until_due(self.world))
            self.world.minute()
        raise AssertionError("it never ends")

    def _do_what_is_possible(self) -> None:
        world = self.world
        while world.tasks.stream:
            world.stream()
        for task in list(world.tasks.kept.values()):
            if task.status is TaskStatus.AWAITING_APPROVAL:
                self._quietly(partial(world.approve, task.id, None, by=OPERATOR))
        while (hold := self._claimed("teardown")) is not None:
            self._say(hold, self.world.leases.complete, TaskResult(summary="done"))
        while world.notify(0, 0, HEALTHY) or world.tasks.stream:
            world.stream()

    def _redrive_all(self) -> None:
        for task, name in list(self.world.notifications.kept):
            if self.world.notifications.kept[task, name].status in {
                NotificationStatus.FAILED,
                NotificationStatus.DEAD,
            }:
                self.world.redeliver(task, name)

    def _make(self, move: str, number: int, answer: object) -> None:
        made: Callable[[int, Any], object] = getattr(self, f"_{move}")
        self._quietly(lambda: made(number, answer))

    def _quietly(self, move: Callable[[], object]) -> None:
        """Make a move that may be refused, find nobody, or die."""
        try:
            move()
        except (SignalboxError, Killed):
            return

    def _webhook(self, number: int, _: object) -> None:
        self._webhooks += 1
        self.unanswered[self._webhooks] = "edited" if number % 3 == 0 else "opened"
        self._receive(self._webhooks, self.unanswered[self._webhooks])

    def _repeat(self, number: int, _: object) -> None:
        """The provider sends a webhook again, whether it was answered or not."""
        if self._webhooks:
            chosen = number % self._webhooks + 1
            task = self.accepted.get(chosen)
            again = self.unanswered.get(chosen)
            if again is None and task:
                kind = self.world.tasks.kept[min(task)].kind
                again = kind.partition(".")[2]
            self._receive(chosen, again or "opened")

    def _receive(self, number: int, action: str) -> None:
        result = self.world.webhook(number, action)
        tasks = frozenset(result.tasks)
        if self.accepted.setdefault(number, tasks) != tasks:
            self.wrong.append(f"webhook {number} made {tasks} beside {self.accepted[number]}")
        self.unanswered.pop(number, None)

    def _stream(self, *_: object) -> None:
        self.world.stream()

    def _replay(self, *_: object) -> None:
        self.world.stream(repeated=True)

    def _lose(self, *_: object) -> None:
        self.world.stream(lost=True)

    def _claim(self, number: int, _: object) -> None:
        self._workers += 1
        skew = (0, 0, 0, 120, -120)[number % 5]
        self._claimed(f"w{self._workers}", (10, 60, 600)[number % 3], skew)

    def _claimed(self, worker: str, seconds: int = 60, skew: int = 0) -> LeaseRef | None:
        self._workers += 1
        return self._hold(self.world.claim(f"{worker}-{self._workers}", seconds, skew))

    def _hold(self, task: Task | None) -> LeaseRef | None:
        if task is None or task.lease is None:
            return None
        hold = LeaseRef(task=task.id, lease=task.lease.id, fence=task.fence)
        self.holds.append(hold)
        return hold

    def _beat(self, number: int, _: object) -> None:
        if self.holds:
            hold = self.holds[-1 - number % len(self.holds)]
            result = self.world.leases.heartbeat(hold, lease_seconds=60)
            self._check_lease(hold, result.task)

    def _complete(self, number: int, _: object) -> None:
        self._by_hold(number, self.world.leases.complete, TaskResult(summary=str(number)))

    def _fail(self, number: int, _: object) -> None:
        if self.holds:
            hold = self.holds[-1 - number % len(self.holds)]
            task = self.world.leases.fail(hold, "it broke", retryable=bool(number % 3)).task
            self._check_lease(hold, task)

    def _check_lease(self, hold: LeaseRef, task: Task) -> None:
        """Note as wrong what was accepted under a lease that is not that of the task."""
        held = task.lease.id if task.lease else task.released_at
        if (held, task.fence) != (hold.lease, hold.fence):
            self.wrong.append(f"{hold} was accepted: {task.last_step}")

    def _release(self, number: int, _: object) -> None:
        self._by_hold(number, self.world.leases.release, None)

    def _zombie(self, number: int, _: object) -> None:
        """A worker freezes beyond its lease, and wakes when another may have the task."""
        frozen = self._claimed("frozen", 10)
        self.world.clock.advance(seconds=41)
        if number % 3:
            self.world.minute()
            self.world.stream()
        self._claimed("other", 600)
        if frozen:
            say = (self.world.leases.release, self.world.leases.complete)[number % 2]
            self._say(frozen, say, TaskResult(summary="late") if number % 2 else None)

    def _next(self, number: int, _: object) -> None:
        """A worker completes a task and claims the next one in one request."""
        if not self.holds:
            return
        hold = self.holds[-1 - number % len(self.holds)]
        end = self.world.leases.complete(hold, TaskResult(summary=str(number)))
        self._check_lease(hold, end.task)
        self.completed.add(end.task.id)
        self._workers += 1
        self._hold(self.world.claim_next(end, f"w{self._workers}", (10, 60, 600)[number % 3]))

    def _by_hold(
        self, number: int, say: Callable[[LeaseRef, Any], LeaseStep], word: object
    ) -> None:
        """Say something under the latest lease, or now and then under any that there ever was."""
        if self.holds:
            self._say(self.holds[-1 - (number % len(self.holds) if number % 2 else 0)], say, word)

    def _say(self, hold: LeaseRef, say: Callable[[LeaseRef, Any], LeaseStep], word: object) -> None:
        task = say(hold, word).task
        self._check_lease(hold, task)
        if task.status is TaskStatus.SUCCEEDED:
            self.completed.add(task.id)

    def _notify(self, number: int, answer: Any) -> None:
        self.world.notify(number % 2, number, answer)

    def _restart(self, number: int, _: object) -> None:
        self.world.restart(number % 2)

    def _minute(self, *_: object) -> None:
        self.world.minute()

    def _wait(self, number: int, _: object) -> None:
        self.world.clock.advance(seconds=(1, 8, 31, 61, 130, 400, 7_000)[number % 7])

    def _double_task(self, number: int, _: object) -> None:
        if task := self._any(number):
            self.world.queue.send(list(Priority)[number % 3], [task.id])

    def _double_notification(self, number: int, _: object) -> None:
        notes = list(self.world.notifications.kept.values())
        if notes:
            note = notes[number % len(notes)]
            self.world.messages.send(note.connector, note)

    def _purge(self, number: int, _: object) -> None:
        if number % 2:
            self.world.messages.messages.clear()
        else:
            for messages in self.world.queue.messages.values():
                messages.clear()

    def _dead_letter(self, number: int, _: object) -> None:
        if task := self._any(number):
            self.world.dead.task(task.id, self.world.clock())

    def _dead_notification(self, number: int, _: object) -> None:
        messages = self.world.messages.messages
        if messages:
            message = messages.pop(number % len(messages))
            self.world.dead.notification(message.task, message.notification)

    def _cancel(self, number: int, _: object) -> None:
        if task := self._any(number):
            self.world.cancel(task.id, None, by=OPERATOR)

    def _approve(self, number: int, _: object) -> None:
        if task := self._any(number):
            self.world.approve(task.id, None, by=OPERATOR)

    def _reject(self, number: int, _: object) -> None:
        if task := self._any(number):
            self.world.approve.reject(task.id, None, by=OPERATOR)

    def _retry(self, number: int, _: object) -> None:
        if task := self._any(number):
            self.world.retry(task.id, None, by=OPERATOR)

    def _redeliver(self, number: int, _: object) -> None:
        names = list(self.world.notifications.kept)
        if names:
            self.world.redeliver(*names[number % len(names)])

    def _any(self, number: int) -> Task | None:
        tasks = list(self.world.tasks.kept.values())
        return tasks[number % len(tasks)] if tasks else None


def minutes_until_due(world: World) -> timedelta:
    """The time until something is due or a message is shown again, a minute at least."""
    times = [task.due_at for task in world.tasks.kept.values()]
    times += [note.due_at for note in world.notifications.kept.values()]
    times += [message.visible_at for message in world.messages.messages]
    now = world.clock()
    later = [at - now for at in times if at and at > now]
    return max(min(later, default=timedelta()), timedelta(minutes=1))


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=1_500 if LONG else 15,
    stateful_step_count=60 if LONG else 40,
    deadline=None,
    derandomize=not LONG,
    suppress_health_check=list(HealthCheck),
)
