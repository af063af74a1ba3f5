"""Check an instance of a service by a request to it."""

from collections.abc import Callable
from typing import Final

from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.models.health_check import HealthCheck
from signalbox.models.instance_health import CheckResult
from signalbox.models.service_tls import UpstreamTls
from signalbox.models.upstream import Instance
from signalbox.services.ports.gateway import GatewayResponse, UpstreamRequest

_USER_AGENT: Final = "signalbox-health-check"


@frozen
class InstanceProbe:
    """Checks instances. `send` makes one attempt, without following redirects."""

    send: Callable[[UpstreamRequest], GatewayResponse]

    def __call__(self, instance: Instance, check: HealthCheck, tls: UpstreamTls) -> CheckResult:
        """Return whether the instance gave the expected status in time. It never raises."""
        request = UpstreamRequest(
            instance=instance,
            method="GET",
            target=instance.base_path + check.path,
            fields=(
                ("host", instance.authority),
                ("user-agent", _USER_AGENT),
                ("accept", "*/*"),
                ("connection", "close"),
            ),
            body=b"",
            connect=check.timeout_seconds,
            seconds=check.timeout_seconds,
            tls=tls,
        )
        try:
            status = self.send(request).status
        except AttemptFailed as failed:
            return CheckResult(
                instance=instance.id, passed=False, reason=_failure_reason(failed, check)
            )
        passed = check.expects(status)
        reason = None if passed else f"status {status}, not {check.expected_status}"
        return CheckResult(instance=instance.id, passed=passed, reason=reason)


def _failure_reason(failed: AttemptFailed, check: HealthCheck) -> str:
    match failed.fault:
        case UpstreamFault.TIMEOUT:
            return f"no answer within {check.timeout_seconds:g} s"
        case UpstreamFault.CONNECT:
            return f"no connection ({failed.reason})"
        case UpstreamFault.REFUSED:
            return failed.reason
        case UpstreamFault.TOO_LARGE:
            return "the answer is too large"
        case UpstreamFault.BROKEN:
            return f"no valid answer ({failed.reason})"
