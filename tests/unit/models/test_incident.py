from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from signalbox.models.ids import ConnectionId
from signalbox.models.incident import (
    INCIDENT_RETENTION,
    MAX_INCIDENTS,
    MAX_OPEN_INCIDENTS,
    Incident,
    IncidentCause,
    IncidentEvent,
    IncidentLedger,
    IncidentRule,
    IncidentSeverity,
    IncidentSignal,
    IncidentStatus,
    alerts_sent,
    counted_since,
    incidents_after,
)
from tests.builders import NOW

MINUTE = timedelta(minutes=1)
RULE = IncidentRule(threshold=3, window=12 * MINUTE, quiet=10 * MINUTE)


def signal(failures: int, name: str = "team", error: str = "no channel") -> IncidentSignal:
    cause = IncidentCause(
        key=f"notifications/{name}",
        title=f"Notifications to {name} are not delivered",
        severity=IncidentSeverity.CRITICAL,
        link="/api/v1/notifications",
        action="signalbox notifications list",
        connection=ConnectionId(name),
    )
    return IncidentSignal(cause=cause, rule=RULE, failures=failures, error=error)


def after(
    failures: Sequence[int], ledger: IncidentLedger | None = None, start: datetime = NOW
) -> IncidentLedger:
    """The ledger after so many failures in each minute."""
    ledger = ledger or IncidentLedger()
    for number, count in enumerate(failures):
        ledger = incidents_after(ledger, [signal(count)], start + number * MINUTE)
    return ledger


def only(ledger: IncidentLedger) -> Incident:
    (incident,) = ledger.incidents
    return incident


@pytest.mark.parametrize("failures", [[2], [1, 1], [1, *([0] * 13), 1, 1], [0] * 20])
def test_fewer_failures_within_the_window_open_nothing(failures: list[int]) -> None:
    assert after(failures).incidents == ()


@pytest.mark.parametrize("failures", [[3], [1, 1, 1], [1, *([0] * 5), 1, *([0] * 5), 1], [90]])
def test_as_many_as_the_threshold_within_the_window_open_one(failures: list[int]) -> None:
    incident = only(after(failures))

    assert incident.status is IncidentStatus.OPEN
    assert incident.count == sum(failures)
    assert incident.first_at == NOW
    assert incident.opened_at == incident.last_at == NOW + (len(failures) - 1) * MINUTE
    assert incident.alerts == (IncidentEvent.OPENED,)


def test_later_failures_update_it_and_send_nothing() -> None:
    opened = only(after([3]))

    updated = only(after([3, 0, 4]))

    assert updated.id == opened.id
    assert (updated.count, updated.last_at) == (7, NOW + 2 * MINUTE)
    assert updated.alerts == opened.alerts


def test_it_is_resolved_once_after_the_quiet_time() -> None:
    almost = after([3, *([0] * 9)])

    resolved = after([3, *([0] * 30)])

    assert only(almost).resolved_at is None
    assert only(resolved).resolved_at == NOW + 10 * MINUTE
    assert only(resolved).alerts == (IncidentEvent.OPENED, IncidentEvent.RESOLVED)
    assert resolved.open == ()


def test_a_failure_during_the_quiet_time_keeps_it_open() -> None:
    ledger = after([3, *([0] * 8), 1, *([0] * 9)])

    assert only(ledger).resolved_at is None


def test_after_a_resolution_as_many_failures_as_before_open_the_next() -> None:
    resolved = after([3, *([0] * 10)])
    start = NOW + 11 * MINUTE

    few = after([2], resolved, start)
    enough = after([3], resolved, start)

    assert few.open == ()
    assert [each.recurrence for each in enough.incidents] == [0, 1]
    assert len({each.id for each in enough.incidents}) == 2


def test_a_cause_that_returns_is_resolved_later_each_time() -> None:
    ledger = IncidentLedger()
    story = [3, *([0] * 11)] * 40
    ledger = after(story, ledger)

    quiet = [each.quiet_seconds // 60 for each in ledger.incidents]

    # from the second on its quiet time is longer than the time between its failures
    assert quiet == [10, 20]
    assert len(ledger.open) == 1


def test_the_quiet_time_doubles_up_to_a_limit() -> None:
    assert [RULE.quiet_time(number) // MINUTE for number in (0, 1, 4, 99)] == [10, 20, 160, 160]


def test_a_cause_that_returns_after_a_day_begins_anew() -> None:
    resolved = after([3, *([0] * 10)])

    again = after([3], resolved, NOW + timedelta(days=2))

    assert again.open[0].recurrence == 0


def test_causes_are_apart() -> None:
    ledger = incidents_after(IncidentLedger(), [signal(2, "team"), signal(2, "crew")], NOW)
    ledger = incidents_after(ledger, [signal(1, "crew")], NOW)

    assert [each.cause.connection for each in ledger.incidents] == ["crew"]


def test_an_error_is_one_line_without_secrets_and_the_last_one_stays() -> None:
    error = "refused\n by https://hooks.slack.com/services/T1/B1/secretsecret"
    ledger = incidents_after(IncidentLedger(), [signal(3, error=error)], NOW)

    later = incidents_after(ledger, [signal(1, error="")], NOW + MINUTE)

    assert only(later).last_error == "refused by https://hooks.slack.com/services/[masked]"


def test_no_more_are_open_than_the_limit() -> None:
    signals = [signal(3, f"c{number}") for number in range(MAX_OPEN_INCIDENTS + 9)]

    ledger = incidents_after(IncidentLedger(), signals, NOW)

    assert len(ledger.open) == MAX_OPEN_INCIDENTS


def test_the_oldest_resolved_ones_go_first_and_none_whose_alerts_are_not_sent() -> None:
    sent = alerts_sent(only(after([3, *([0] * 10)])))
    unsent = sent.model_copy(update={"alerts": (IncidentEvent.RESOLVED,)})
    numbered = [sent.model_copy(update={"count": number}) for number in range(MAX_INCIDENTS)]
    numbered = [
        each.model_copy(update={"id": f"inc_{number}"}) for number, each in enumerate(numbered)
    ]
    ledger = IncidentLedger(incidents=(unsent, *numbered))

    stored = incidents_after(ledger, [signal(3)], NOW + 11 * MINUTE).incidents

    assert len(stored) == MAX_INCIDENTS
    assert stored[0] == unsent
    assert stored[1] == numbered[2]
    assert stored[-1].status is IncidentStatus.OPEN


def test_resolved_ones_are_stored_for_a_while() -> None:
    resolved = after([3, *([0] * 10)])
    end = NOW + 10 * MINUTE + INCIDENT_RETENTION

    assert incidents_after(resolved, [], end - MINUTE).incidents == resolved.incidents
    assert incidents_after(resolved, [], end).incidents == ()


def test_what_is_stored_of_many_causes_has_a_limit() -> None:
    ledger = IncidentLedger()
    for number in range(300):
        now = NOW + number * timedelta(seconds=1)
        ledger = incidents_after(ledger, [signal(1, f"c{number}")], now)

    assert len(ledger.windows) == 200
    assert "notifications/c299" in ledger.windows


def test_the_counts_of_a_window_are_few_and_leave_it() -> None:
    rule = IncidentRule(threshold=1_000, window=12 * MINUTE, quiet=MINUTE)
    each = IncidentSignal(cause=signal(1).cause, rule=rule, failures=1, error="")
    ledger = IncidentLedger()
    for number in range(600):
        ledger = incidents_after(ledger, [each], NOW + number * timedelta(seconds=6))

    (window,) = ledger.windows.values()
    total = sum(count.count for count in window.counts)

    assert len(window.counts) <= 14
    assert 120 <= total <= 140
    assert incidents_after(ledger, [], NOW + timedelta(hours=2)).windows == {}


@pytest.mark.parametrize(("before", "total", "since"), [(3, 5, 2), (5, 5, 0), (5, 2, 2), (0, 4, 4)])
def test_a_counter_may_begin_anew(before: int, total: int, since: int) -> None:
    assert counted_since(before, total) == since
