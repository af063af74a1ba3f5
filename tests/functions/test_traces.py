"""The trace that a request belongs to is in its log lines, and goes on with what it sends."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from pydantic import JsonValue

from signalbox.models.ids import TaskId
from signalbox.models.span import Span, SpanKind
from signalbox.models.task import Priority, TaskOrigin
from signalbox.models.trace_context import same_trace, task_traceparent, trace_fields
from signalbox.runtime.gateway import gateway
from signalbox.runtime.json_logs import JsonFormatter
from signalbox.runtime.otlp.traced_stores import TracedTasks
from tests.builders import NOW, a_task
from tests.fakes.spans import recorded_spans
from tests.functions.system import Context, System, event
from tests.functions.test_mcp import Agent
from tests.functions.test_work import claim, step

SENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACEPARENT = {"traceparent": SENT}


@pytest.fixture
def printed() -> Iterator[StringIO]:
    """What the functions log, as CloudWatch gets it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter("signalbox", {}))
    logger = logging.getLogger("signalbox")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


def lines(printed: StringIO, message: str) -> list[dict[str, Any]]:
    logged = [json.loads(line) for line in printed.getvalue().splitlines()]
    return [line for line in logged if line["message"] == message]


def ids(line: dict[str, Any]) -> dict[str, str]:
    return {name: line[name] for name in ("trace_id", "span_id") if name in line}


def create(system: System, headers: dict[str, str] | None = None) -> TaskId:
    body: JsonValue = {"title": "Tidy up"}
    made = system.ask("POST", "/api/v1/tasks", body, key=system.key("admin"), headers=headers)
    return TaskId(made.word("id"))


def of_task(system: System, task: TaskId) -> dict[str, str]:
    return trace_fields(task_traceparent(system.wiring.tasks.get(task)))


def test_the_line_of_a_request_has_the_trace_of_its_client(
    system: System, printed: StringIO
) -> None:
    system.ask("GET", "/api/v1/tasks", key=system.key("viewer"), headers=TRACEPARENT)
    system.ask("GET", "/api/v1/tasks", key=system.key("viewer"))

    first, second = lines(printed, "request")
    assert ids(first) == trace_fields(SENT)
    assert ids(second) == {}


def test_the_lines_of_requests_for_a_task_have_the_trace_of_the_task(
    system: System, printed: StringIO
) -> None:
    task = create(system)
    system.wiring.queue.send(Priority.NORMAL, [task])
    claimed = claim(system)
    step(system, task, "heartbeat", claimed)
    step(system, task, "fail", claimed, reason="it is broken", retryable=False)
    system.ask("POST", f"/api/v1/tasks/{task}/retry", key=system.key("admin"))
    system.ask("POST", f"/api/v1/tasks/{task}/cancel", {"subtree": True}, key=system.key("admin"))

    traces = [ids(line) for line in lines(printed, "request")]

    assert traces == [of_task(system, task)] * 6


def test_to_look_at_a_task_is_no_part_of_its_trace(system: System, printed: StringIO) -> None:
    task = create(system)

    system.ask("GET", f"/api/v1/tasks/{task}", key=system.key("admin"))

    assert ids(lines(printed, "request")[-1]) == {}


def test_a_request_with_a_trace_of_its_own_stays_in_it(system: System, printed: StringIO) -> None:
    task = create(system)

    system.ask(
        "DELETE",
        f"/api/v1/tasks/{task}",
        key=system.key("admin"),
        headers={**TRACEPARENT, "If-Match": "*"},
    )

    assert ids(lines(printed, "request")[-1]) == trace_fields(SENT)


def test_a_task_that_an_agent_creates_belongs_to_the_trace_of_the_agent(
    system: System, printed: StringIO
) -> None:
    agent = Agent(system, "admin")

    agent.send(
        "tools/call", headers=TRACEPARENT, name="create_task", arguments={"title": "Tidy up"}
    )

    inner, outer = lines(printed, "request")
    assert (inner["status_code"], outer["status_code"]) == (201, 200)
    assert ids(inner) == ids(outer) == trace_fields(SENT)
    [task] = system.ask("GET", "/api/v1/tasks", key=system.key("viewer")).items
    assert of_task(system, TaskId(str(task["id"]))) == trace_fields(SENT)


def test_the_access_line_of_the_gateway_has_the_trace_of_the_client(
    system: System, printed: StringIO
) -> None:
    handler = gateway(system.wiring)

    for headers in (TRACEPARENT, {"traceparent": "00-1-2-01"}):
        handler(event("GET", "/api/gateway/shop", headers, b""), Context())

    first, second = lines(printed, "access")
    assert ids(first) == trace_fields(SENT)
    assert ids(second) == {}


def test_the_call_of_a_tool_is_a_span_with_the_request_that_it_makes(system: System) -> None:
    agent = Agent(system, "admin")

    with recorded_spans() as spans:
        agent.send("tools/call", name="create_task", arguments={"title": "Tidy up"})

    inner, outer = spans
    assert (inner.name, inner.kind) == ("POST /api/v1/tasks", SpanKind.INTERNAL)
    assert (outer.name, outer.kind) == ("POST /mcp", SpanKind.SERVER)
    assert outer.attributes["gen_ai.tool.name"] == "create_task"
    [task] = system.ask("GET", "/api/v1/tasks", key=system.key("viewer")).items
    context = task_traceparent(system.wiring.tasks.get(TaskId(str(task["id"]))))
    assert inner.traceparent == context
    assert inner.parent is outer
    assert same_trace(outer.traceparent, context)


def test_the_trace_of_a_task_of_a_schedule_begins_with_its_creation(system: System) -> None:
    planned = a_task(origin=TaskOrigin(provider="schedule", planned_at=NOW))
    other = a_task()
    tasks = TracedTasks(table=system.wiring.tasks_table, clock=system.clock)

    with recorded_spans() as spans, Span(SpanKind.SERVER) as run:
        for task in (planned, planned, other):
            tasks.create(task)

    first, repeated, second, _ = spans
    assert first.traceparent == task_traceparent(planned)
    assert not same_trace(repeated.traceparent, first.traceparent)
    assert (first.parent, second.parent) == (None, run)


def test_the_request_of_a_client_with_a_trace_is_linked_to_that_of_the_task(
    system: System,
) -> None:
    task = create(system)
    context = task_traceparent(system.wiring.tasks.get(task))

    with recorded_spans() as spans:
        system.ask(
            "DELETE",
            f"/api/v1/tasks/{task}",
            key=system.key("admin"),
            headers={**TRACEPARENT, "If-Match": "*"},
        )

    [span] = spans
    assert (span.parent, span.links) == (SENT, (context,))
    assert span.name == "DELETE /api/v1/tasks/{task_id}"
