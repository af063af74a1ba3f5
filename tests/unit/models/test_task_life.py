"""A task beside a model of it, through any number of steps."""

from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from signalbox.models.due_entry import entry_at_due_time
from signalbox.models.errors import Conflict, LeaseLost
from signalbox.models.ids import LeaseId
from signalbox.models.lifecycle import (
    attempt_failed,
    dispatched,
    extended,
    lease_ended,
    leased,
    released,
    retried,
    succeeded,
)
from signalbox.models.task import TaskStatus
from tests.builders import NOW, a_lease, a_result, a_task

RESULT = a_result()


class Life(RuleBasedStateMachine):
    """The model knows who may act, how many attempts are used, and whether the task has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.task = a_task(max_attempts=3)
        self.holder: tuple[LeaseId, int, datetime] | None = None
        self.attempts = 0
        self.free_from = NOW
        self.ended = False
        self.names = iter(range(10_000))
        self.released: LeaseId | None = None

    @rule(seconds=st.integers(min_value=0, max_value=90))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(seconds=st.integers(min_value=1, max_value=60))
    def lease(self, seconds: int) -> None:
        until = self.now + timedelta(seconds=seconds)
        new = a_lease(id=f"lse_{next(self.names)}", expires_at=until)
        busy = self.holder is not None and self.holder[2] > self.now
        if self.ended or busy or self.now < self.free_from or self.attempts == 3:
            with pytest.raises(Conflict):
                leased(self.task, new, self.now)
            return
        self.task = leased(self.task, new, self.now)
        self.attempts += 1
        self.holder = (new.id, self.task.fence, until)

    @precondition(lambda self: self.holder is not None)
    @rule(step=st.sampled_from(["extend", "succeed", "fail", "retry", "release"]))
    def act(self, step: str) -> None:
        assert self.holder
        lease, fence, _ = self.holder
        then = self.now + timedelta(seconds=30)
        if step == "extend":
            self.task = extended(self.task, lease, fence, then, None, self.now)
            self.holder = (lease, fence, then)
            return
        self.holder = None
        self.released = lease if step == "release" else None
        if step == "succeed":
            self.task = succeeded(self.task, lease, fence, RESULT, self.now)
            self.ended = True
        elif step == "release":
            self.task = released(self.task, lease, fence, None, self.now)
            self.attempts -= 1
        else:
            retry_at = then if step == "retry" else None
            self.task = attempt_failed(self.task, lease, fence, "broken", retry_at, self.now)
            self.ended = retry_at is None or self.attempts == 3
            self.free_from = then if retry_at else self.now

    @rule(stale=st.integers(min_value=0, max_value=20))
    def act_late(self, stale: int) -> None:
        lease = LeaseId(f"lse_{stale}")
        if self.holder and self.holder[0] == lease:
            return
        if self.holder is None and self.released == lease:
            assert released(self.task, lease, self.task.fence, None, self.now) is self.task
            return
        with pytest.raises(LeaseLost):
            released(self.task, lease, self.task.fence, None, self.now)

    @rule()
    def sweep(self) -> None:
        lost = self.holder is not None and self.holder[2] <= self.now
        if not lost:
            with pytest.raises(Conflict):
                lease_ended(self.task, self.now, by="maintenance")
            return
        self.task = lease_ended(self.task, self.now, by="maintenance")
        self.holder = self.released = None
        self.ended = self.attempts == 3

    @precondition(lambda self: self.ended)
    @rule()
    def retry(self) -> None:
        if self.task.status is TaskStatus.SUCCEEDED:
            with pytest.raises(Conflict):
                retried(self.task, self.now, by="somebody")
            return
        self.task = retried(self.task, self.now, by="somebody")
        self.ended, self.attempts, self.free_from = False, 0, self.now

    @rule()
    def dispatch(self) -> None:
        if self.holder is None:
            self.task = dispatched(self.task, self.now)

    @rule()
    def postpone(self) -> None:
        self.task = entry_at_due_time(self.task)
        assert self.task.indexed_due_at == self.task.due_at

    @invariant()
    def maintenance_meets_the_task_in_time(self) -> None:
        entry, due_at = self.task.indexed_due_at, self.task.due_at
        assert (entry is None) == (due_at is None) == (self.ended and not self._undispatched)
        assert entry is None or due_at is None or entry <= due_at

    @property
    def _undispatched(self) -> bool:
        return self.task.dispatched < self.task.version

    @invariant()
    def the_model_is_right(self) -> None:
        assert self.task.finished == self.ended
        assert self.task.attempt == self.attempts
        assert (self.task.status is TaskStatus.RUNNING) == (self.holder is not None)
        assert self.task.version == self.task.last_step.version


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
