"""What becomes an event, and that each of them fits into a frame."""

from datetime import timedelta
from itertools import pairwise
from typing import Any, cast

import pytest

from signalbox.models.ids import IncidentId, TaskId
from signalbox.models.incident import (
    Incident,
    IncidentCause,
    IncidentLedger,
    IncidentSeverity,
)
from signalbox.models.instance_health import HealthChange, HealthEvent, ServiceHealth
from signalbox.models.log import BATCH_BYTES, LINE_LENGTH, Chunk
from signalbox.models.realtime import MAX_FRAME_BYTES, EventPosition
from signalbox.models.task import Priority
from signalbox.services.realtime.events import (
    incident_events,
    log_events,
    queues_of,
    service_events,
    task_event,
)
from signalbox.services.realtime.frames import event_frame
from tests.builders import NOW, a_task

TASK = TaskId("tsk_" + "a" * 24)
CAUSE = IncidentCause(
    key="notifications/team",
    title="Notifications fail",
    severity=IncidentSeverity.CRITICAL,
    link="/api/v1/notifications",
    action="signalbox notifications list",
)


def a_chunk(*lines: str) -> Chunk:
    return Chunk(first=1, seq=1, fence=1, attempt=1, at=NOW, size=10, lines=lines)


def an_incident(**more: object) -> Incident:
    return Incident(
        id=IncidentId("inc_1"),
        cause=CAUSE,
        opened_at=NOW,
        first_at=NOW,
        last_at=NOW,
        count=3,
        last_error="503",
        quiet_seconds=900,
    ).model_copy(update=more)


@pytest.mark.parametrize("sign", ["a", "ü", "\x00", '"', "😀"])
def test_lines_of_a_log_are_split_so_that_each_part_fits_into_a_frame(sign: str) -> None:
    count = BATCH_BYTES // LINE_LENGTH
    chunk = a_chunk(*(f"{number}{sign * (LINE_LENGTH - 9)}" for number in range(count)))

    events = list(log_events(TASK, chunk))

    position = EventPosition(1_772_366_400_000, 9_999)
    frames = [event_frame("/signalbox/s", channel, channel, position, e) for channel, e in events]
    seqs = [line["seq"] for _, e in events for line in cast("Any", e.data["lines"])]
    assert max(len(frame.encode()) for frame in frames) <= MAX_FRAME_BYTES
    assert all('"data":' in frame for frame in frames)
    assert seqs == list(range(1, count + 1))
    assert len({event.key for _, event in events}) == len(events)


def test_the_largest_task_fits_into_a_frame() -> None:
    channel, event = task_event(a_task(title="😀" * 200))

    frame = event_frame("/signalbox/s", "tasks", channel, EventPosition(1, 0), event)

    assert '"data":' in frame


def test_an_incident_that_opens_grows_and_ends_is_three_events() -> None:
    opened = an_incident()
    grown = an_incident(count=4)
    ended = an_incident(count=4, resolved_at=NOW + timedelta(hours=1))
    ledgers = [
        IncidentLedger(incidents=incidents)
        for incidents in ((), (opened,), (grown,), (grown,), (ended,))
    ]

    types = [
        [event.type for _, event in incident_events(before, after)]
        for before, after in pairwise(ledgers)
    ]

    assert types == [
        ["signalbox.incident.opened"],
        ["signalbox.incident.changed"],
        [],
        ["signalbox.incident.resolved"],
    ]


def test_changes_of_health_come_in_their_order_and_once() -> None:
    def change(event: HealthEvent, seconds: int) -> HealthChange:
        return HealthChange(at=NOW + timedelta(seconds=seconds), instance="one", event=event)

    first = change(HealthEvent.ADDED, 0)
    second, third = change(HealthEvent.UNHEALTHY, 1), change(HealthEvent.HEALTHY, 2)
    before = ServiceHealth(version=1, history=(first,))
    after = ServiceHealth(version=2, history=(third, second, first))

    found = [(e.type, e.facets["service"]) for _, e in service_events("orders", before, after)]

    assert found == [
        ("signalbox.service.unhealthy", "orders"),
        ("signalbox.service.healthy", "orders"),
    ]


def test_a_task_that_changes_its_priority_changes_two_queues() -> None:
    low, high = a_task(priority=Priority.LOW), a_task(priority=Priority.HIGH)

    assert queues_of(None, low) == {Priority.LOW}
    assert queues_of(low, high) == {Priority.LOW, Priority.HIGH}
    assert queues_of(low, low) == frozenset()
