from collections.abc import Sequence
from threading import Event, Thread

import pytest

from cli.api_client import ApiUnavailable
from cli.work.log_upload import LogUploader
from signalbox.http.schemas.logs import AppendLogResponse

LINES = [str(number) for number in range(10)]


class FakeLog:
    """A log that is away until `back` is set."""

    def __init__(self) -> None:
        self.back = Event()
        self.lines: list[str] = []

    def append(self, first: int, lines: Sequence[str]) -> AppendLogResponse:
        if not self.back.is_set():
            raise ApiUnavailable("away")
        assert first == len(self.lines) + 1
        self.lines.extend(lines)
        return AppendLogResponse(stored=len(lines), lines_left=1, bytes_left=1)


@pytest.fixture(autouse=True)
def room_for_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.work.log_upload._MAX_PENDING", 4)
    monkeypatch.setattr("cli.work.log_upload._FULL_SECONDS", 0.001)


def test_who_prints_waits_for_a_lossless_log_that_is_away() -> None:
    log = FakeLog()
    waited = Event()

    def print_all() -> None:
        for line in LINES:
            uploader.add(line)
        waited.set()

    with LogUploader(append=log.append, pause=0.001, lossless=True) as uploader:
        Thread(target=print_all, daemon=True).start()
        in_time = waited.wait(0.05)
        log.back.set()
        assert waited.wait(10)

    uploader.flush(until=0)
    assert not in_time
    assert log.lines == LINES


def test_who_prints_does_not_wait_for_a_log_that_has_ended() -> None:
    with LogUploader(append=FakeLog().append, pause=0.001, lossless=True) as uploader:
        pass

    for line in LINES:
        uploader.add(line)
