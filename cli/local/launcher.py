"""Run ministack in its own process: `python -m cli.local.launcher FUNCTION_PYTHON`."""

import os
import signal
import sys
import threading

from ministack import app
from ministack.services import lambda_svc, sqs
from ministack.services.cloudformation import provisioners
from pydantic import JsonValue


def _stop_with_parent() -> None:
    """Save the state and exit when standard input closes, as the parent has ended."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _call_loopback_secure() -> None:
    """Treat loopback requests as TLS, as the policies refuse everything else."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _: pin(address, secure_transport=True)


def _forget_stream_positions() -> None:
    """Drop saved positions of streams, as the streams themselves are not saved."""
    state = lambda_svc.get_state
    lambda_svc.get_state = lambda: {**state(), "dynamodb_stream_positions": {}}


def _watch_one_metric() -> None:
    """Let alarms on several metrics watch the first one, as metric math is not supported."""
    record = provisioners._cw_metric_alarm_record  # noqa: SLF001
    provisioners._cw_metric_alarm_record = lambda name, alarm: record(  # noqa: SLF001
        name, {**alarm, **_first_metric(alarm), "Metrics": None}
    )


def _first_metric(alarm: dict[str, JsonValue]) -> dict[str, JsonValue]:
    calculated = alarm.get("Metrics")
    for one in calculated if isinstance(calculated, list) else ():
        match one:
            case {"MetricStat": {"Metric": dict(metric), "Period": period, "Stat": statistic}}:
                return {**metric, "Period": period, "Statistic": statistic}
    return {}


def _keep_queue_urls() -> None:
    """Keep the URLs of queues independent of the port, as they identify queues in the state."""
    sqs.DEFAULT_PORT = "4566"


if __name__ == "__main__":
    # ministack runs functions with sys.executable, which has everything of our own environment
    sys.executable = sys.argv.pop(1)
    _call_loopback_secure()
    _forget_stream_positions()
    _watch_one_metric()
    _keep_queue_urls()
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    app.main()
