from datetime import timedelta
from email.utils import format_datetime
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.backoff import (
    BASE,
    LONGEST,
    SHORTEST,
    read_retry_after,
    retry_delay,
    throttled_wait,
)
from tests.builders import NOW

SECOND = timedelta(seconds=1)


class Always(Random):
    """The same number again and again."""

    def __init__(self, number: float) -> None:
        super().__init__(0)
        self._number = number

    def random(self) -> float:
        return self._number


@pytest.mark.parametrize(("number", "ceiling"), [(1, 5), (2, 10), (3, 20), (12, 10_240)])
def test_the_ceiling_doubles_with_every_attempt(number: int, ceiling: int) -> None:
    assert retry_delay(number, None, Always(0.999999)) == pytest.approx(
        ceiling * SECOND, abs=ceiling * SECOND / 1_000
    )


def test_the_wait_is_anything_up_to_the_ceiling() -> None:
    random = Random(7)

    waits = [retry_delay(8, None, random).total_seconds() for _ in range(4_000)]

    assert mean(waits) == pytest.approx(BASE.total_seconds() * 2**7 / 2, rel=0.05)
    assert min(waits) < 10
    assert max(waits) > 630


def test_the_far_sides_wish_is_never_cut_short() -> None:
    assert retry_delay(1, timedelta(minutes=5), Always(0.0)) == timedelta(minutes=5)


def test_those_told_to_wait_alike_come_back_at_different_times() -> None:
    random = Random(7)

    waits = {retry_delay(1, timedelta(minutes=5), random) for _ in range(100)}

    assert len(waits) > 90
    assert max(waits) <= timedelta(minutes=5, seconds=30)


@pytest.mark.parametrize(
    ("times", "wait"), [(0, 1), (1, 5), (2, 15), (3, 35), (7, 360), (1_000, 360)]
)
def test_who_is_told_to_wait_again_and_again_waits_longer(times: int, wait: int) -> None:
    assert throttled_wait(SECOND, times) == wait * SECOND
    assert throttled_wait(3_600 * SECOND, times) == 3_600 * SECOND


def test_a_late_attempt_waits_longer_than_the_far_side_asks() -> None:
    assert retry_delay(12, SECOND, Always(0.5)) > timedelta(hours=1)


@given(
    number=st.integers(-3, 10_000),
    asked=st.none() | st.timedeltas(),
    seed=st.integers(),
)
def test_the_wait_is_never_absurd(number: int, asked: timedelta | None, seed: int) -> None:
    assert SHORTEST <= retry_delay(number, asked, Random(seed)) <= LONGEST


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", 7 * SECOND),
        (" 7 ", 7 * SECOND),
        ("1.5", 1.5 * SECOND),
        ("0", SHORTEST),
        ("-5", SHORTEST),
        ("-0.1", SHORTEST),
        ("43200", LONGEST),
        ("43201", LONGEST),
        ("9" * 5_000, LONGEST),
        (format_datetime(NOW + 90 * SECOND, usegmt=True), 90 * SECOND),
        (format_datetime(NOW - 90 * SECOND, usegmt=True), SHORTEST),
        ("Sun, 01 Mar 2026 12:01:00 -0000", 60 * SECOND),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
    ],
)
def test_a_wish_is_read_and_kept_within_bounds(header: str, wait: timedelta) -> None:
    assert read_retry_after(header, NOW) == wait


@pytest.mark.parametrize(
    "header",
    ["", "soon", "1e3", "inf", "nan", "٣", "0x10", "7 seconds", "Mon, 99 Foo 2026 99:99:99 GMT"],
)
def test_what_names_no_time_is_no_wish(header: str) -> None:
    assert read_retry_after(header, NOW) is None


@given(header=st.text())
def test_no_header_is_too_odd(header: str) -> None:
    wait = read_retry_after(header, NOW)

    assert wait is None or SHORTEST <= wait <= LONGEST
