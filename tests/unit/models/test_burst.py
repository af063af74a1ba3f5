"""The slots of a burst cap."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from signalbox.models.burst import MAX_SLOT_WAIT, BurstCap, BurstWindow
from tests.builders import NOW, a_source

SECOND = timedelta(seconds=1)


def slots(cap: BurstCap, *after: float) -> list[float]:
    """The slots, in seconds from now, of deliveries that arrive after so many seconds."""
    arrival, found = 0, []
    for seconds in after:
        now = NOW + seconds * SECOND
        arrival = cap.arrival_after(arrival, now)
        found.append((cap.slot(arrival, now) - NOW).total_seconds())
    return found


def test_a_burst_up_to_the_cap_is_interpreted_at_once_and_the_rest_at_its_rate() -> None:
    assert slots(BurstCap(rate=2), *[0] * 6) == [0, 0, 0.5, 1, 1.5, 2]


def test_a_delivery_that_arrives_while_others_wait_takes_its_slot_behind_them() -> None:
    assert slots(BurstCap(rate=1), 0, 0, 0, 1) == [0, 1, 2, 3]


def test_after_a_pause_a_whole_burst_fits_again() -> None:
    assert slots(BurstCap(rate=2), 0, 0, 10, 10, 10) == [0, 0, 10, 10, 10.5]


@pytest.mark.parametrize(("per", "wait"), [("second", 0.1), ("minute", 6), ("hour", 360)])
def test_the_rate_refers_to_its_window(per: str, wait: float) -> None:
    assert slots(BurstCap(rate=10, per=BurstWindow(per)), *[0] * 11)[-1] == wait


def test_no_slot_is_so_late_that_the_delivery_would_expire_first() -> None:
    cap = BurstCap(rate=1, per=BurstWindow.HOUR)

    assert slots(cap, *[0] * 30)[-1] == MAX_SLOT_WAIT.total_seconds()


@given(
    rate=st.integers(1, 50),
    gaps=st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=60),
)
def test_slots_keep_the_order_of_arrival_and_never_exceed_the_rate(
    rate: int, gaps: list[float]
) -> None:
    times = [sum(gaps[: number + 1]) for number in range(len(gaps))]

    found = slots(BurstCap(rate=rate), *times)

    assert found == sorted(found)
    # at once and then at the rate: a window of a second has at most twice as many
    for first, slot in enumerate(found):
        assert sum(slot <= other < slot + 1 for other in found[first:]) <= 2 * rate


@pytest.mark.parametrize("cap", [{"rate": 0}, {"rate": 1, "per": "day"}, {"per": "second"}])
def test_a_cap_that_makes_no_sense_is_refused(cap: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        a_source(burst=cap)


def test_a_cap_is_read_as_people_say_it() -> None:
    assert str(BurstCap(rate=20)) == "20 per second"
