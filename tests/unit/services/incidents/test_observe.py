from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from signalbox.models.circuit import Circuit, opened
from signalbox.models.connection import Connection
from signalbox.models.delivery import DeliveryStatus
from signalbox.models.errors import NotFound, Unavailable
from signalbox.models.ids import ConnectionId, IncidentId
from signalbox.models.incident import Incident, IncidentSeverity, IncidentStatus
from signalbox.models.lifecycle import given_up
from signalbox.models.notification import Notification, exhausted, refused
from signalbox.models.pause import Pause
from signalbox.models.rejection import Rejection
from signalbox.models.task import Priority, Task
from signalbox.services.incidents.alert import SendAlerts
from signalbox.services.incidents.failures import SearchFailures
from signalbox.services.incidents.list_incidents import ListIncidents
from signalbox.services.incidents.observe import IncidentResult, ObserveIncidents
from signalbox.services.incidents.signals import ReadAllSignals
from signalbox.services.incidents.webhooks import ReadWebhookFailures
from signalbox.services.notifications.circuits import ReadCircuits
from signalbox.services.queues.backlog import MeasureBacklog
from signalbox.services.queues.pause import PauseQueues
from tests.builders import (
    NOW,
    a_connection,
    a_deferred,
    a_delivery,
    a_notification,
    a_source,
    a_task,
)
from tests.fakes.circuits import FakeCircuitStore
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.counters import FakeCounterStore
from tests.fakes.deliveries import FakeDeliveryStore
from tests.fakes.incidents import FakeIncidentStore, FakeRejectionStore
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeNotificationStore, FakeTaskStore

TEAM = ConnectionId("team-slack")
PAGER = a_connection(id="pager", connector="pagerduty", settings={}, incidents=True)
SECRET = "https://hooks.slack.com/services/T1/B1/secretsecret"


class Rig:
    """Maintenance over fakes, after its first observation, and once a minute from then on."""

    def __init__(self, *connections: Connection) -> None:
        self.clock = FakeClock()
        self.store = FakeIncidentStore()
        self.counters = FakeCounterStore()
        self.tasks = FakeTaskStore()
        self.notes = FakeNotificationStore()
        self.deliveries = FakeDeliveryStore()
        self.rejections = FakeRejectionStore()
        self.circuits = FakeCircuitStore()
        self.queue = FakeNotices("slack", "pagerduty")
        self.config = FakeConfigStore(a_source(), a_connection(), *(connections or (PAGER,)))
        alert = SendAlerts(
            config=self.config,
            notifications=self.notes,
            notification_queue=self.queue,
            clock=self.clock,
            stack="test",
        )
        backlog = MeasureBacklog(
            queue=FakeTaskQueue(self.clock), tasks=self.tasks, clock=self.clock
        )
        signals = ReadAllSignals(
            counts=self.counters.totals,
            search=SearchFailures(tasks=self.tasks, notifications=self.notes),
            webhooks=ReadWebhookFailures(
                rejections=self.rejections,
                deliveries=self.deliveries,
                config=self.config,
                providers=("github", "jira"),
            ),
            circuits=ReadCircuits(config=self.config, store=self.circuits),
            oldest=backlog.oldest,
            paused=PauseQueues(config=self.config, clock=self.clock).paused,
        )
        self.observe = ObserveIncidents(
            store=self.store, signals=signals, alert=alert, clock=self.clock
        )
        self.observe()

    def __call__(self, minutes: int = 1) -> IncidentResult:
        """Observe so many times; the last result."""
        for _ in range(minutes):
            self.clock.advance(seconds=60)
            result = self.observe()
        return result

    @property
    def incidents(self) -> dict[str, Incident]:
        return {each.cause.key: each for each in self.store.ledger.incidents}

    @property
    def alerts(self) -> list[Notification]:
        return [note for note in self.notes.kept.values() if note.change.is_incident]

    @property
    def texts(self) -> list[str]:
        return [note.text or "" for note in self.alerts]

    def fail_notification(self, reason: str = "channel_not_found", **changes: object) -> None:
        before = a_notification(a_task(), **changes)
        end = exhausted if self.counters.counts["notifications|slack|dead"] % 2 else refused
        after = end(before, reason, self.clock())
        self.notes.create(before)
        self.notes.replace(before, after)
        self.counters.counts[f"notifications|{after.connector}|{after.status}"] += 1

    def fail_task(self, kind: str = "fix", reason: str = "the tests fail") -> Task:
        before = a_task(kind=kind)
        after = given_up(before, reason, self.clock(), self.clock(), "queue")
        self.tasks.create(before)
        self.tasks.replace(before, after)
        self.counters.counts["steps|failed"] += 1
        return after

    def reject(self, times: int, code: str = "signature_invalid") -> None:
        for _ in range(times):
            last = Rejection(
                at=self.clock(), status=401, code=code, reason=f"{code} at last", request_id="r"
            )
            self.rejections.add("github", "default", {code: 1}, last)

    def fail_deliveries(self, times: int) -> None:
        for _ in range(times):
            failed = a_delivery(
                status=DeliveryStatus.FAILED, reason="no title", received_at=self.clock()
            )
            self.deliveries.create(failed, b"{}")
            self.counters.counts["requests|github|failed"] += 1

    def open_circuit(self) -> None:
        self.circuits.kept[TEAM] = opened(Circuit(), self.clock(), Random(1))


def test_without_failures_nothing_is_written_after_the_first_observation() -> None:
    rig = Rig()

    result = rig(60)

    assert result == IncidentResult()
    assert rig.store.writes == 1


def test_what_failed_before_the_first_observation_is_no_incident() -> None:
    rig = Rig()
    rig.counters.counts["requests|github|failed"] = 90
    rig.fail_notification()
    rig.reject(90)
    rig.store.ledger = rig.store.ledger.model_copy(update={"version": 0, "totals": {}})

    rig.observe()

    assert rig.incidents == {}


def test_notifications_that_fail_are_one_incident_of_their_connection() -> None:
    rig = Rig()
    for number in range(4):
        rig.fail_notification(f"reason {number}")
        rig()

    result = rig()

    incident = rig.incidents["notifications/team-slack"]
    assert result == IncidentResult(open=1)
    assert (incident.count, incident.last_error) == (4, "reason 3")
    assert incident.cause.connection == TEAM
    assert len(rig.incidents) == 1


def test_failures_that_an_index_has_late_are_counted_once() -> None:
    rig = Rig()
    for _ in range(3):
        rig.fail_notification()
    rig.clock.advance(seconds=5)
    rig.observe()
    early = dict(rig.incidents)

    rig(3)

    assert early == {}
    assert rig.incidents["notifications/team-slack"].count == 3


def test_failed_tasks_are_one_incident_of_their_kind() -> None:
    rig = Rig()
    for _ in range(6):
        rig.fail_task("fix", f"no access to {SECRET}")
    rig.fail_task("tidy")

    rig()

    (incident,) = rig.incidents.values()
    assert incident.cause.key == "tasks/failed/fix"
    assert incident.count == 6
    assert incident.last_error == "no access to https://hooks.slack.com/services/[masked]"


@pytest.mark.parametrize(
    ("code", "times", "severity"),
    [
        ("signature_invalid", 10, IncidentSeverity.WARNING),
        ("secret_missing", 3, IncidentSeverity.CRITICAL),
    ],
)
def test_rejected_requests_are_an_incident_of_their_source_and_reason(
    code: str, times: int, severity: IncidentSeverity
) -> None:
    rig = Rig()
    rig.reject(times - 1, code)
    rig()
    few = dict(rig.incidents)
    rig.reject(1, code)

    rig()

    incident = rig.incidents[f"webhooks/github/default/{code}"]
    assert few == {}
    assert (incident.count, incident.last_error) == (times, f"{code} at last")
    assert incident.cause.severity is severity


def test_failed_deliveries_are_one_incident_of_their_provider() -> None:
    rig = Rig()
    rig.fail_deliveries(3)

    rig()

    incident = rig.incidents["deliveries/failed/github"]
    assert (incident.count, incident.last_error) == (3, "no title")


def test_an_open_circuit_is_an_incident_in_the_third_minute() -> None:
    rig = Rig()
    rig.open_circuit()

    rig(2)
    early = dict(rig.incidents)
    rig()

    incident = rig.incidents["circuit/team-slack"]
    assert early == {}
    assert incident.last_error == "its circuit is open"


def test_a_circuit_that_opens_and_closes_every_few_minutes_is_one_incident() -> None:
    rig = Rig()
    for minute in range(120):
        rig.circuits.kept[TEAM] = Circuit()
        if minute % 7 < 3:
            rig.open_circuit()
        rig()

    assert len(rig.store.ledger.incidents) == 1
    assert len(rig.alerts) == 1


def test_a_task_that_waits_for_hours_is_an_incident_of_its_queue() -> None:
    rig = Rig()
    rig.tasks.create(a_task(priority=Priority.HIGH))
    rig.clock.advance(timedelta(hours=2))

    rig(3)

    incident = rig.incidents["queue/age/high"]
    assert incident.last_error == "the oldest task has waited for 123 minutes"


def test_in_a_paused_queue_tasks_wait_on_purpose() -> None:
    rig = Rig()
    rig.config.put(Pause(priority=Priority.HIGH, at=NOW, by="ada"))
    rig.tasks.create(a_task(priority=Priority.HIGH))
    rig.clock.advance(timedelta(hours=2))

    rig(5)

    assert rig.incidents == {}


def test_a_deferred_delivery_that_waits_is_an_incident() -> None:
    rig = Rig()
    rig.deliveries.create(a_deferred(), b"{}")

    rig(10)

    incident = rig.incidents["deliveries/pending"]
    assert incident.last_error == "a delivery of github/default has waited for 10 minutes"


def test_opening_and_resolution_are_each_sent_once() -> None:
    rig = Rig()
    rig.fail_deliveries(3)

    rig(200)

    types = [note.change.type for note in rig.alerts]
    assert types == ["signalbox.incident.opened", "signalbox.incident.resolved"]
    assert [connector for connector, _ in rig.queue.sent] == ["pagerduty", "pagerduty"]
    assert {note.connection for note in rig.alerts} == {"pager"}
    assert len({note.task_id for note in rig.alerts}) == 1


def test_an_alert_has_count_times_error_and_where_to_look() -> None:
    rig = Rig()
    rig.fail_notification(f"refused by {SECRET}")
    rig(5)
    for _ in range(2):
        rig.fail_notification(f"refused by {SECRET}")

    rig()

    (incident,) = rig.incidents.values()
    assert rig.texts == [
        (
            "Incident opened: Notifications to the connection team-slack fail\n"
            "Count: 3, the first at 2026-03-01 12:01 UTC, the last at 2026-03-01 12:06 UTC\n"
            "Last error: refused by https://hooks.slack.com/services/[masked]\n"
            "Failures: signalbox notifications list --connection team-slack"
            " (/api/v1/notifications?connection=team-slack)\n"
            f"Incident: signalbox incidents show {incident.id}"
        )
    ]


def test_no_connection_gets_the_alerts_of_its_own_incident() -> None:
    rig = Rig(PAGER, a_connection(id="second", incidents=True), a_connection(id="plain"))
    for _ in range(3):
        rig.fail_notification(connection=ConnectionId("second"))

    rig()

    assert {note.connection for note in rig.alerts} == {"pager"}


@pytest.mark.parametrize(
    "connection",
    [
        PAGER.model_copy(update={"incidents": False}),
        PAGER.model_copy(update={"enabled": False}),
        PAGER.model_copy(update={"connector": "unknown"}),
    ],
)
def test_only_enabled_connections_that_are_chosen_get_alerts(connection: Connection) -> None:
    rig = Rig(connection)
    rig.fail_deliveries(3)

    rig()

    assert rig.alerts == []
    assert all(each.alerts == () for each in rig.store.ledger.incidents)


def test_an_alert_that_could_not_be_stored_is_sent_by_the_next_run() -> None:
    rig = Rig()
    rig.fail_deliveries(3)
    rig.notes.down = True

    result = rig()
    rig.notes.down = False
    rig()

    assert result.not_alerted == 1
    assert len(rig.alerts) == 1


def test_a_run_that_ends_before_it_notes_its_alerts_repeats_none() -> None:
    rig = Rig()
    rig.fail_deliveries(3)
    rig()
    (incident,) = rig.store.ledger.incidents
    unsent = incident.model_copy(update={"alerts": ("opened",)})
    rig.store.ledger = rig.store.ledger.model_copy(update={"incidents": (unsent,)})

    rig()

    assert len(rig.alerts) == len(rig.queue.sent) == 1
    assert rig.store.ledger.incidents == (incident,)


def test_a_queue_that_does_not_answer_leaves_the_alert_to_maintenance() -> None:
    rig = Rig()
    rig.fail_deliveries(3)
    rig.queue.down = True

    result = rig()

    assert result.not_alerted == 0
    assert len(rig.alerts) == 1


def test_of_two_processes_that_observe_at_once_one_opens_the_incident() -> None:
    rig = Rig()
    rig.fail_deliveries(3)
    read = rig.store.get
    before = read()
    rig()
    rig.store.get = lambda: before  # type: ignore[method-assign]  # read before the other wrote

    result = rig.observe()

    rig.store.get = read  # type: ignore[method-assign]
    assert result == IncidentResult()
    assert len(rig.store.ledger.incidents) == 1


@pytest.mark.parametrize(
    "break_it",
    [
        lambda rig: setattr(rig.counters, "down", True),
        lambda rig: setattr(rig.circuits, "down", True),
    ],
)
def test_what_cannot_be_read_changes_nothing(break_it: Callable[[Rig], None]) -> None:
    rig = Rig()
    rig.fail_deliveries(3)
    before = rig.store.ledger
    break_it(rig)

    with pytest.raises(Unavailable):
        rig()

    assert rig.store.ledger == before


def test_incidents_are_listed_latest_first_and_by_status() -> None:
    rig = Rig()
    rig.fail_deliveries(3)
    rig(100)
    rig.reject(20)
    rig()
    listing = ListIncidents(store=rig.store)

    keys = [each.cause.key for each in listing()]

    assert keys == ["webhooks/github/default/signature_invalid", "deliveries/failed/github"]
    assert [each.cause.key for each in listing(IncidentStatus.OPEN)] == keys[:1]
    assert [each.cause.key for each in listing(IncidentStatus.RESOLVED)] == keys[1:]
    assert listing.one(listing()[0].id) == listing()[0]


def test_an_incident_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        ListIncidents(store=FakeIncidentStore()).one(IncidentId("inc_none"))
