from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalbox.models.health_check import HealthCheck, OutlierDetection
from signalbox.models.instance_health import (
    CheckResult,
    HealthEvent,
    InstanceHealth,
    ServiceHealth,
    apply_check,
    available_instances,
    eject,
    sync_instances,
)
from signalbox.models.upstream import Instance
from tests.builders import NOW

SECOND = timedelta(seconds=1)
IDS = ["a", "b", "c", "d"]
CHECK = HealthCheck(healthy_threshold=2, unhealthy_threshold=3)
RULES = OutlierDetection(ejection_seconds=30)
SLOW_START = timedelta(seconds=60)
LONG_AGO = NOW - timedelta(hours=1)
SETTLED = sync_instances(ServiceHealth(), IDS, LONG_AGO)

Step = tuple[str, str]
"""What happens, and to which instance."""

STEPS = st.lists(
    st.tuples(st.sampled_from(["eject", "pass", "fail", "wait", "sync"]), st.sampled_from(IDS)),
    max_size=40,
)


def some(ids: Sequence[str]) -> list[Instance]:
    return [Instance(id=each, url=f"http://{each}.internal") for each in ids]


def check(health: ServiceHealth, story: str, instance: str = "a") -> ServiceHealth:
    """A check for each letter; `x` is one that failed."""
    for letter in story:
        result = CheckResult(instance=instance, passed=letter != "x", reason="status 500")
        health = apply_check(health, result, CHECK, NOW)
    return health


def available(health: ServiceHealth, now: datetime = NOW, ids: Sequence[str] = IDS) -> list[str]:
    return [each.id for each in available_instances(some(ids), health, now, SLOW_START).instances]


def events(health: ServiceHealth) -> list[tuple[str, HealthEvent]]:
    return [(change.instance, change.event) for change in health.history]


def after(steps: Sequence[Step], ids: Sequence[str]) -> tuple[ServiceHealth, datetime]:
    """The health and the time after these steps."""
    health, now = ServiceHealth(), NOW
    for step, instance in steps:
        now += timedelta(seconds=20 if step == "wait" else 1)
        if step == "eject":
            health = eject(health, instance, ids, RULES, now)
        elif step == "sync":
            health = sync_instances(health, ids, now)
        else:
            result = CheckResult(instance=instance, passed=step == "pass")
            health = apply_check(health, result, CHECK, now)
    return health, now


@pytest.mark.parametrize(
    ("story", "healthy"),
    [
        ("", True),
        ("xx", True),
        ("xxx", False),
        ("xx.xx", True),
        ("xxx.", False),
        ("xxx..", True),
        ("xxx.x.", False),
    ],
)
def test_the_health_changes_after_enough_equal_checks_in_a_row(
    story: str, *, healthy: bool
) -> None:
    health = check(SETTLED, story)

    assert health.by_id["a"].healthy is healthy
    assert ("a" in available(health)) is healthy


def test_checks_that_change_nothing_leave_the_record_as_it_is() -> None:
    healthy, unhealthy = check(SETTLED, ".."), check(SETTLED, "xxx")

    assert check(healthy, ".") == healthy
    assert check(unhealthy, "x") == unhealthy


def test_a_check_of_an_unknown_instance_is_ignored() -> None:
    assert check(SETTLED, "xxx", "z") == SETTLED


def test_every_change_is_in_the_history_newest_first_with_its_reason() -> None:
    health = sync_instances(ServiceHealth(), ["a"], LONG_AGO)
    health = check(health, "xxx..")
    health = sync_instances(health, ["b"], NOW)

    assert events(health) == [
        ("b", HealthEvent.ADDED),
        ("a", HealthEvent.REMOVED),
        ("a", HealthEvent.HEALTHY),
        ("a", HealthEvent.UNHEALTHY),
        ("a", HealthEvent.ADDED),
    ]
    assert health.history[3].reason == "status 500"


def test_the_history_is_bounded() -> None:
    health = SETTLED
    for _ in range(60):
        health = check(health, "xxx..")

    assert len(health.history) == 50
    assert ServiceHealth.model_validate_json(health.model_dump_json()) == health


def test_a_reason_is_cut_and_never_refused() -> None:
    result = CheckResult(instance="a", passed=False, reason="x" * 5_000)

    health = apply_check(SETTLED, result, CHECK.model_copy(update={"unhealthy_threshold": 1}), NOW)

    assert health.history[0].reason == "x" * 200


def test_an_ejected_instance_is_not_chosen_until_it_returns() -> None:
    health = eject(SETTLED, "a", IDS, RULES, NOW)

    assert available(health) == ["b", "c", "d"]
    assert available(health, NOW + 29 * SECOND) == ["b", "c", "d"]
    assert available(health, NOW + 30 * SECOND) == IDS


def test_an_instance_that_returned_is_recorded_once() -> None:
    health = eject(SETTLED, "a", IDS, RULES, NOW)

    for seconds in (29, 31, 60):
        health = sync_instances(health, IDS, NOW + seconds * SECOND)

    assert events(health)[:2] == [("a", HealthEvent.RETURNED), ("a", HealthEvent.EJECTED)]
    assert health.history[0].at == NOW + 30 * SECOND
    assert health.by_id["a"].returned_at == NOW + 30 * SECOND


@pytest.mark.parametrize("synced", [False, True])
def test_each_ejection_soon_after_another_lasts_twice_as_long_up_to_five_minutes(
    *, synced: bool
) -> None:
    health, now, times = SETTLED, NOW, []
    for _ in range(6):
        health = eject(health, "a", IDS, RULES, now)
        until = health.by_id["a"].ejected_until
        assert until
        times.append((until - now).total_seconds())
        now = until
        health = sync_instances(health, IDS, now) if synced else health

    health = eject(health, "a", IDS, RULES, now + timedelta(minutes=11))
    times.append(30 if health.by_id["a"].ejections == 1 else 0)

    assert times == [30, 60, 120, 240, 300, 300, 30]


@pytest.mark.parametrize(("count", "ejected"), [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)])
def test_at_most_half_of_the_instances_are_ejected(count: int, ejected: int) -> None:
    ids = [f"i{number}" for number in range(count)]
    health = ServiceHealth()

    for each in ids:
        health = eject(health, each, ids, RULES, NOW)

    assert sum(record.is_ejected(NOW) for record in health.instances) == ejected
    assert len(available(health, ids=ids)) == count - ejected


def test_no_instance_is_ejected_while_half_of_them_are_unhealthy() -> None:
    health = check(check(SETTLED, "xxx", "a"), "xxx", "b")

    assert eject(health, "c", IDS, RULES, NOW) == health


def test_an_unhealthy_or_ejected_instance_is_not_ejected_again() -> None:
    unhealthy, ejected = check(SETTLED, "xxx"), eject(SETTLED, "a", IDS, RULES, NOW)

    assert eject(unhealthy, "a", IDS, RULES, NOW) == unhealthy
    assert eject(ejected, "a", IDS, RULES, NOW + SECOND) == ejected


def test_ejections_beyond_half_are_disregarded_when_instances_have_left() -> None:
    health = eject(SETTLED, "a", IDS, RULES, NOW)
    health = eject(health, "b", IDS, RULES, NOW + SECOND)

    assert available(health, NOW + SECOND, ["a", "b"]) == ["a"]
    assert available(health, NOW + SECOND, ["a"]) == ["a"]


def test_when_all_are_unhealthy_all_are_used() -> None:
    health = SETTLED
    for each in IDS:
        health = check(health, "xxx", each)

    found = available_instances(some(IDS), health, NOW, SLOW_START)

    assert found.panic
    assert [each.id for each in found.instances] == IDS
    assert found.shares == {}


def test_without_instances_there_is_no_panic() -> None:
    found = available_instances([], SETTLED, NOW, SLOW_START)

    assert (found.instances, found.panic) == ((), False)


def test_a_new_instance_starts_with_a_growing_share() -> None:
    health = sync_instances(SETTLED, [*IDS, "e"], NOW)
    instances = some([*IDS, "e"])

    shares = [
        available_instances(instances, health, NOW + seconds * SECOND, SLOW_START).shares
        for seconds in (-5, 0, 15, 30, 60)
    ]

    assert shares == [{"e": 0.1}, {"e": 0.1}, {"e": 0.25}, {"e": 0.5}, {}]


@pytest.mark.parametrize("synced", [False, True])
def test_an_instance_that_returned_or_recovered_starts_slowly(*, synced: bool) -> None:
    health = eject(SETTLED, "a", IDS, RULES, NOW)
    recovered = check(SETTLED, "xxx..")
    now = NOW + 45 * SECOND
    health = sync_instances(health, IDS, now) if synced else health

    assert available_instances(some(IDS), health, now, SLOW_START).shares == {"a": 0.25}
    assert available_instances(some(IDS), recovered, now, SLOW_START).shares == {"a": 0.75}


@pytest.mark.parametrize("synced", [False, True])
def test_an_instance_that_registered_itself_starts_slowly_from_then_on(*, synced: bool) -> None:
    started = {"e": NOW}
    ids = [*IDS, "e"]
    late = NOW + 15 * SECOND
    health = sync_instances(SETTLED, ids, late, started) if synced else SETTLED

    found = available_instances(some(ids), health, late, SLOW_START, started)

    assert found.shares == {"e": 0.25}


def test_without_a_slow_start_every_instance_has_its_weight_at_once() -> None:
    health = sync_instances(ServiceHealth(), IDS, NOW)

    assert available_instances(some(IDS), health, NOW, timedelta()).shares == {}


def test_the_records_of_instances_that_come_and_go_are_bounded() -> None:
    health = ServiceHealth(
        instances=tuple(InstanceHealth(id=f"old-{number}", since=NOW) for number in range(200))
    )

    health = eject(health, "a", IDS, RULES, NOW)

    assert len(health.instances) == 200
    assert "a" in health.by_id


@settings(deadline=None)
@given(steps=STEPS, count=st.integers(1, 4))
def test_at_most_half_are_ejected_whatever_happens(steps: list[Step], count: int) -> None:
    ids = IDS[:count]
    health, now = after([step for step in steps if step[1] in ids], ids)

    assert sum(record.is_ejected(now) for record in health.instances) <= count // 2


@settings(deadline=None)
@given(steps=STEPS, there=st.sets(st.sampled_from(IDS), min_size=1))
def test_some_instance_is_available_while_there_is_one(steps: list[Step], there: set[str]) -> None:
    health, now = after(steps, IDS)

    found = available(health, now, sorted(there))

    assert found
    assert set(found) <= there


@settings(deadline=None)
@given(steps=STEPS)
def test_an_ejected_instance_returns_within_five_minutes(steps: list[Step]) -> None:
    health, now = after(steps, IDS)
    later = now + timedelta(minutes=5)

    found = available(health, later)

    healthy = [each for each in IDS if each not in health.by_id or health.by_id[each].healthy]
    assert found == (healthy or IDS)
