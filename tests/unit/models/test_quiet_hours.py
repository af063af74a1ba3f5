from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from signalbox.models.quiet_hours import QuietHours


def quiet(**fields: object) -> QuietHours:
    usual = {"from": "22:00", "to": "07:00", "timezone": "Europe/Berlin"}
    return QuietHours.model_validate(usual | fields, strict=False)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-27T20:59", None),
        ("2026-11-27T21:00", "2026-11-28T06:00"),
        ("2026-11-28T05:59", "2026-11-28T06:00"),
        ("2026-11-28T06:00", None),
        # in summer the same clock is an hour earlier in UTC
        ("2026-07-01T20:00", "2026-07-02T05:00"),
    ],
)
def test_a_quiet_time_goes_over_midnight_in_its_time_zone(now: str, end: str | None) -> None:
    assert quiet().until(at(now)) == (at(end) if end else None)


@pytest.mark.parametrize(
    ("times", "now", "end"),
    [
        # the clock goes from 02:00 to 03:00 on 29 March: the night is an hour shorter
        ({}, "2026-03-28T22:00", "2026-03-29T05:00"),
        ({"to": "02:30"}, "2026-03-29T00:30", "2026-03-29T01:30"),
        ({"from": "02:30"}, "2026-03-29T01:15", None),
        ({"from": "02:30"}, "2026-03-29T01:30", "2026-03-29T05:00"),
        ({"from": "02:15", "to": "02:45"}, "2026-03-29T01:20", "2026-03-29T01:45"),
        # it goes from 03:00 to 02:00 on 25 October: half past two is there twice
        ({}, "2026-10-24T21:00", "2026-10-25T06:00"),
        ({"to": "02:30"}, "2026-10-25T00:45", "2026-10-25T01:30"),
        ({"from": "02:30"}, "2026-10-25T00:30", "2026-10-25T06:00"),
    ],
)
def test_a_quiet_time_holds_when_the_clock_is_set(
    times: dict[str, object], now: str, end: str | None
) -> None:
    assert quiet(**times).until(at(now)) == (at(end) if end else None)


def test_the_day_is_that_on_which_the_time_begins() -> None:
    fridays = quiet(days=("fri",))

    assert fridays.until(at("2026-11-28T01:00")) == at("2026-11-28T06:00")  # Saturday, by night
    assert fridays.until(at("2026-11-28T23:00")) is None


def test_quiet_times_that_follow_each_other_are_one() -> None:
    weekend = quiet(**{"from": "00:00", "to": "00:00"}, days=("sat", "sun"))

    assert weekend.until(at("2026-11-28T12:00")) == at("2026-11-29T23:00")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"from": "24:00"}, "expects a time of the day"),
        ({"from": "7:00"}, "expects a time of the day"),
        ({"to": "22:00"}, "never ends"),
        ({"days": ()}, "at least 1 item"),
        ({"except": ("fatal",)}, "Input should be"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused(fields: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        quiet(**fields)


def test_a_time_zone_that_nobody_knows_is_an_error() -> None:
    for name in ("Europe/Berlyn", "../../etc/passwd", "\0", "Europe"):
        with pytest.raises(ValueError, match="is no time zone"):
            quiet(timezone=name).until(at("2026-11-28T12:00"))


def test_it_is_stored_by_the_names_that_operators_write() -> None:
    stored = quiet(**{"except": ("failed", "high")}).model_dump_json()

    assert '"from":"22:00","to":"07:00"' in stored
    assert QuietHours.model_validate_json(stored) == quiet(**{"except": ("failed", "high")})
