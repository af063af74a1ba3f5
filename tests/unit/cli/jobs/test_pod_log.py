from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cli.jobs.cluster import MAX_LOG_LINE, ClusterError, ClusterUnavailable, byte_lines
from cli.jobs.pod_log import PodLogFollower, ReadLines

START = datetime(2026, 11, 28, 20, tzinfo=UTC)


class PrintedLog:
    """A log of which each opening shows more, and ends or breaks somewhere.

    `stops` are byte positions in the whole log up to which each opening reads; a negative one
    breaks there. The last opening reads everything.
    """

    def __init__(self, lines: list[tuple[datetime, bytes]], stops: list[int]) -> None:
        self.lines = lines
        self.stops = stops
        self.opened: list[datetime | None] = []

    def read(self, since: datetime | None) -> Iterator[bytes]:
        self.opened.append(since)
        floor = since.replace(microsecond=0) if since else START - timedelta(days=1)
        text = b"".join(
            f"{time:%Y-%m-%dT%H:%M:%S.%f}000Z ".encode() + line
            for time, line in self.lines
            if time >= floor
        )
        return byte_lines(self._chunks(text), MAX_LOG_LINE)

    def _chunks(self, text: bytes) -> Iterator[bytes]:
        stop = self.stops.pop(0) if self.stops else len(text) + 1
        yield text[: abs(stop)]
        if stop < 0:
            raise ClusterUnavailable("the connection was cut")

    def ended(self) -> bool:
        return not self.stops


def followed(log: PrintedLog) -> list[str]:
    shown: list[str] = []
    follower = PodLogFollower(
        read=log.read,
        started=lambda: True,
        ended=log.ended,
        add=shown.append,
        report=lambda _: None,
        pause=0.0,
    )
    follower.run()
    return shown


def printed(*texts: bytes, step: float = 0.3) -> list[tuple[datetime, bytes]]:
    return [
        (START + timedelta(seconds=index * step), text + b"\n") for index, text in enumerate(texts)
    ]


def test_a_log_is_shown_line_by_line() -> None:
    assert followed(PrintedLog(printed(b"one", b"", b"50%\r100%", b"\xff"), [])) == [
        "one",
        "",
        "100%",
        "\ufffd",
    ]


def test_a_log_is_read_again_from_the_second_before_the_last_line() -> None:
    log = PrintedLog(printed(*(b"%d" % number for number in range(20))), [-400])

    shown = followed(log)

    assert shown == [str(number) for number in range(20)]
    first, second = log.opened
    assert first is None
    assert second == START + timedelta(seconds=2)


def test_equal_lines_at_the_same_time_are_counted() -> None:
    same = [(START, b"tick\n")] * 5

    assert followed(PrintedLog(same, [-75, -110, 100])) == ["tick"] * 5


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([b"a", b"b", b""])), max_size=30),
    st.lists(st.integers(-1_500, 1_500), max_size=4),
)
def test_no_line_is_lost_or_repeated_wherever_the_connection_breaks(
    gaps: list[tuple[int, bytes]], stops: list[int]
) -> None:
    time, lines = START, []
    for gap, text in gaps:
        time += timedelta(milliseconds=400 * gap)
        lines.append((time, text + b"\n"))

    shown = followed(PrintedLog(lines, stops))

    assert shown == [text.decode() for _, text in gaps]


@given(st.lists(st.integers(-300_000, 300_000), max_size=3))
def test_a_line_of_any_length_is_shown_once(stops: list[int]) -> None:
    long = b"x" * (2 * MAX_LOG_LINE + 1_000)

    shown = followed(PrintedLog(printed(b"before", long, b"after"), stops))

    assert (shown[0], shown[-1]) == ("before", "after")
    assert "".join(shown[1:-1]) == long.decode()


def test_lines_of_two_streams_that_are_not_quite_in_order_are_all_shown() -> None:
    lines = [
        (START + timedelta(seconds=2.01), b"out\n"),
        (START + timedelta(seconds=1.99), b"err\n"),
    ]

    assert followed(PrintedLog(lines, [-35])) == ["out", "err"]


def test_what_is_remembered_of_lines_does_not_grow_with_their_length_and_number() -> None:
    long, many = ReadLines(), ReadLines()
    room = []

    for number in range(20):
        long.is_new(START, b"%d" % number + b"x" * MAX_LOG_LINE)
    for number in range(40_000):
        many.is_new(START, b"%d" % number)
        room.append(len(repr(many)) if number % 20_000 == 19_999 else 0)

    assert len(repr(long)) < 20 * 100
    assert room[-1] == room[19_999]


def test_of_more_lines_in_a_second_than_are_remembered_none_is_lost() -> None:
    count = 20_010
    lines = [(START, b"%d\n" % number) for number in range(count)]

    shown = followed(PrintedLog(lines, [-1_000_000]))

    assert set(shown) == {str(number) for number in range(count)}
    assert shown[-1] == str(count - 1)


def test_the_last_line_is_shown_without_its_end() -> None:
    lines = [*printed(b"one"), (START + timedelta(seconds=9), b"no end")]

    assert followed(PrintedLog(lines, [-60])) == ["one", "no end"]


def test_what_the_kubelet_adds_is_not_of_the_container() -> None:
    class Rotated(PrintedLog):
        def _chunks(self, text: bytes) -> Iterator[bytes]:
            yield b"unable to retrieve container logs for containerd://1\n"
            yield from super()._chunks(text)

    assert followed(Rotated(printed(b"one"), [])) == ["one"]


def test_a_log_of_a_container_that_has_not_started_is_asked_for_later() -> None:
    errors: list[str] = []
    shown: list[str] = []
    answers: list[ClusterError | None] = [
        ClusterError(400, "container is waiting to start"),
        ClusterError(403, "pods/log is forbidden"),
        None,
    ]

    def read(_: datetime | None) -> Iterator[bytes]:
        answer = answers.pop(0)
        if answer:
            raise answer
        return iter([b"2026-11-28T20:00:00Z one\n"])

    PodLogFollower(
        read=read,
        started=lambda: True,
        ended=lambda: len(answers) == 1,
        add=shown.append,
        report=errors.append,
        pause=0.0,
    ).run()

    assert shown == ["one"]
    assert errors == ["pods/log is forbidden"]


def test_a_connection_that_breaks_is_reported_only_if_the_next_one_fails_as_well() -> None:
    errors: list[str] = []
    openings = iter([[b"2026-11-28T20:00:00Z one\n"], [b"2026-11-28T20:00:01Z two\n"], [], []])
    left = [4]

    def read(_: datetime | None) -> Iterator[bytes]:
        yield from next(openings)
        left[0] -= 1
        if left[0]:
            raise ClusterUnavailable(f"{left[0]} openings are left")

    PodLogFollower(
        read=read,
        started=lambda: True,
        ended=lambda: left[0] == 1,
        add=lambda _: None,
        report=errors.append,
        pause=0.0,
    ).run()

    assert errors == ["1 openings are left"]


def test_a_log_whose_pod_is_gone_has_ended() -> None:
    def read(_: datetime | None) -> Iterator[bytes]:
        raise ClusterError(404, "not found")

    follower = PodLogFollower(
        read=read,
        started=lambda: True,
        ended=lambda: False,
        add=lambda _: None,
        report=lambda _: None,
    )

    follower.run()

    assert follower.wait(0)
    assert follower.last_line == ""
