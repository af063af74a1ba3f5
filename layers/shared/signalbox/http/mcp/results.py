"""What tools and resources return, from the response of the API."""

import json
from http import HTTPStatus
from typing import Final, cast

from pydantic import JsonValue, TypeAdapter

from signalbox.http.events import LambdaResponse
from signalbox.http.mcp.tools import ArgumentsInvalid
from signalbox.http.mcp.untrusted import UNTRUSTED_META, untrusted_notice, untrusted_pointers
from signalbox.models.base import DEFERRED, JsonObject
from signalbox.models.frozen import frozen

_MAX_TEXT: Final = 1_000_000
_TOO_LARGE: Final = "The result is too large to repeat as text; it is in structuredContent."
_ARGUMENTS: Final = ("/body/", "/query/", "/path/", "/header/")
_PROBLEM_FIELDS: Final = ("code", "status", "detail", "errors")

_json: TypeAdapter[JsonObject] = TypeAdapter(JsonObject, config=DEFERRED)


@frozen
class MarkedDocument:
    """A document of the API, and where in it text of strangers is."""

    text: str
    document: JsonObject
    untrusted: list[str]

    @property
    def meta(self) -> JsonObject:
        """Return the `_meta` of a result with this document."""
        return {UNTRUSTED_META: cast("JsonValue", self.untrusted)} if self.untrusted else {}


def marked_document(response: LambdaResponse) -> MarkedDocument:
    """Return the document of a successful response."""
    document = _json.validate_json(response["body"])
    return MarkedDocument(
        text=response["body"], document=document, untrusted=untrusted_pointers(document)
    )


def is_success(response: LambdaResponse) -> bool:
    """Return whether the API did what it was asked for."""
    return response["statusCode"] < HTTPStatus.BAD_REQUEST


def tool_result(response: LambdaResponse) -> JsonObject:
    """Return the result of a call of a tool."""
    if not is_success(response):
        return _error(response)
    marked = marked_document(response)
    notice = [_text(untrusted_notice(marked.untrusted))] if marked.untrusted else []
    text = marked.text if len(marked.text) <= _MAX_TEXT else _TOO_LARGE
    result: JsonObject = {
        "content": [*notice, _text(text)],
        "structuredContent": marked.document,
        "isError": False,
    }
    return {**result, "_meta": marked.meta} if marked.meta else result


def invalid_arguments(invalid: ArgumentsInvalid) -> JsonObject:
    """Return the result of a call whose arguments are not valid, in the form of a problem."""
    errors: list[JsonValue] = [{"pointer": place, "code": code} for place, code in invalid.errors]
    return _error_result(
        {"code": "validation_failed", "status": 422, "detail": str(invalid), "errors": errors}
    )


def _error(response: LambdaResponse) -> JsonObject:
    problem = _json.validate_json(response["body"])
    shown = {name: problem[name] for name in _PROBLEM_FIELDS if problem.get(name)}
    errors = cast("list[JsonObject]", shown.get("errors", []))
    for error in errors:
        error["pointer"] = _argument(str(error["pointer"]))
    wait = response["headers"].get("retry-after")
    return _error_result({**shown, "retry_after_seconds": int(wait)} if wait else shown)


def _argument(pointer: str) -> str:
    """Return the pointer into the arguments; the route knows body, query and path."""
    for part in _ARGUMENTS:
        if pointer.startswith(part):
            return f"/{pointer.removeprefix(part)}"
    return pointer


def _error_result(problem: JsonObject) -> JsonObject:
    text = json.dumps(problem, separators=(",", ":"))
    return {"content": [_text(text)], "isError": True}


def _text(text: str) -> JsonObject:
    return {"type": "text", "text": text}
