"""The Python client agrees with the description of the API, in every operation and member."""

import dataclasses
import inspect
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import (
    Any,
    Literal,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import pytest
from pydantic import JsonValue, TypeAdapter

from signalbox_client import bodies, models, operations
from signalbox_client.operations import Operation
from tests.functions.system import running

TASK = "tsk_" + "a" * 24
DELIVERY = "dlv_" + "a" * 24
LEASE = models.Lease(id="lse_1", fence=1, expires_at=datetime(2026, 1, 1, tzinfo=UTC))

AnyOperation: TypeAlias = Operation[Any]
Schema: TypeAlias = dict[str, JsonValue]

_schema: TypeAdapter[Schema] = TypeAdapter(dict[str, JsonValue])

OPERATIONS: Mapping[Callable[..., object], AnyOperation] = {
    operations.create_task: operations.create_task("t", "k", {}),
    operations.get_task: operations.get_task(TASK),
    operations.list_tasks: operations.list_tasks({}),
    operations.update_task: operations.update_task(TASK, 1, {}),
    operations.cancel_task: operations.cancel_task(TASK, "r"),
    operations.cancel_subtree: operations.cancel_subtree(TASK, "r"),
    operations.retry_task: operations.retry_task(TASK),
    operations.approve_task: operations.approve_task(TASK),
    operations.reject_task: operations.reject_task(TASK, "r"),
    operations.task_history: operations.task_history(TASK),
    operations.list_dependents: operations.list_dependents(TASK),
    operations.claim_task: operations.claim_task("w", 60, 0),
    operations.heartbeat: operations.heartbeat(TASK, LEASE, 60, None),
    operations.append_log: operations.append_log(TASK, LEASE, ["a"], 1),
    operations.complete_task: operations.complete_task(TASK, LEASE, {}),
    operations.fail_task: operations.fail_task(TASK, LEASE, "r", retryable=True),
    operations.release_task: operations.release_task(TASK, LEASE, None),
    operations.read_log: operations.read_log(TASK, 0),
    operations.follow_log: operations.follow_log(TASK, "0", 1.0),
    operations.list_deliveries: operations.list_deliveries({}),
    operations.get_delivery: operations.get_delivery(DELIVERY),
    operations.get_delivery_body: operations.get_delivery_body(DELIVERY),
    operations.explain_delivery: operations.explain_delivery(DELIVERY),
    operations.replay_delivery: operations.replay_delivery(DELIVERY, dry_run=True),
    operations.list_queues: operations.list_queues(),
    operations.pause_queue: operations.pause_queue("low", None),
    operations.resume_queue: operations.resume_queue("low"),
}

BODIES = {
    operations.create_task: bodies.NewTask,
    operations.update_task: bodies.TaskEdit,
    operations.cancel_subtree: bodies.CancelBody,
    operations.claim_task: bodies.ClaimBody,
    operations.heartbeat: bodies.HeartbeatBody,
    operations.append_log: bodies.LogBody,
    operations.complete_task: bodies.CompleteBody,
    operations.fail_task: bodies.FailBody,
    operations.release_task: bodies.ReleaseBody,
    operations.pause_queue: bodies.PauseBody,
}

FILTERS = {
    operations.list_tasks: bodies.TaskFilters,
    operations.list_deliveries: bodies.DeliveryFilters,
}


class Document:
    """The OpenAPI document."""

    def __init__(self, text: str) -> None:
        self.whole: Schema = _schema.validate_json(text)

    def at(self, place: JsonValue) -> Schema:
        """An object, the target of a reference for one that is such."""
        found = _schema.validate_python(place)
        if isinstance(name := found.get("$ref"), str):
            target: JsonValue = dict(self.whole)
            for part in name.removeprefix("#/").split("/"):
                target = _schema.validate_python(target)[part]
            return self.at(target)
        return found

    def operation(self, sent: AnyOperation) -> Schema:
        """The operation of a method and a path; literal paths come before templates."""
        paths = self.at(self.whole["paths"])
        for template in sorted(paths, key=lambda path: path.count("{")):
            pattern = re.sub(r"\{\w+\}", "[^/]+", template)
            found = self.at(paths[template])
            if re.fullmatch(pattern, sent.path) and sent.method.lower() in found:
                return self.at(found[sent.method.lower()])
        raise AssertionError(f"{sent.method} {sent.path} is not described")

    def content(self, holder: JsonValue, kind: str = "application/json") -> Schema:
        """The schema of a body."""
        return self.at(self.at(self.at(self.at(holder)["content"])[kind])["schema"])

    def parameters(self, operation: Schema, place: str) -> set[str]:
        listed = operation.get("parameters", [])
        assert isinstance(listed, list)
        found = [self.at(parameter) for parameter in listed]
        return {str(parameter["name"]) for parameter in found if parameter["in"] == place}

    def form(self, schema: JsonValue) -> object:
        """The form of a schema; compare `form_of`."""
        found = self.at(schema)
        if isinstance(either := found.get("anyOf"), list):
            forms = [self.form(item) for item in either]
            return ("optional", *[form for form in forms if form != "null"])
        if isinstance(values := found.get("enum"), list):
            return ("one of", frozenset(map(str, values)))
        return self.simple_form(found)

    def simple_form(self, found: Schema) -> object:
        kind = found.get("type")
        if "properties" in found:
            return self.members(found)
        if kind == "object":
            return ("mapping", self.form(found.get("additionalProperties") or {}))
        if kind == "array":
            return ("list", self.form(found["items"]))
        return "time" if found.get("format") == "date-time" else kind

    def members(self, schema: Schema) -> object:
        required = schema.get("required", [])
        assert isinstance(required, list)
        properties = self.at(schema["properties"])
        return {name: (name in required, self.form(properties[name])) for name in properties}


def form_of(hint: object) -> object:
    """The form of a type: its members with whether they are required, or its name in JSON."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return ("optional", *[form_of(each) for each in arguments if each is not types.NoneType])
    if origin is Literal:
        return ("one of", frozenset(arguments))
    if origin in {tuple, Sequence}:
        return ("list", form_of(arguments[0]))
    if origin is Mapping:
        return ("mapping", form_of(arguments[1]))
    assert isinstance(hint, type), hint
    return class_form(hint)


def class_form(kind: type) -> object:
    if is_typeddict(kind):
        required: frozenset[str] = getattr(kind, "__required_keys__", frozenset())
        hints = get_type_hints(kind)
        return {name: (name in required, form_of(hints[name])) for name in hints}
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return {
            field.name: (_has_no_default(field), form_of(hints[field.name]))
            for field in dataclasses.fields(kind)
        }
    return {str: "string", int: "integer", bool: "boolean", datetime: "time", object: None}[kind]


def _has_no_default(field: "dataclasses.Field[object]") -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


@pytest.fixture(scope="module")
def document() -> Iterator[Document]:
    with running() as system:
        yield Document(system.ask("GET", "/openapi.json").text)


def test_every_operation_is_compared() -> None:
    public = {
        function
        for name, function in inspect.getmembers(operations, inspect.isfunction)
        if function.__module__ == operations.__name__ and not name.startswith("_")
    }

    assert public - {operations.time_text} == set(OPERATIONS)
    assert {each for each in OPERATIONS if OPERATIONS[each].body is not None} == set(BODIES)


@pytest.mark.parametrize("function", OPERATIONS, ids=lambda function: function.__name__)
def test_an_operation_is_described_with_what_it_sends_and_reads(
    document: Document, function: Callable[..., object]
) -> None:
    operation = OPERATIONS[function]

    described = document.operation(operation)

    responses = document.at(described["responses"])
    success = responses.get("200") or responses.get("201")
    sent = {name.lower() for name in operation.headers} - {"accept"}
    assert set(operation.query) <= document.parameters(described, "query")
    assert sent <= document.parameters(described, "header")
    if operation.response is str:
        assert document.form(document.content(success, "text/event-stream")) == "string"
    else:
        assert form_of(operation.response) == document.form(document.content(success))


@pytest.mark.parametrize("function", BODIES, ids=lambda function: function.__name__)
def test_a_body_has_the_members_that_are_described(
    document: Document, function: Callable[..., object]
) -> None:
    described = document.operation(OPERATIONS[function])

    assert form_of(BODIES[function]) == document.form(document.content(described["requestBody"]))


@pytest.mark.parametrize("function", FILTERS, ids=lambda function: function.__name__)
def test_filters_are_those_of_the_query(
    document: Document, function: Callable[..., object]
) -> None:
    described = document.operation(OPERATIONS[function])

    fields = set(get_type_hints(FILTERS[function]))
    assert fields | {"limit", "cursor"} == document.parameters(described, "query")


def test_errors_are_read_as_they_are_described(document: Document) -> None:
    schemas = document.at(document.at(document.whole["components"])["schemas"])

    assert form_of(models.Problem) == document.form(schemas["Problem"])
