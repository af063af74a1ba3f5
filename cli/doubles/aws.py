"""EventBridge, as far as events are put on one bus.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, DoubleResponse

_BUS: Final = "arn:aws:events:us-east-1:000000000000:event-bus/double"
_REQUIRED: Final = ("Source", "DetailType", "Detail")
_MAX_BYTES: Final = 262_144


class EventBridgeDouble:
    """An account with one bus."""

    def __init__(self) -> None:
        self._events: list[tuple[str, dict[str, JsonValue]]] = []

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection to the bus."""
        return {"event_bus": _BUS, "api_url": url}

    def secret(self, url: str) -> None:
        """Return None: the request is signed with the role of the function."""

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Put events on the bus; those for another bus match no rule and are dropped."""
        if "Signature=" not in request.headers.get("authorization", ""):
            return _error("MissingAuthenticationToken", 403)
        if request.headers.get("x-amz-target") != "AWSEvents.PutEvents":
            return _error("UnknownOperationException", 400)
        entries = request.json().get("Entries")
        if not isinstance(entries, list) or not entries:
            return _error("ValidationException", 400)
        results: list[JsonValue] = [self._put(entry) for entry in entries]
        failed = sum(isinstance(each, dict) and "ErrorCode" in each for each in results)
        return _json({"FailedEntryCount": failed, "Entries": results}, 200)

    def shown(self) -> Sequence[str]:
        """Return the type of each event and the title in its detail."""
        return [f"{type_}: {_title(detail)}" for type_, detail in self._events]

    def _put(self, entry: JsonValue) -> JsonValue:
        values = entry if isinstance(entry, dict) else {}
        texts = [values.get(name) for name in _REQUIRED]
        if not all(isinstance(text, str) and text for text in texts):
            return {"ErrorCode": "InvalidArgument"}
        if sum(len(str(text).encode()) for text in texts) > _MAX_BYTES:
            return {"ErrorCode": "InvalidArgument"}
        try:
            detail = json.loads(str(values["Detail"]))
        except ValueError:
            return {"ErrorCode": "MalformedDetail"}
        if not isinstance(detail, dict):
            return {"ErrorCode": "MalformedDetail"}
        if values.get("EventBusName") == _BUS:
            self._events.append((str(values["DetailType"]), detail))
        return {"EventId": f"11710aed-b79e-4468-a20b-{len(self._events):012}"}


def _title(event: dict[str, JsonValue]) -> JsonValue:
    task = event.get("data")
    return task.get("title") if isinstance(task, dict) else None


def _error(code: str, status: int) -> DoubleResponse:
    return _json({"__type": code, "message": code}, status)


def _json(value: JsonValue, status: int) -> DoubleResponse:
    return DoubleResponse.of_json(value, status, {"Content-Type": "application/x-amz-json-1.1"})


DOUBLE: Final = EventBridgeDouble
