from pydantic import BaseModel

from signalbox.http.mcp.tool_table import TOOLS
from signalbox.http.mcp.untrusted import UNTRUSTED_FIELDS, untrusted_notice, untrusted_pointers
from signalbox.models.base import JsonObject
from signalbox.models.change import TaskView
from signalbox.models.delivery import Delivery
from signalbox.models.log import LogLine
from signalbox.models.task import TaskContent

OURS = {
    "kind": "checked against a pattern when the task is made",
    "priority": "one of three",
    "due": "a time",
    "max_attempts": "a number",
}
"""The fields of a task that strangers cannot fill with text."""


def texts(model: type[BaseModel]) -> set[str]:
    """The fields that can hold any text."""
    names = {str: True, str | None: True, tuple[str, ...]: True}
    return {name for name, field in model.model_fields.items() if field.annotation in names}


def test_what_strangers_wrote_is_found_at_any_depth() -> None:
    document: JsonObject = {
        "id": "tsk_1",
        "items": [{"title": "a", "id": "1"}, {"title": "b", "repository": "o/r", "id": "2"}],
        "task": {"result": {"summary": "done", "data": {"x": 1}}, "status": "failed"},
    }

    assert untrusted_pointers(document) == [
        "/items/*/title",
        "/items/*/repository",
        "/task/result/summary",
        "/task/result/data",
    ]


def test_what_is_empty_is_not_named() -> None:
    assert untrusted_pointers({"title": "", "labels": [], "url": None, "data": {}}) == []


def test_the_notice_names_the_places() -> None:
    assert "/title, /items/*/text" in untrusted_notice(["/title", "/items/*/text"])


def test_every_text_that_a_webhook_can_fill_is_marked() -> None:
    assert texts(TaskContent) - UNTRUSTED_FIELDS == {"kind"} <= OURS.keys()
    assert {"author", "progress", "reason", "event", "delivery_key", "group"} <= UNTRUSTED_FIELDS
    assert "text" in texts(LogLine) & UNTRUSTED_FIELDS
    assert {"key", "event", "reason", "notes"} <= texts(Delivery) & UNTRUSTED_FIELDS


def test_what_is_left_of_a_task_is_ours() -> None:
    left = texts(TaskView) - UNTRUSTED_FIELDS

    assert left == {"kind", "provider", "source", "traceparent", "worker"}


def test_names_and_hints_of_tools_follow_their_routes() -> None:
    assert len({tool.name for tool in TOOLS}) == len(TOOLS)
    for tool in TOOLS:
        assert tool.annotations["readOnlyHint"] == tool.operation.startswith("GET ")
        assert not (tool.read_only and tool.destructive)


def test_no_tool_is_for_what_people_decide() -> None:
    words = ("/approve", "/reject", "/retry", "/secret", "/keys", "/body", "/pause", "/redrive")
    changing = ("PUT", "PATCH", "DELETE")

    operations = [f"{tool.operation}/" for tool in TOOLS]
    assert [each for each in operations if any(f"{word}/" in each for word in words)] == []
    assert [each for each in operations if each.startswith(changing)] == []
