"""Build the handler of the function that reconciles, counts and observes, every minute."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from signalbox.aws.metrics_history import DynamoMetricsHistory
from signalbox.http.problems import error_fields
from signalbox.runtime.counters import count_changes
from signalbox.runtime.incidents import observe_incidents
from signalbox.runtime.telemetry import count, exported, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.incidents.observe import IncidentResult
from signalbox.services.notifications.hold import ReleaseHeld
from signalbox.services.record_history import RecordHistory
from signalbox.services.schedules.run_schedules import RunSchedules, SchedulesResult
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.reconcile import ReconcileOverdue

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from signalbox.services.tasks.dispatch_relations import DispatchRelations

_RESERVE: Final = 5.0
_SETTLED_AT_ONCE: Final = 1_000


def _dispatch(wiring: Wiring) -> DispatchChanges:
    """Return what dispatches changes, with time for more dependents than the stream has."""

    def relations() -> "DispatchRelations":
        usual = wiring.dispatch_relations
        return replace(usual, dependents=replace(usual.dependents, at_once=_SETTLED_AT_ONCE))

    return replace(wiring.dispatch, relations=relations)


def maintenance(
    wiring: Wiring | None = None,
) -> Callable[[dict[str, JsonValue], "LambdaContext"], None]:
    """Return the handler."""
    wired = wiring or Wiring()
    log = logger()
    catch_up = count_changes(wired)
    reconcile = ReconcileOverdue(
        due_index=wired.due_index,
        tasks=wired.tasks,
        notifications=wired.notifications,
        notification_queue=wired.notification_queue,
        dispatch=_dispatch(wired),
        clock=wired.clock,
        random=wired.random,
    )

    release = ReleaseHeld(
        index=wired.held_index,
        notifications=wired.notifications,
        notification_queue=wired.notification_queue,
        config=wired.config,
        clock=wired.clock,
    )

    run_schedules = RunSchedules(
        schedules=wired.schedules,
        tasks=wired.tasks,
        clock=wired.clock,
        retention=wired.settings.retention,
    )

    observe = observe_incidents(wired, catch_up.counters)
    record_history = RecordHistory(
        counters=catch_up.counters,
        store=DynamoMetricsHistory(table=wired.state_table),
        clock=wired.clock,
    )

    def handler(_event: dict[str, JsonValue], context: "LambdaContext") -> None:
        def time_left() -> float:
            return context.get_remaining_time_in_millis() / 1000

        _report_schedules(run_schedules(time_left))
        result = reconcile(time_left)
        held = release(time_left)
        behind = catch_up(lambda: time_left() - _RESERVE)
        failed = result.failed or held.failed
        log_result = log.error if failed else log.info
        not_counted = {stream: error_fields(trouble) for stream, trouble in behind.items()}
        extra = {**asdict(result), "held": asdict(held), "not_counted": not_counted}
        log_result("reconciled", extra=extra)
        if failed:
            count("NotReconciled", {})
        if time_left() > _RESERVE:
            _report(observe())
            record_history()

    def _report_schedules(result: SchedulesResult) -> None:
        log_result = log.error if result.failed else log.info
        log_result("schedules", extra=asdict(result))
        if result.failed:
            count("NotReconciled", {})

    def _report(result: IncidentResult) -> None:
        log.info("incidents", extra=asdict(result))
        if result.opened:
            count("IncidentsOpened", {}, result.opened)

    return exported(handler, "timer", wired.telemetry_headers)
