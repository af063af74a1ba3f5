"""The OpenAPI 3.1 document: what Powertools generates, and what it does not know.

Powertools describes parameters and bodies. This module adds which scope an operation needs and
which errors it can have, so that the document is complete and has nothing superfluous.
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
from signalbox.http.openapi_gateway import gateway_paths, gateway_schemas
from signalbox.http.openapi_webhooks import signature_schemes, webhook_paths, webhook_schemas
from signalbox.http.problems import PROBLEM_JSON
from signalbox.http.routing import Route, Routes
from signalbox.models.base import JsonObject
from signalbox.models.ids import TASK_ID
from signalbox.models.session_cookies import SESSION_COOKIE

DESCRIPTION: Final = """\
Signalbox turns webhooks into durable tasks, hands them to workers and notifies others of changes.

Every error is a problem (RFC 9457): use its `code` in programs; its `type` is a page about it.
Lists are paginated: send `next` as `cursor` until it is null.
"""
TAGS: Final = {
    "tasks": "Create, list, update, approve, cancel and retry tasks",
    "work": "The worker protocol: claim, heartbeat, complete, fail and release tasks",
    "queue": "Status of the task queues, pausing, and dead letters",
    "deliveries": "Received webhooks: explain and replay them",
    "notifications": "Notifications of changes, and their attempts",
    "config": "Sources, connections and subscriptions",
    "schedules": "When tasks are created by themselves, and which",
    "gateway": "Services behind the gateway, and the routes to them",
    "keys": "API keys and roles",
    "sessions": "Sessions of the dashboard, in a cookie",
    "audit": "The audit log",
    "incidents": "Failures, grouped by their cause",
    "realtime": "Live updates over WebSocket",
    "metrics": "Metrics as JSON and for Prometheus",
    "webhooks": "The endpoints of webhooks",
    "health": "Health and readiness",
    "docs": "The OpenAPI document, and pages that explain problems",
}
_SECURITY: Final[JsonObject] = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, or a token of a configured issuer",
    },
    "Session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "A session of the dashboard. Unsafe methods need X-Signalbox-Request: 1 too",
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
"""The patterns of parameters whose types say less."""


def openapi_document(
    routes: Routes, *, version: str, signed: Mapping[str, str], base_path: str = ""
) -> str:
    """Return the document as JSON, with the webhooks of these providers and their signatures.

    `base_path` is where the API is mounted, such as `/hooks`.
    """
    known = {(route.method.lower(), route.template): route for route in routes.all}
    document = _generated(routes, version)
    paths: JsonObject = {}
    for path, operations in sorted(_parts(document["paths"])):
        paths[path] = {
            method: {
                **_operation(operation, known[method, path]),
                "operationId": _name_of(operation, method, path),
            }
            for method, operation in _parts(operations)
        }
    document["servers"] = [{"url": base_path or "/", "x-internal": False}]
    document["paths"] = {**paths, **gateway_paths(), **webhook_paths(signed)}
    components = cast("dict[str, JsonObject]", document["components"])
    components["schemas"] = {
        **gateway_schemas(),
        **_schemas(components["schemas"]),
        **webhook_schemas(),
    }
    named = sorted(set(_named(document)))
    components["responses"] = {status_name(code): problem_component(code) for code in named}
    components["headers"] = header_components()
    components["securitySchemes"] = _SECURITY | signature_schemes(signed)
    used = {tag for op in _operations(document) for tag in cast("list[str]", op.get("tags", []))}
    document["tags"] = [{"name": tag, "description": TAGS.get(tag, tag)} for tag in sorted(used)]
    return json.dumps(with_bounds(document), separators=(",", ":"))


def _generated(routes: Routes, version: str) -> JsonObject:
    text = routes.registered().get_openapi_json_schema(
        title="Signalbox", version=version, openapi_version="3.1.0", description=DESCRIPTION
    )
    document: JsonObject = json.loads(text)
    document["info"] = {
        **cast("JsonObject", document["info"]),
        "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
    }
    return document


def _operation(document: JsonValue, route: Route) -> JsonObject:
    operation = dict(cast("JsonObject", document))
    operation["security"] = [{name: []} for name in _SECURITY] if route.needs_credentials else []
    needs = f"Needs the scope `{route.scope}`." if route.scope else ""
    if needs or route.more:
        operation["description"] = f"{needs} {route.more}".strip()
    parameters = cast("list[JsonObject]", operation.get("parameters", []))
    answers = cast("dict[str, JsonObject]", operation["responses"])
    versioned = any(each["name"] in _CONDITIONS for each in parameters)
    good = {
        code: _success(int(code), each, route, versioned=versioned)
        for code, each in answers.items()
        if not _is_problem(each)
    }
    bad = {int(code) for code, each in answers.items() if _is_problem(each)} & _possible(
        operation, route
    )
    operation["responses"] = {**cast("JsonObject", good), **problem_refs(bad | _by_path(route))}
    if parameters:
        operation["parameters"] = [_parameter(each, route) for each in parameters]
    return operation


def _possible(operation: JsonObject, route: Route) -> set[int]:
    """Return the error statuses that this operation can have."""
    impossible = set() if "requestBody" in operation else {415}
    impossible |= {429, 503} if route.unlimited else set()
    return set(range(400, 600)) - (impossible - set(route.problems))


def _by_path(route: Route) -> set[int]:
    """Return the statuses that follow from the form of the path."""
    return {404} if "<" in route.path else set()


def _parameter(document: JsonObject, route: Route) -> JsonObject:
    """Return the parameter without null: it is present or not."""
    schema = cast("JsonObject", document.get("schema", {}))
    match schema.get("anyOf"):
        case [dict() as real, {"type": "null"}]:
            title = {"title": schema["title"]} if "title" in schema else {}
            schema = {**real, **title} if "$ref" not in real else real
    shaped = {**schema, **_SHAPES.get(str(document["name"]), {})}
    asks = _PRECONDITION_REQUIRED in route.problems and not route.creates
    asked = document["name"] == "if-match" and asks
    return {**document, "required": asked or document["required"], "schema": shaped}


def _schemas(document: JsonObject) -> JsonObject:
    """Return our own schemas, with their examples."""
    kept: JsonObject = {
        name: schema for name, schema in document.items() if name not in _OF_POWERTOOLS
    }
    for name, example in EXAMPLES.items():
        if name in kept:
            kept[name] = {
                **cast("JsonObject", kept[name]),
                "examples": [cast("JsonValue", example)],
            }
    return kept


def _is_problem(answer: JsonObject) -> bool:
    return PROBLEM_JSON in cast("JsonObject", answer.get("content", {}))


def _success(code: int, answer: JsonObject, route: Route, *, versioned: bool) -> JsonObject:
    names = [*(ALWAYS if route.unlimited else RATE_LIMIT_HEADERS), *status_headers(code)]
    if versioned and code != HTTPStatus.NO_CONTENT:
        names.append("ETag")
    response: JsonObject = {"description": answer["description"], "headers": header_refs(*names)}
    bare = code in route.empty_responses or not (route.response_model or route.text)
    return response if bare else response | {"content": answer["content"]}


def _name_of(document: JsonValue, method: str, path: str) -> str:
    """Return the name of the route's function, without the suffix that Powertools adds."""
    operation = str(cast("JsonObject", document)["operationId"])
    return operation.removesuffix(re.sub(r"\W", "_", path) + f"_{method}")


def _named(document: JsonObject) -> Iterator[int]:
    """Yield the error statuses of all operations."""
    for operation in _operations(document):
        for code, answer in _parts(operation["responses"]):
            if "$ref" in cast("JsonObject", answer):
                yield int(code)


def _operations(document: JsonObject) -> Iterator[JsonObject]:
    for _, operations in _parts(document["paths"]):
        yield from (cast("JsonObject", operation) for _, operation in _parts(operations))


def _parts(value: JsonValue) -> Sequence[tuple[str, JsonValue]]:
    return list(cast("JsonObject", value).items())
