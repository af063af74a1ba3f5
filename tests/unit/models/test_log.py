from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.errors import LeaseLost, LogGap
from signalbox.models.log import (
    LOG_BYTES,
    LOG_FULL,
    LOG_LINES,
    Batch,
    Chunk,
    LogLine,
    log_expires_at,
    next_chunk,
)
from tests.builders import NOW

DAY = timedelta(days=1)


def a_batch(*lines: str, seq: int = 1, fence: int = 1) -> Batch:
    return Batch(seq=seq, attempt=fence, fence=fence, lines=lines)


def a_chunk(batch: Batch, last: Chunk | None = None) -> Chunk:
    made = next_chunk(last, batch, NOW)
    assert made
    return made


def texts(chunks: Sequence[Chunk]) -> list[str]:
    lines: list[LogLine] = [line for chunk in chunks for line in chunk.behind(0)]
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    return [line.text for line in lines]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=20))
def test_however_batches_overlap_every_line_is_kept_once_and_in_order(
    sends: list[tuple[int, int]],
) -> None:
    chunks: list[Chunk] = []
    sent = 0
    for back, count in sends:
        first = max(1, sent + 1 - back)
        lines = [str(number) for number in range(first, first + count)]
        made = next_chunk(chunks[-1] if chunks else None, a_batch(*lines, seq=first), NOW)
        chunks += [made] if made else []
        sent = max(sent, first + count - 1)

    assert texts(chunks) == [str(number) for number in range(1, sent + 1)]


def test_a_batch_that_leaves_lines_out_is_refused_and_told_what_is_missing() -> None:
    last = a_chunk(a_batch("a", "b"))

    with pytest.raises(LogGap, match="seq 3"):
        next_chunk(last, a_batch("e", seq=5), NOW)
    with pytest.raises(LogGap, match="seq 1"):
        next_chunk(None, a_batch("b", seq=2), NOW)


def test_the_next_lease_counts_from_one_and_its_lines_stand_behind() -> None:
    first = a_chunk(a_batch("a", "b"))

    second = a_chunk(a_batch("c", fence=2), first)

    assert texts([first, second]) == ["a", "b", "c"]
    assert [line.attempt for line in second.behind(0)] == [2]


def test_an_earlier_lease_is_refused_once_the_next_has_spoken() -> None:
    last = a_chunk(a_batch("a", fence=2))

    with pytest.raises(LeaseLost):
        next_chunk(last, a_batch("b", fence=1), NOW)


def test_what_looks_like_a_secret_is_masked() -> None:
    chunk = a_chunk(a_batch("token: ghp_abcdefgh12345678"))

    assert chunk.lines == ("token: [masked]",)


def test_it_is_told_which_lines_are_not_as_they_were_sent() -> None:
    chunk = a_chunk(a_batch("fine", "token: ghp_abcdefgh12345678", "[masked]"))

    assert [line.masked for line in chunk.behind(0)] == [False, True, False]
    assert Chunk.model_validate_json(chunk.model_dump_json()) == chunk


def test_the_last_line_of_a_log_of_too_many_lines_says_so() -> None:
    nearly = a_chunk(a_batch("a")).model_copy(update={"first": LOG_LINES - 2})

    last = a_chunk(a_batch("b", "c", "d", seq=2), nearly)

    assert last.lines == ("b", LOG_FULL)
    assert (last.last, last.full) == (LOG_LINES, True)
    assert next_chunk(last, a_batch("e", seq=99), NOW) is None


def test_the_last_line_of_a_log_of_too_many_bytes_says_so() -> None:
    nearly = a_chunk(a_batch("a")).model_copy(update={"size": LOG_BYTES - 1})

    last = a_chunk(a_batch("b", seq=2), nearly)

    assert last.lines == ("b", LOG_FULL)
    assert next_chunk(last, a_batch("c", seq=3), NOW) is None


@pytest.mark.parametrize(
    ("retention", "kept"), [(3_600, 7 * DAY), (30 * 86_400, 30 * DAY), (0, None)]
)
def test_a_chunk_is_kept_as_long_as_its_task_but_for_a_week_at_least(
    retention: int, kept: timedelta | None
) -> None:
    assert log_expires_at(NOW, retention) == (NOW + kept if kept else None)
