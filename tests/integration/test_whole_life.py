"""Workers, operators, stray messages, dead letters, faults and time, in any order and at once.

Each move is made alone, or is spoilt at one of its calls to AWS, or has another one happen just
before one of its calls. What came of it is judged by the table and by the answers to the workers.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import JsonValue

from signalbox.models.task import ChangeType, Task, TaskStatus, TaskStep
from tests.functions.system import ApiResponse
from tests.integration.faults import (
    Action,
    Crash,
    crash_after,
    crash_before,
    lost_answer,
    meanwhile,
)
from tests.integration.installation import Installation, Silence, installed
from tests.integration.slack import FakeSlack
from tests.integration.worker import Hold, Worker

_MINUTE: Final = timedelta(minutes=1)
_QUEUES: Final = {"high": "HighQueue", "normal": "NormalQueue", "low": "LowQueue"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What somebody does; each kind looks at what it needs of the rest."""

    what: str
    number: int
    priority: str
    seconds: int


def moves(*what: str) -> st.SearchStrategy[Move]:
    return st.builds(
        Move,
        what=st.sampled_from(what),
        number=st.integers(0, 11),
        priority=st.sampled_from(list(_QUEUES)),
        seconds=st.sampled_from([10, 60, 120, 3_600]),
    )


SAY: Final = ("heartbeat", "complete", "fail", "release")
WORK: Final = ("claim", "claim", "claim", *SAY)
OPERATE: Final = ("cancel", "retry", "edit", "pause", "resume")
STRAY: Final = ("double", "double", "double", "dead_letter")
REST: Final = ("heal", "wait", "wait", "wait")

ANY: Final = moves(*WORK, *WORK, *OPERATE, *STRAY, *REST)
ASKS: Final = moves(*WORK, *OPERATE, "heal", "dispatch")
ASIDE: Final = moves(*WORK, *OPERATE, *STRAY, *REST)
CALLS: Final = st.integers(1, 8)


class WholeLife(RuleBasedStateMachine):
    """`_held_until` is until when each worker holds its task by the answers that it got."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        slack = self._stack.enter_context(FakeSlack().running())
        self.box: Installation = self._stack.enter_context(installed(slack))
        self._holds: list[tuple[str, Hold]] = []
        self._held_until: dict[str, datetime] = {}
        self._last_end = self.box.clock()
        self._workers = 0
        self._seen: dict[str, tuple[TaskStep, ...]] = {}
        self._wrong: list[AssertionError] = []

    @initialize()
    def begin(self) -> None:
        for number, priority in enumerate(("normal", "high", "low", "normal")):
            self.box.comment(f"/agent {number} priority={priority}", delivery=f"d-{number}")
        self.box.driver.settle()

    @rule(seconds=st.sampled_from([0, 31, 95, 125]))
    def all_is_well_for_a_while(self, seconds: int) -> None:
        self.box.clock.advance(seconds=seconds)
        self.box.heal()
        self.box.driver.settle()

    @rule(move=ANY)
    def alone(self, move: Move) -> None:
        before = self._tasks()
        hold = self._hold(move)

        answer = self._make(move)

        if answer is None:
            return
        assert answer.status in {200, 409}, answer.text
        if answer.status == 409:
            assert self._tasks() == before
            assert not (move.what in SAY and hold and _holds(before[hold[1].task], hold[1]))

    @rule(move=ASKS, at=CALLS, action=st.sampled_from([crash_before, crash_after, lost_answer]))
    def spoilt(self, move: Move, at: int, action: Action) -> None:
        self._with_fault(move, at, action)

    @rule(move=ASKS, at=CALLS, other=ASIDE)
    def at_once(self, move: Move, at: int, other: Move) -> None:
        def happen() -> None:
            try:
                # of the same task or hold, where there is a choice
                self._make(replace(other, number=move.number))
                self._remember()
            except AssertionError as wrong:  # the function that it happens to would swallow it
                self._wrong.append(wrong)

        self._with_fault(move, at, meanwhile(happen))

    @invariant()
    def nothing_went_wrong_meanwhile(self) -> None:
        assert self._wrong == []

    @invariant()
    def nobody_takes_a_task_from_a_worker_before_its_lease_ends(self) -> None:
        for task in self._tasks().values():
            holder = ""
            for step in task.history:
                if holder and step.by != holder and not step.by.startswith("key:"):
                    held_until = self._held_until.get(holder.removeprefix("worker:"), step.at)
                    assert held_until <= step.at, f"{holder} holds it until {held_until}: {step}"
                if step.type is ChangeType.STARTED:
                    holder = step.by
                elif step.type is not ChangeType.UPDATED:
                    holder = ""

    @invariant()
    def histories_have_no_gaps_and_only_grow(self) -> None:
        self._remember()
        for task in self._tasks().values():
            assert [step.version for step in task.history] == list(range(1, task.version + 1))
            assert task.attempt <= task.max_attempts

    def teardown(self) -> None:
        try:
            self._everything_ends_within_two_minutes_of_the_last_lease()
            self.box.live(minutes=200)
        finally:
            self._stack.close()

    def _everything_ends_within_two_minutes_of_the_last_lease(self) -> None:
        for priority in _QUEUES:
            self.box.operate("POST", f"/api/v1/queue/{priority}/resume")
        retries = [task.not_before for task in self._tasks().values() if task.not_before]
        last = max([self.box.clock(), self._last_end, *retries])
        self.box.clock.advance(last - self.box.clock())
        for _ in range(2):
            self.box.clock.advance(_MINUTE)
            self.box.heal()
            self.box.driver.settle()
            while self.box.work():
                self.box.driver.settle()
        assert all(task.finished for task in self._tasks().values()), self.box.state

    def _with_fault(self, move: Move, at: int, action: Action) -> None:
        self.box.faults.clear()
        self.box.faults.at(at, action)
        try:
            self._make(move)
        except (Crash, Silence):
            return
        finally:
            self.box.faults.clear()

    def _make(self, move: Move) -> ApiResponse | None:
        """Makes a move; what the API answered, if it was asked something that it may refuse."""
        made: Callable[[Move], ApiResponse | None] = getattr(self, f"_{move.what}")
        return made(move)

    def _dispatch(self, _: Move) -> None:
        self.box.driver.settle()

    def _heal(self, _: Move) -> None:
        self.box.heal()

    def _wait(self, move: Move) -> None:
        self.box.clock.advance(seconds=move.seconds + 1 if move.number % 2 else 29)

    def _claim(self, move: Move) -> None:
        self._workers += 1
        name = f"w{self._workers}"
        hold = self._worker(name, move).claim()
        if hold:
            self._holds.append((name, hold))

    def _heartbeat(self, move: Move) -> ApiResponse | None:
        if not (found := self._hold(move)):
            return None
        name, hold = found
        # it may have an effect although no answer comes: then the worker can rely on less
        until = self.box.clock() + timedelta(seconds=move.seconds)
        self._held_until[name] = min(self._held_until[name], until)
        return self._worker(name, move).heartbeat(hold)

    def _complete(self, move: Move) -> ApiResponse | None:
        return self._say(move, lambda worker, hold: worker.complete(hold))

    def _fail(self, move: Move) -> ApiResponse | None:
        return self._say(move, lambda worker, hold: worker.fail(hold))

    def _release(self, move: Move) -> ApiResponse | None:
        return self._say(move, lambda worker, hold: worker.release(hold))

    def _cancel(self, move: Move) -> ApiResponse | None:
        return self._operate(move, "DELETE", "")

    def _retry(self, move: Move) -> ApiResponse | None:
        return self._operate(move, "POST", "/retry")

    def _edit(self, move: Move) -> ApiResponse | None:
        return self._operate(move, "PATCH", "", {"priority": move.priority})

    def _pause(self, move: Move) -> ApiResponse:
        return self.box.operate("POST", f"/api/v1/queue/{move.priority}/pause")

    def _resume(self, move: Move) -> ApiResponse:
        return self.box.operate("POST", f"/api/v1/queue/{move.priority}/resume")

    def _double(self, move: Move) -> None:
        """A second message, mostly in the right queue, now and then in another."""
        task = self._any(move)
        right = self._tasks()[task].priority if task and move.number % 4 else move.priority
        self._message(move, _QUEUES[right])

    def _dead_letter(self, move: Move) -> None:
        self._message(move, f"{_QUEUES[move.priority].removesuffix('Queue')}DeadLetters")

    def _say(self, move: Move, say: Callable[[Worker, Hold], ApiResponse]) -> ApiResponse | None:
        if not (found := self._hold(move)):
            return None
        name, hold = found
        return say(self._worker(name, move), hold)

    def _operate(
        self, move: Move, method: str, what: str, body: JsonValue = None
    ) -> ApiResponse | None:
        task = self._any(move)
        return self.box.operate(method, f"/api/v1/tasks/{task}{what}", body) if task else None

    def _message(self, move: Move, queue: str) -> None:
        if task := self._any(move):
            self.box.send(queue, json.dumps({"v": 1, "task_id": task}))

    def _hold(self, move: Move) -> tuple[str, Hold] | None:
        """One of the holds that are in force, or, now and then, any that ever was."""
        tasks = self._tasks()
        in_force = [each for each in self._holds if _holds(tasks[each[1].task], each[1])]
        chosen = self._holds if move.number % 3 == 0 else in_force
        return chosen[move.number % len(chosen)] if chosen else None

    def _any(self, move: Move) -> str | None:
        """A task that is held, or, now and then, any."""
        if move.number % 2 and (found := self._hold(move)):
            return found[1].task
        tasks = sorted(self._tasks())
        return tasks[move.number % len(tasks)] if tasks else None

    def _worker(self, name: str, move: Move) -> Worker:
        return Worker(ask=partial(self._ask, name), name=name, seconds=move.seconds)

    def _ask(self, name: str, path: str, body: dict[str, JsonValue]) -> ApiResponse:
        longest = timedelta(seconds=int(str(body.get("lease_seconds", 0))))
        try:
            answer = self.box.api(path, body)
        finally:
            self._last_end = max(self._last_end, self.box.clock() + longest)
        lease = answer.json_body.get("lease")
        if isinstance(lease, dict):
            self._held_until[name] = datetime.fromisoformat(str(lease["expires_at"]))
        return answer

    def _remember(self) -> None:
        for task in self._tasks().values():
            seen = self._seen.get(task.id, ())
            assert task.history[: len(seen)] == seen
            self._seen[task.id] = task.history

    def _tasks(self) -> dict[str, Task]:
        return {task.id: task for task in self.box.records[0]}


def _holds(task: Task, hold: Hold) -> bool:
    lease = task.lease
    return task.status is TaskStatus.RUNNING and lease is not None and lease.id == hold.lease


TestWholeLife = WholeLife.TestCase
TestWholeLife.settings = settings(
    max_examples=8,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
