"""When cron expressions match, also where the clock is changed."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.cron import Cron, CronInvalid

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
ZONES = (BERLIN, NEW_YORK, "Australia/Lord_Howe", "Pacific/Chatham", "UTC")
CHANGES = tuple(
    datetime.fromisoformat(f"{at}:00Z")
    for at in ("2026-03-29T01", "2026-10-25T01", "2026-03-08T07", "2026-11-01T06", "2026-04-04T15")
)


def times(cron: str, timezone: str, after: str, count: int = 3) -> list[str]:
    """The next times, each as it is in the zone of the expression."""
    found = Cron(expression=cron, timezone=timezone).after(datetime.fromisoformat(after))
    return [f"{at:%m-%dT%H:%MZ}" for at in islice(found, count)]


@pytest.mark.parametrize(
    ("cron", "timezone", "after", "expected"),
    [
        ("0 7 * * *", BERLIN, "2026-01-10T06:00Z", ["01-11T06:00Z", "01-12T06:00Z"]),
        ("0 7 * * *", BERLIN, "2026-07-10T04:59Z", ["07-10T05:00Z", "07-11T05:00Z"]),
        ("0 7 * * MON-FRI", "UTC", "2026-03-06T08:00Z", ["03-09T07:00Z", "03-10T07:00Z"]),
        ("*/20 * * * *", "UTC", "2026-03-06T08:00Z", ["03-06T08:20Z", "03-06T08:40Z"]),
        ("0 0 29 FEB *", "UTC", "2026-03-06T08:00Z", ["02-29T00:00Z", "02-29T00:00Z"]),
        ("0 0 L * *", "UTC", "2026-02-06T08:00Z", ["02-28T00:00Z", "03-31T00:00Z"]),
    ],
)
def test_an_expression_matches_in_its_time_zone(
    cron: str, timezone: str, after: str, expected: list[str]
) -> None:
    assert times(cron, timezone, after, 2) == expected


@pytest.mark.parametrize(
    ("timezone", "day", "expected"),
    [
        (BERLIN, "2026-03-28T12:00Z", ["03-29T01:00Z", "03-30T00:30Z"]),
        (NEW_YORK, "2026-03-07T12:00Z", ["03-08T07:00Z", "03-09T06:30Z"]),
    ],
)
def test_a_time_that_is_skipped_counts_as_the_first_minute_after_the_gap(
    timezone: str, day: str, expected: list[str]
) -> None:
    assert times("30 2 * * *", timezone, day, 2) == expected


@pytest.mark.parametrize(
    ("timezone", "day", "cron", "expected"),
    [
        (BERLIN, "2026-10-24T12:00Z", "30 2 * * *", ["10-25T00:30Z", "10-26T01:30Z"]),
        (NEW_YORK, "2026-10-31T12:00Z", "30 1 * * *", ["11-01T05:30Z", "11-02T06:30Z"]),
    ],
)
def test_a_time_that_is_repeated_counts_the_first_time(
    timezone: str, day: str, cron: str, expected: list[str]
) -> None:
    assert times(cron, timezone, day, 2) == expected


def test_what_runs_every_half_hour_follows_the_clock_through_a_repeated_hour() -> None:
    found = times("*/30 2 * * *", BERLIN, "2026-10-25T00:00Z", 4)

    assert found == ["10-25T00:30Z", "10-25T01:00Z", "10-25T01:30Z", "10-26T01:00Z"]


def test_what_runs_every_half_hour_of_a_skipped_hour_does_not_run_on_that_day() -> None:
    assert times("*/30 2 * * *", BERLIN, "2026-03-28T12:00Z", 1) == ["03-30T00:00Z"]


def test_what_runs_every_hour_runs_in_every_hour_of_a_day_with_25() -> None:
    cron = Cron(expression="0 * * * *", timezone=BERLIN)

    found = list(islice(cron.after(datetime(2026, 10, 24, 21, 30, tzinfo=UTC)), 25))

    assert {after - before for before, after in pairwise(found)} == {timedelta(hours=1)}


@pytest.mark.parametrize(
    ("cron", "reason"),
    [
        ("0 7 * *", "five fields"),
        ("0 0 7 * * *", "five fields"),
        ("@daily", "five fields"),
        ("60 7 * * *", "no cron expression: bad minute"),
        ("0 7 * * FUNDAY", "no cron expression: bad day-of-week"),
        ("0 0 31 2 *", "no cron expression: bad day-of-month"),
    ],
)
def test_an_expression_that_is_none_is_refused(cron: str, reason: str) -> None:
    with pytest.raises(CronInvalid, match=reason):
        Cron(expression=cron, timezone="UTC").check()


def test_a_time_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="is no time zone"):
        Cron(expression="0 7 * * *", timezone="Europe/Atlantis").check()


def fields(first: int, last: int) -> st.SearchStrategy[str]:
    """One field of an expression."""
    values = st.lists(st.integers(first, last), min_size=1, max_size=3)
    steps = st.integers(1, 7).map(lambda step: f"*/{step}")
    return st.one_of(st.just("*"), steps, values.map(lambda them: ",".join(map(str, them))))


@given(
    expression=st.tuples(fields(0, 59), fields(0, 4), fields(1, 31), st.just("*"), fields(0, 6)),
    zone=st.sampled_from(ZONES),
    change=st.sampled_from(CHANGES),
    before=st.integers(0, 300),
    behind=st.integers(0, 300),
)
def test_the_times_of_a_span_are_the_same_from_either_end(
    expression: tuple[str, ...],
    zone: str,
    change: datetime,
    before: int,
    behind: int,
) -> None:
    cron = Cron(expression=" ".join(expression), timezone=zone)
    first, last = change - timedelta(minutes=before), change + timedelta(minutes=behind)

    forward = list(takewhile(lambda at: at <= last, cron.after(first)))
    backward = list(takewhile(lambda at: at > first, cron.until(last)))

    assert forward == sorted(set(forward)) == backward[::-1]
