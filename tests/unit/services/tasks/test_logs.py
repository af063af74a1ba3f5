from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.errors import LeaseLost, NotFound, WriteConflict
from signalbox.models.ids import LeaseId, TaskId
from signalbox.models.lifecycle import released, succeeded
from signalbox.models.log import Chunk, LogLine
from signalbox.models.task import Task, TaskStatus
from signalbox.services.tasks.leases import LeaseRef
from signalbox.services.tasks.logs import AppendLog, FollowLog, FollowLogResult, ReadLog
from tests.builders import NOW, a_lease, a_result, a_task, held
from tests.fakes.clock import FakeClock
from tests.fakes.logs import FakeLogStore
from tests.fakes.tasks import FakeTaskStore


class Rig:
    """A task in the hands of a worker, its log, and what happens while a follower sleeps."""

    def __init__(self, logs: FakeLogStore | None = None) -> None:
        self.task = held(a_task())
        self.tasks = FakeTaskStore(self.task)
        self.logs = logs or FakeLogStore()
        self.clock = FakeClock()
        self.meanwhile: list[Callable[[], object]] = []
        self.sent = 0

    def say(self, *lines: str, seq: int | None = None) -> None:
        append = AppendLog(tasks=self.tasks, logs=self.logs, clock=self.clock)
        append(self.held(), seq or self.sent + 1, lines)
        self.sent += 0 if seq else len(lines)

    def held(self, **changes: int) -> LeaseRef:
        return LeaseRef(task=self.task.id, lease=a_lease().id, fence=changes.get("fence", 1))

    def finish(self) -> None:
        self.keep(succeeded(self.task, a_lease().id, 1, a_result(), self.clock()))

    def keep(self, after: Task) -> None:
        self.tasks.replace(self.task, after)
        self.task = after

    def read(self, after: int = 0, limit: int = 100) -> list[str]:
        page = ReadLog(tasks=self.tasks, logs=self.logs)(self.task.id, after=after, limit=limit)
        return texts(page.lines)

    def follow(self, after: int | None = 0, seconds: float = 30) -> FollowLogResult:
        follow = FollowLog(tasks=self.tasks, logs=self.logs, clock=self.clock, sleep=self._sleep)
        return follow(self.task.id, after, seconds=seconds)

    def _sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        if self.meanwhile:
            self.meanwhile.pop(0)()


def nothing() -> None:
    pass


def texts(lines: Sequence[LogLine]) -> list[str]:
    return [line.text for line in lines]


def test_a_batch_sent_again_changes_nothing() -> None:
    rig = Rig()
    rig.say("a", "b")

    rig.say("a", "b", seq=1)

    assert rig.read() == ["a", "b"]


@pytest.mark.parametrize("change", [{"lease": LeaseId("lse_else")}, {"fence": 2}])
def test_only_the_current_lease_may_speak(change: dict[str, object]) -> None:
    rig = Rig()
    facts = {"task": rig.task.id, "lease": a_lease().id, "fence": 1} | change
    append = AppendLog(tasks=rig.tasks, logs=rig.logs, clock=rig.clock)

    with pytest.raises(LeaseLost):
        append(LeaseRef(**facts), 1, ["a"])  # type: ignore[arg-type]


def test_a_task_that_nobody_holds_says_nothing() -> None:
    rig = Rig()
    rig.keep(released(rig.task, a_lease().id, 1, None, NOW))

    with pytest.raises(LeaseLost):
        rig.say("a")


def test_a_worker_is_told_how_much_its_log_takes_still() -> None:
    rig = Rig()
    append = AppendLog(tasks=rig.tasks, logs=rig.logs, clock=rig.clock)

    followed = append(rig.held(), 1, ["a", "bc"])

    assert (followed.stored, followed.lines_left, followed.bytes_left) == (2, 19_998, 3_999_997)


def test_of_two_who_append_at_once_none_loses_a_line() -> None:
    class BusyStore(FakeLogStore):
        def add(self, task: TaskId, chunk: Chunk, until: datetime | None) -> bool:
            if not self.kept:
                early = chunk.model_copy(update={"lines": chunk.lines[:1]})
                self.kept[task, chunk.first] = early
            return super().add(task, chunk, until)

    rig = Rig(BusyStore())

    rig.say("a", "b", "c")

    assert rig.read() == ["a", "b", "c"]


def test_a_log_that_never_stands_still_is_a_conflict() -> None:
    class LosingStore(FakeLogStore):
        def add(self, *_: object) -> bool:
            return False

    with pytest.raises(WriteConflict):
        Rig(LosingStore()).say("a")


@given(
    sizes=st.lists(st.integers(1, 7), max_size=8),
    limit=st.integers(1, 12),
    start=st.integers(0, 60),
)
def test_pages_hold_every_line_behind_a_place_once(
    sizes: list[int], limit: int, start: int
) -> None:
    rig = Rig()
    for size in sizes:
        rig.say(*(str(rig.sent + number + 1) for number in range(size)))
    read = ReadLog(tasks=rig.tasks, logs=rig.logs)

    found: list[str] = []
    after = start
    while True:
        page = read(rig.task.id, after=after, limit=limit)
        found += texts(page.lines)
        if not page.more:
            break
        after = page.lines[-1].seq

    assert found == [str(number) for number in range(start + 1, rig.sent + 1)]


def test_a_page_is_cut_where_it_would_be_too_large_to_send() -> None:
    rig = Rig()
    for _ in range(60):
        rig.say(*["x" * 4_000] * 15)

    page = ReadLog(tasks=rig.tasks, logs=rig.logs)(rig.task.id, after=0, limit=1_000)

    assert page.more
    assert 500_000 <= sum(len(line.text) for line in page.lines) < 510_000


def test_a_follower_of_a_silent_task_waits_for_as_long_as_it_may() -> None:
    rig = Rig()

    followed = rig.follow(seconds=30)

    assert followed == FollowLogResult(lines=[], place=0, reset=False, ended=None)
    assert rig.clock() - NOW == timedelta(seconds=25)


@pytest.mark.parametrize(("left", "waited"), [(10, 7), (3, 0), (0, 0)])
def test_a_follower_goes_before_the_time_is_up(left: float, waited: int) -> None:
    rig = Rig()

    rig.follow(seconds=left)

    assert rig.clock() - NOW == timedelta(seconds=waited)


def test_a_follower_hears_a_line_soon_and_those_right_behind_it() -> None:
    rig = Rig()
    rig.meanwhile = [nothing, lambda: rig.say("a"), lambda: rig.say("b"), nothing, nothing]

    followed = rig.follow()

    assert (texts(followed.lines), followed.place) == (["a", "b"], 2)
    assert rig.clock() - NOW == timedelta(seconds=4)


def test_a_follower_is_told_of_the_end_with_the_last_line() -> None:
    rig = Rig()
    rig.say("a")
    rig.meanwhile = [lambda: rig.say("b"), rig.finish]

    followed = rig.follow()

    assert (texts(followed.lines), followed.ended) == (["a", "b"], TaskStatus.SUCCEEDED)


def test_a_finished_task_keeps_nobody_waiting() -> None:
    rig = Rig()
    rig.say("a")
    rig.finish()

    followed = rig.follow(after=1)

    assert followed == FollowLogResult(lines=[], place=1, reset=False, ended=TaskStatus.SUCCEEDED)
    assert rig.clock() == NOW


def test_a_long_log_is_told_in_parts_and_its_end_with_the_last() -> None:
    rig = Rig()
    for _ in range(40):
        rig.say(*["x" * 4_000] * 15)
    rig.finish()

    followed = [rig.follow()]
    while not followed[-1].ended:
        followed.append(rig.follow(after=followed[-1].place))

    assert len(followed) == 5
    assert [line.seq for part in followed for line in part.lines] == list(range(1, 601))
    assert rig.clock() == NOW


@pytest.mark.parametrize("place", [None, 4, 100, -1])
def test_a_place_that_never_was_begins_the_log_anew(place: int | None) -> None:
    rig = Rig()
    rig.say("a", "b", "c")

    followed = rig.follow(after=place)

    assert (followed.reset, texts(followed.lines)) == (True, ["a", "b", "c"])


def test_lines_that_are_forgotten_begin_the_log_anew_with_what_is_left() -> None:
    rig = Rig()
    rig.say("a", "b")
    rig.say("c")
    del rig.logs.kept[rig.task.id, 1]

    followed = rig.follow(after=1)

    assert (followed.reset, texts(followed.lines)) == (True, ["c"])


@given(
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=8),
    seen=st.lists(st.integers(0, 9), max_size=12),
)
def test_a_follower_that_is_cut_off_anywhere_misses_and_repeats_nothing(
    sizes: list[int], seen: list[int]
) -> None:
    rig = Rig()

    def say(size: int) -> None:
        rig.say(*(str(rig.sent + number + 1) for number in range(size)))

    rig.meanwhile = [*(lambda size=size: say(size) for size in sizes), rig.finish]
    found: list[str] = []
    place = 0
    for arrived in [*seen, *[None] * 30]:
        followed = rig.follow(after=place)
        lines = list(followed.lines)[:arrived]
        found += texts(lines)
        place = lines[-1].seq if lines else place
        assert not followed.reset
        if followed.ended and len(lines) == len(followed.lines):
            break

    assert found == [str(number) for number in range(1, sum(sizes) + 1)]


def test_an_unknown_task_has_no_log() -> None:
    rig = Rig()
    rig.tasks.kept.clear()

    with pytest.raises(NotFound):
        rig.read()
    with pytest.raises(NotFound):
        rig.follow()
