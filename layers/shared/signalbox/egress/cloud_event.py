"""A notification as a CloudEvent, in which secrets are masked.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from typing import Literal

from pydantic import JsonValue

from signalbox.models.base import JsonObject
from signalbox.models.change import TaskSummary
from signalbox.models.notification import Notification
from signalbox.models.redaction import MASK, redacted
from signalbox.models.trace_context import TRACEPARENT

EventPayload = Literal["full", "thin"]
"""The task as the API has it, or what a list of tasks shows of it."""


def cloud_event(notification: Notification, *, payload: EventPayload = "full") -> JsonObject:
    """Return the change as a CloudEvent, in which secrets are masked.

    The message of a template, if there is one, is its extension attribute `message`. The trace
    context is `traceparent`, as the extension for distributed tracing has it:
    https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/distributed-tracing.md
    """
    change = notification.change
    hidden = set(type(change.data).model_fields) - set(TaskSummary.model_fields)
    event = change.model_dump(
        mode="json",
        exclude={"data": hidden} if payload == "thin" else {"data": {"result": {"data"}}},
    )
    event = {name: _masked(value) for name, value in event.items()}
    if change.data.traceparent:
        event[TRACEPARENT] = change.data.traceparent
    if notification.text is not None:
        event["message"] = redacted(notification.text)
    result = change.data.result
    if payload == "full" and result:
        event["data"]["result"]["data"] = _masked_by_name(result.data)
    return event


def _masked(value: JsonValue) -> JsonValue:
    """Return the value without what looks like a secret in any of its texts."""
    match value:
        case str():
            return redacted(value)
        case list():
            return [_masked(item) for item in value]
        case dict():
            return {name: _masked(item) for name, item in value.items()}
    return value


def _masked_by_name(value: JsonValue) -> JsonValue:
    """Return a worker's value, where a name may tell that its text is a secret."""
    match value:
        case list():
            return [_masked_by_name(item) for item in value]
        case dict():
            return {redacted(name): _masked_entry(name, item) for name, item in value.items()}
    return _masked(value)


def _masked_entry(name: str, value: JsonValue) -> JsonValue:
    if not isinstance(value, str):
        return _masked_by_name(value)
    text = redacted(value)
    entry = f'"{redacted(name)}": "{text}"'
    return text if redacted(entry) == entry else MASK
