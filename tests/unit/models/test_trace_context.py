import pytest

from signalbox.models.ids import DeliveryId
from signalbox.models.task import TaskOrigin
from signalbox.models.trace_context import (
    read_traceparent,
    task_traceparent,
    trace_fields,
    traceparent_of,
)
from tests.builders import NOW, a_task

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
SENT = f"00-{TRACE}-{SPAN}-00"


def test_the_context_of_a_request_is_read() -> None:
    assert read_traceparent({"traceparent": f" {SENT}"}) == SENT


def test_that_of_a_later_version_is_read_as_one_of_the_first() -> None:
    assert read_traceparent({"traceparent": f"cc-{TRACE}-{SPAN}-00-what-it-has-more"}) == SENT


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-00",
        f"00-{TRACE}-{SPAN}-00-more",
        f"00-{'0' * 32}-{SPAN}-00",
        f"00-{TRACE}-{'0' * 16}-00",
        f"00-{TRACE.upper()}-{SPAN}-00",
        f"00-{TRACE}-{SPAN}-00{chr(10)}x",
        f"{SENT},{SENT}",
    ],
)
def test_one_that_is_not_valid_is_none(sent: str) -> None:
    assert read_traceparent({"traceparent": sent}) is None


def test_a_trace_that_begins_is_valid_and_sampled_and_the_same_each_time() -> None:
    begun = traceparent_of("dlv_1")

    assert read_traceparent({"traceparent": begun}) == begun
    assert begun.endswith("-01")
    assert traceparent_of("dlv_1") == begun != traceparent_of("dlv_2")


def test_a_task_has_the_context_of_its_client() -> None:
    task = a_task(origin=TaskOrigin(provider="api", traceparent=SENT))

    assert task_traceparent(task) == SENT


def test_tasks_of_one_delivery_share_its_trace() -> None:
    origin = TaskOrigin(provider="github", delivery_id=DeliveryId("dlv_1"))

    found = {task_traceparent(a_task(id=name, origin=origin)) for name in ("tsk_1", "tsk_2")}

    assert found == {traceparent_of("dlv_1")}


def test_a_task_of_nothing_else_begins_its_own_trace() -> None:
    origin = TaskOrigin(provider="schedule")
    later = NOW.replace(year=NOW.year + 1)
    tasks = [a_task(origin=origin), a_task(origin=origin, created_at=later)]

    assert len({task_traceparent(task) for task in tasks}) == len(tasks)


def test_a_log_line_has_the_ids_of_the_trace() -> None:
    assert trace_fields(SENT) == {"trace_id": TRACE, "span_id": SPAN}
