import json

from cli.views import metrics_fields
from signalbox.http.schemas.metrics import (
    CircuitMetrics,
    ConnectorMetrics,
    DurationStats,
    InstanceMetrics,
    MetricsResponse,
    RedeliveryMetrics,
    ServiceMetricsView,
    TaskMetrics,
    WebhookMetrics,
)
from signalbox.http.schemas.queue import QueueView
from signalbox.models.circuit import CircuitState
from signalbox.models.ids import ConnectionId
from signalbox.models.instance_status import InstanceState
from signalbox.models.task import Priority, TaskStatus
from tests.builders import NOW
from tests.commands.conftest import CommandLine, CommandResult
from tests.fakes.http_server import FakeHttpServer, Reply

TIMES = DurationStats(count=4, p50=0.5, p95=2.0, p99=3.0, mean=0.9)
FIGURES = MetricsResponse(
    complete=False,
    oldest_pending=NOW,
    tasks=TaskMetrics(
        by_status={TaskStatus.PENDING: 2, TaskStatus.FAILED: 1},
        changes={"created": 3},
        success_rate=0.75,
        processing=TIMES,
    ),
    queues=(
        QueueView(
            priority=Priority.HIGH,
            waiting=2,
            in_flight=0,
            delayed=0,
            dead_letters=0,
            oldest_seconds=None,
        ),
    ),
    webhooks=(
        WebhookMetrics(
            provider="github",
            requests=5,
            outcomes={"accepted": 4, "signature_invalid": 1},
            deferred={"accepted": 3},
            signature_failures=1,
            success_rate=1.0,
            deadline=10.0,
            late=2,
            acks=TIMES.model_copy(update={"p50": None}),
        ),
    ),
    connectors=(ConnectorMetrics(connector="slack", outcomes={"delivered": 7}, success_rate=1.0),),
    redelivery=(
        RedeliveryMetrics(
            provider="github",
            source="default",
            missed=3,
            requested=4,
            healed=1,
            unhealable=1,
            open=1,
            looked_at=NOW,
            blocked_until=None,
        ),
    ),
    services=(
        ServiceMetricsView(
            service="orders",
            since=NOW,
            requests=9,
            statuses={"2xx": 8, "5xx": 1},
            errors={"bad_gateway": 1},
            retries=2,
            latency=TIMES,
            upstream=TIMES,
            instances=(
                InstanceMetrics(
                    id="a",
                    state=InstanceState.HEALTHY,
                    calls={"2xx": 8},
                    ejections=0,
                    circuit_openings=0,
                ),
            ),
        ),
    ),
    circuits=(
        CircuitMetrics(
            connection=ConnectionId("team-slack"),
            state=CircuitState.OPEN,
            openings=1,
            open_until=NOW,
        ),
    ),
)


def metrics(*options: str) -> CommandResult:
    """What is said of those figures."""
    with FakeHttpServer().running() as server:
        server.replies(Reply(body=FIGURES.model_dump_json().encode()))
        signalbox = CommandLine(options=["--url", server.url, "--key", "sbx_test_any"])
        return signalbox("metrics", *options)


def test_every_figure_has_a_name() -> None:
    assert metrics_fields(FIGURES) == {
        "Tasks": "2 pending, 1 failed",
        "Changes": "3 created",
        "Succeeded": "75.0%",
        "Processed in": "0.5 s (half), 2.0 s (95 %), 3.0 s (99 %)",
        "Waiting": "2 high",
        "Webhooks of github": "4 accepted, 1 signature_invalid",
        "Deferred of github": "3 accepted",
        "Oldest deferred": "2026-03-01 12:00:00",
        "github processed": "100.0%",
        "github waited": ", 2 over 10 s",
        "Sent to slack": "7 delivered",
        "Delivered to slack": "100.0%",
        "Missed by github/default": "3 missed, 4 requested, 1 healed, 1 unhealable, 1 open",
        "Requests to orders": "8 2xx, 1 5xx",
        "orders answered in": "0.5 s (half), 2.0 s (95 %), 3.0 s (99 %)",
        "Circuit of team-slack": "open",
    }


def test_figures_of_some_time_ago_are_said_to_be_so() -> None:
    result = metrics()

    assert "counting is behind" in result.err
    assert json.loads(metrics("--json").out) == FIGURES.model_dump(mode="json")


def test_prometheus_gets_them_as_it_reads_them(signalbox: CommandLine) -> None:
    result = signalbox("metrics", "--prometheus")

    assert result.code == 0
    assert "\n# TYPE tasks_in_queue gauge\n" in result.out
