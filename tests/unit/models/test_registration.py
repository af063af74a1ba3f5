from datetime import timedelta

import pytest
from pydantic import ValidationError

from signalbox.models.registration import (
    Registration,
    extend_registration,
    new_registration,
    with_registered,
)
from signalbox.models.upstream import Instance
from tests.builders import NOW

SECOND = timedelta(seconds=1)
INSTANCE = Instance(id="a", url="http://a.internal:8080")
MOVED = Instance(id="a", url="http://b.internal:8080", weight=5)


def test_a_registration_ends_with_its_time_to_live() -> None:
    registration = new_registration(INSTANCE, 30, NOW)

    assert registration.is_live(NOW + 29 * SECOND)
    assert not registration.is_live(NOW + 30 * SECOND)


def test_a_heartbeat_extends_it_and_may_change_the_instance() -> None:
    registration = new_registration(INSTANCE, 30, NOW)

    extended = extend_registration(registration, MOVED, 60, NOW + 20 * SECOND)

    assert extended.instance == MOVED
    assert extended.registered_at == NOW
    assert extended.expires_at == NOW + 80 * SECOND


def test_a_heartbeat_that_comes_too_late_begins_anew() -> None:
    registration = new_registration(INSTANCE, 30, NOW).model_copy(update={"version": 4})

    again = extend_registration(registration, INSTANCE, 30, NOW + 30 * SECOND)

    assert again.registered_at == NOW + 30 * SECOND
    assert again.version == 4


@pytest.mark.parametrize("seconds", [0, 9, 3_601])
def test_a_time_to_live_is_between_ten_seconds_and_an_hour(seconds: int) -> None:
    with pytest.raises(ValidationError):
        Registration(instance=INSTANCE, ttl_seconds=seconds, registered_at=NOW, expires_at=NOW)


def test_a_configured_instance_is_not_replaced_by_one_that_registers_its_id() -> None:
    other = Instance(id="b", url="http://b.internal:8080")
    registrations = [new_registration(each, 30, NOW) for each in (MOVED, other)]

    assert set(map(str, with_registered([INSTANCE], registrations))) == {str(INSTANCE), str(other)}
