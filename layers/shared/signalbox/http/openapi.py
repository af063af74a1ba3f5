"""The description of the API, OpenAPI 3.1: what Powertools knows of the routes, and what we know.

Powertools describes parameters and bodies. Who may call a route, and which errors it can really
answer with, is added here, so that the description promises neither too much nor too little.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final, cast

from pydantic import JsonValue

from signalbox.http.idempotency import IDEMPOTENCY_KEY_PATTERN
from signalbox.http.openapi_components import (
    ALWAYS,
    RATE_LIMIT_HEADERS,
    header_components,
    header_refs,
    problem_component,
    problem_refs,
    status_headers,
    status_name,
    with_bounds,
)
from signalbox.http.openapi_examples import EXAMPLES
from signalbox.http.openapi_webhooks import signature_schemes, webhook_paths, webhook_schemas
from signalbox.http.problems import PROBLEM_JSON
from signalbox.http.routing import TASK_ID, Route, Routes
from signalbox.models.base import JsonObject

DESCRIPTION: Final = """\
Signalbox turns webhooks into durable tasks, hands them to workers and tells others of every change.

Every error is a problem by RFC 9457; its `code` is the word to program against and its `type` a
page that explains it. Lists come in pages: send `next` as `cursor` until it is null.
"""
TAGS: Final = {
    "tasks": "Work that was accepted, whoever asked for it",
    "work": "The worker protocol: claim a task, keep its lease alive, say how it ended",
    "queue": "What waits to be claimed",
    "deliveries": "What providers have sent, and what was made of it",
    "notifications": "What is owed to connections for changes of tasks",
    "config": "Sources, connections and subscriptions",
    "keys": "API keys and roles",
    "audit": "Who has done what",
    "metrics": "Figures for people, programs and Prometheus",
    "webhooks": "Where providers send their webhooks to",
    "health": "Whether the API and all that it needs is there",
    "docs": "This description, and what problems mean",
}
_SECURITY: Final[JsonObject] = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, or a token of a configured issuer",
    },
}
_OF_POWERTOOLS: Final = ("HTTPValidationError", "ValidationError", "ResponseValidationError")
_PRECONDITION_REQUIRED: Final = 428
_CONDITIONS: Final = frozenset({"if-match", "if-none-match"})
_TAG: Final = r'^(\*|"[A-Za-z0-9._-]{1,64}")$'
_SHAPES: Final[Mapping[str, JsonObject]] = {
    "task_id": {"pattern": f"^{TASK_ID}$", "maxLength": 28},
    "idempotency-key": {"pattern": f"^{IDEMPOTENCY_KEY_PATTERN}$", "maxLength": 257},
    "if-match": {"pattern": _TAG, "maxLength": 66, "examples": ['"v1"']},
    "if-none-match": {"pattern": _TAG, "maxLength": 66, "examples": ['"v1"']},
    "last-event-id": {"pattern": r"^(0|[1-9][0-9]{0,8})(-end)?$", "maxLength": 13},
}
"""What parameters of these names look like, where their type says less."""


def openapi_document(
    routes: Routes, *, version: str, signed: Mapping[str, str], base_path: str = ""
) -> str:
    """Return the description as JSON, with the webhooks of these providers and how they are signed.

    `base_path` is where the API is mounted, as in `/hooks`.
    """
    told = _as_powertools_tells(routes, version)
    known = {(route.method.lower(), route.template): route for _, route in routes.all}
    paths: JsonObject = {}
    for path, operations in sorted(_parts(told["paths"])):
        paths[path] = {
            method: {
                **_operation(operation, known[method, path]),
                "operationId": _name_of(operation, method, path),
            }
            for method, operation in _parts(operations)
        }
    told["servers"] = [{"url": base_path or "/", "x-internal": False}]
    told["paths"] = {**paths, **webhook_paths(signed)}
    components = cast("dict[str, JsonObject]", told["components"])
    components["schemas"] = {**_schemas(components["schemas"]), **webhook_schemas()}
    named = sorted(set(_named(told)))
    components["responses"] = {status_name(code): problem_component(code) for code in named}
    components["headers"] = header_components()
    components["securitySchemes"] = _SECURITY | signature_schemes(signed)
    used = {tag for op in _operations(told) for tag in cast("list[str]", op.get("tags", []))}
    told["tags"] = [{"name": tag, "description": TAGS.get(tag, tag)} for tag in sorted(used)]
    return json.dumps(with_bounds(told), separators=(",", ":"))


def _as_powertools_tells(routes: Routes, version: str) -> JsonObject:
    text = routes.resolver.get_openapi_json_schema(
        title="Signalbox", version=version, openapi_version="3.1.0", description=DESCRIPTION
    )
    told: JsonObject = json.loads(text)
    told["info"] = {
        **cast("JsonObject", told["info"]),
        "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
    }
    return told


def _operation(told: JsonValue, route: Route) -> JsonObject:
    operation = dict(cast("JsonObject", told))
    operation["security"] = [{"ApiKey": []}, {"Bearer": []}] if route.scope else []
    needs = f"Needs the scope `{route.scope}`." if route.scope else ""
    if needs or route.more:
        operation["description"] = f"{needs} {route.more}".strip()
    parameters = cast("list[JsonObject]", operation.get("parameters", []))
    answers = cast("dict[str, JsonObject]", operation["responses"])
    versioned = any(each["name"] in _CONDITIONS for each in parameters)
    good = {
        code: _good(int(code), each, route, versioned=versioned)
        for code, each in answers.items()
        if not _bad(each)
    }
    bad = {int(code) for code, each in answers.items() if _bad(each)} & _possible(operation, route)
    operation["responses"] = {**cast("JsonObject", good), **problem_refs(bad | _by_path(route))}
    if parameters:
        operation["parameters"] = [_parameter(each, route) for each in parameters]
    return operation


def _possible(operation: JsonObject, route: Route) -> set[int]:
    """Return the errors that are left when those are taken out that this operation cannot have."""
    impossible = set() if "requestBody" in operation else {415}
    impossible |= {429, 503} if route.unlimited else set()
    return set(range(400, 600)) - (impossible - set(route.problems))


def _by_path(route: Route) -> set[int]:
    """Return A segment of a path may be of such a form that there is nothing there."""
    return {404} if "<" in route.path else set()


def _parameter(told: JsonObject, route: Route) -> JsonObject:
    """Without null: a parameter is there or is not."""
    schema = cast("JsonObject", told.get("schema", {}))
    match schema.get("anyOf"):
        case [dict() as real, {"type": "null"}]:
            title = {"title": schema["title"]} if "title" in schema else {}
            schema = {**real, **title} if "$ref" not in real else real
    shaped = {**schema, **_SHAPES.get(str(told["name"]), {})}
    asks = _PRECONDITION_REQUIRED in route.problems and not route.creates
    asked = told["name"] == "if-match" and asks
    return {**told, "required": asked or told["required"], "schema": shaped}


def _schemas(told: JsonObject) -> JsonObject:
    """Return those that are ours, with an example where there is one."""
    kept: JsonObject = {name: schema for name, schema in told.items() if name not in _OF_POWERTOOLS}
    for name, example in EXAMPLES.items():
        if name in kept:
            kept[name] = {
                **cast("JsonObject", kept[name]),
                "examples": [cast("JsonValue", example)],
            }
    return kept


def _bad(answer: JsonObject) -> bool:
    return PROBLEM_JSON in cast("JsonObject", answer.get("content", {}))


def _good(code: int, answer: JsonObject, route: Route, *, versioned: bool) -> JsonObject:
    names = [*(ALWAYS if route.unlimited else RATE_LIMIT_HEADERS), *status_headers(code)]
    if versioned and code != HTTPStatus.NO_CONTENT:
        names.append("ETag")
    said: JsonObject = {"description": answer["description"], "headers": header_refs(*names)}
    bare = code in route.empty_responses or not (route.response_model or route.text)
    return said if bare else said | {"content": answer["content"]}


def _name_of(told: JsonValue, method: str, path: str) -> str:
    """Return the name of the function that answers: Powertools adds path and method to it."""
    operation = str(cast("JsonObject", told)["operationId"])
    return operation.removesuffix(re.sub(r"\W", "_", path) + f"_{method}")


def _named(told: JsonObject) -> Iterator[int]:
    """Yield the errors that any operation speaks of."""
    for operation in _operations(told):
        for code, answer in _parts(operation["responses"]):
            if "$ref" in cast("JsonObject", answer):
                yield int(code)


def _operations(told: JsonObject) -> Iterator[JsonObject]:
    for _, operations in _parts(told["paths"]):
        yield from (cast("JsonObject", operation) for _, operation in _parts(operations))


def _parts(value: JsonValue) -> Sequence[tuple[str, JsonValue]]:
    return list(cast("JsonObject", value).items())
