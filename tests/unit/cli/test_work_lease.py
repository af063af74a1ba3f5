from collections.abc import Sequence
from threading import Event

import pytest

from cli.api_client import ApiError, ApiUnavailable
from cli.errors import CommandError
from cli.work.lease import LeaseRenewer, StopReason
from signalbox.http.schemas.work import HeartbeatRequest, HeartbeatResponse, LeaseRequest
from signalbox.models.ids import LeaseId, TaskId
from signalbox.services.tasks.leases import HeartbeatAction

TASK = TaskId("tsk_one")


class FakeBeats:
    """Answers one after the other; after them every beat gets through."""

    def __init__(self, *answers: HeartbeatResponse | CommandError) -> None:
        self.response_model = list(answers)
        self.beats: list[HeartbeatRequest] = []
        self.timeout: list[float] = []
        self.beaten = Event()

    def heartbeat(self, task: TaskId, beat: HeartbeatRequest, timeout: float) -> HeartbeatResponse:
        assert task == TASK
        self.beats.append(beat)
        self.timeout.append(timeout)
        self.beaten.set()
        answer = (
            self.response_model.pop(0)
            if self.response_model
            else HeartbeatResponse(action=HeartbeatAction.CONTINUE)
        )
        if isinstance(answer, CommandError):
            raise answer
        return answer


class Time:
    """A monotonic clock."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def keeper(beats: FakeBeats, clock: Time, seconds: int = 60, progress: str = "") -> LeaseRenewer:
    return LeaseRenewer(
        api=beats,
        task=TASK,
        lease=LeaseRequest(lease_id=LeaseId("lse_one"), fence=3),
        seconds=seconds,
        since=clock(),
        progress=lambda: progress,
        monotonic=clock,
    )


def after(
    seconds: Sequence[float], *answers: HeartbeatResponse | CommandError
) -> StopReason | None:
    """Why to stop when a beat went out after each of these seconds."""
    clock = Time()
    kept = keeper(FakeBeats(*answers), clock)
    for moment in seconds:
        clock.now = 100.0 + moment
        try:
            kept.beat()
        except CommandError:
            continue
    return kept.must_stop()


def test_a_beat_asks_for_the_whole_lease_again_and_tells_the_progress() -> None:
    beats = FakeBeats()

    keeper(beats, Time(), progress="half way").beat()

    (beat,) = beats.beats
    assert (beat.lease_id, beat.fence, beat.lease_seconds) == ("lse_one", 3, 60)
    assert beat.progress == "half way"


def test_a_long_progress_is_cut_and_none_is_left_out() -> None:
    beats = FakeBeats()

    keeper(beats, Time(), progress="x" * 600).beat()
    keeper(beats, Time()).beat()

    assert len(beats.beats[0].progress or "") == 500
    assert beats.beats[1].progress is None


def test_work_goes_on_while_beats_get_through() -> None:
    assert after([20, 40, 60, 80]) is None


def test_work_stops_where_no_beat_got_through_for_two_thirds_of_the_lease() -> None:
    away = ApiUnavailable("not there")

    assert after([20], away) is None
    assert after([20, 39.9], away, away) is None
    assert after([20, 40], away, away) is StopReason.UNHEARD


def test_the_two_thirds_count_from_the_last_beat_that_got_through() -> None:
    away = ApiUnavailable("not there")
    through = HeartbeatResponse(action=HeartbeatAction.CONTINUE)

    assert after([20, 40, 59], through, away, away) is None
    assert after([20, 40, 60], through, away, away) is StopReason.UNHEARD


def test_a_beat_counts_from_when_it_was_sent() -> None:
    clock = Time()

    class Slow(FakeBeats):
        def heartbeat(
            self, task: TaskId, beat: HeartbeatRequest, timeout: float
        ) -> HeartbeatResponse:
            clock.now += 15
            return super().heartbeat(task, beat, timeout)

    kept = keeper(Slow(), clock)
    kept.beat()

    assert kept.expires_at == 160.0


@pytest.mark.parametrize("status", [404, 409])
def test_a_lease_that_is_lost_stops_the_work(status: int) -> None:
    assert after([20], ApiError(status, "lease_lost")) is StopReason.LOST


def test_another_refusal_does_not_stop_the_work_at_once() -> None:
    assert after([20], ApiError(429, "too_many_requests")) is None


def test_a_cancelled_task_stops_the_work() -> None:
    assert after([20], HeartbeatResponse(action=HeartbeatAction.CANCEL)) is StopReason.CANCELLED


@pytest.mark.parametrize(("seconds", "timeout"), [(10, 2.0), (30, 5.0), (43_200, 10.0)])
def test_a_beat_is_not_waited_for_longer_than_the_lease_allows(
    seconds: int, timeout: float
) -> None:
    beats = FakeBeats()

    keeper(beats, Time(), seconds=seconds).beat()

    assert beats.timeout == [timeout]


def test_beats_go_out_by_themselves_until_the_end() -> None:
    beats = FakeBeats()
    kept = LeaseRenewer(
        api=beats,
        task=TASK,
        lease=LeaseRequest(lease_id=LeaseId("lse_one"), fence=3),
        seconds=10,
        since=0.0,
        progress=lambda: "",
        pause=0.02,
    )

    with kept:
        assert beats.beaten.wait(5)
    count = len(beats.beats)

    assert not Event().wait(0.1)
    assert len(beats.beats) == count
