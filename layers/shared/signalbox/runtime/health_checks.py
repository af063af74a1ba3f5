"""Build the handler of the function that checks instances of services, twice in each minute."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from signalbox.egress.instance_probe import InstanceProbe
from signalbox.models.errors import Unavailable
from signalbox.models.health_check import CHECK_PASS
from signalbox.models.instance_health import HealthEvent
from signalbox.runtime.discovery import cached_discovery
from signalbox.runtime.telemetry import count, exported, logger
from signalbox.runtime.upstream import upstream_client
from signalbox.runtime.wiring import Wiring
from signalbox.services.gateway.check_instances import CheckInstances, CheckPassResult
from signalbox.services.gateway.health import RecordChecks

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_PASSES: Final = 2
_PASS_TIME: Final = timedelta(seconds=25)
_RESERVE: Final = 3.0
_MAX_ANSWER: Final = 1_000_000
_WARNINGS: Final = frozenset({HealthEvent.UNHEALTHY, HealthEvent.EJECTED})


def health_checks(
    wiring: Wiring | None = None,
) -> Callable[[dict[str, JsonValue], "LambdaContext"], None]:
    """Return the handler."""
    wired = wiring or Wiring()
    log = logger()
    check = _check_instances(wired)

    def handler(event: dict[str, JsonValue], context: "LambdaContext") -> None:
        scheduled_at = _scheduled_at(event, wired.clock())
        try:
            for number in range(_PASSES):
                at = scheduled_at + number * CHECK_PASS
                if number and not check.is_due(at):
                    return  # nobody pays for a wait that is for nothing
                wired.sleep(_wait(at, wired.clock()))
                _report(check(at, _seconds_left(wired, context)))
        except Unavailable as unavailable:
            log.error("instances not checked", extra={"reason": unavailable.reason})
            count("HealthNotChecked", {})

    return exported(handler, "timer", wired.telemetry_headers)


def _check_instances(wired: Wiring) -> CheckInstances:
    clock, health = wired.clock, wired.instance_health
    return CheckInstances(
        config=wired.config,
        registrations=wired.registrations,
        discovery=cached_discovery(wired),
        health=health,
        record=RecordChecks(store=health, clock=clock),
        probe=InstanceProbe(send=upstream_client(wired, _MAX_ANSWER)),
        clock=clock,
        random=wired.random,
    )


def _scheduled_at(event: dict[str, JsonValue], now: datetime) -> datetime:
    """Return the time of the schedule, as checks are spread by it; now if there is none."""
    try:
        scheduled_at = datetime.fromisoformat(str(event.get("time")))
    except ValueError:
        return now
    return scheduled_at if scheduled_at.tzinfo else now


def _wait(until: datetime, now: datetime) -> float:
    return min(max((until - now).total_seconds(), 0.0), CHECK_PASS.total_seconds())


def _seconds_left(wired: Wiring, context: "LambdaContext") -> Callable[[], float]:
    """Return what says how much time a pass has: it ends before the next one begins."""
    ends_at = wired.clock() + _PASS_TIME

    def seconds_left() -> float:
        of_function = context.get_remaining_time_in_millis() / 1_000 - _RESERVE
        return min((ends_at - wired.clock()).total_seconds(), of_function)

    return seconds_left


def _report(result: CheckPassResult) -> None:
    log = logger()
    for service, change in reversed(result.changes):
        log_change = log.warning if change.event in _WARNINGS else log.info
        fields = {"target_service": service, "instance": change.instance}
        reason = {"event": change.event, "reason": change.reason}
        log_change("instance health", extra={**fields, **reason})
        count("InstanceHealthChanges", {"target": service, "event": change.event})
    incomplete = result.errors or result.skipped
    if result.checked or incomplete:
        log_result = log.error if incomplete else log.info
        extra = {
            "checked": result.checked,
            "failed": result.failed,
            "skipped": result.skipped,
            "down": result.down,
            "errors": result.errors,
        }
        log_result("instances checked", extra=extra)
    if incomplete:
        count("HealthNotChecked", {})
    if result.down:
        count("ServicesDown", {}, len(result.down))
