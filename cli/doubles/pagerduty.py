"""PagerDuty, as far as the Events API v2 opens and closes alerts of one service.

https://developer.pagerduty.com/docs/events-api-v2-overview
https://developer.pagerduty.com/docs/send-alert-event
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, JsonValue, ValidationError

from cli.doubles.double import DoubleRequest, DoubleResponse

_KEY: Final = "d0b1e0000000000000000000000000aa"
_PATHS: Final = frozenset({"/v2/enqueue", "/v2/change/enqueue"})
_MAX_BYTES: Final = 512 * 1024

_Summary = Annotated[str, Field(min_length=1, max_length=1_024)]


class _EventLink(BaseModel):
    href: str


class _AlertPayload(BaseModel):
    summary: _Summary
    source: str = Field(min_length=1)
    severity: Literal["critical", "error", "warning", "info"]


class _AlertEvent(BaseModel):
    event_action: Literal["trigger", "acknowledge", "resolve"]
    dedup_key: str = Field(min_length=1, max_length=255)
    payload: _AlertPayload
    links: list[_EventLink] = Field(default_factory=list)


class _ChangePayload(BaseModel):
    summary: _Summary


class _ChangeEvent(BaseModel):
    payload: _ChangePayload
    links: list[_EventLink] = Field(default_factory=list)


@dataclass(slots=True)
class _Alert:
    summary: str
    severity: str
    state: str = "triggered"


class PagerDutyDouble:
    """A service with one integration."""

    def __init__(self) -> None:
        self._alerts: list[_Alert] = []
        self._open: dict[str, _Alert] = {}
        self._changes: list[str] = []

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection that opens an alert for every new task."""
        return {"api_url": url, "trigger": ["created", "failed"]}

    def secret(self, url: str) -> str:  # noqa: ARG002  others need it
        """Return the routing key."""
        return _KEY

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Take an event."""
        if request.method != "POST" or request.path not in _PATHS:
            return DoubleResponse(status=404)
        if len(request.body) > _MAX_BYTES:
            return DoubleResponse(status=413)
        if refusal := _refused_key(request.json().get("routing_key")):
            return _invalid(refusal)
        try:
            return self._take(request)
        except ValidationError:
            return _invalid("'payload' is not valid")

    def shown(self) -> Sequence[str]:
        """Return the alerts with their states, then the recorded changes."""
        alerts = [f"[{alert.state}, {alert.severity}] {alert.summary}" for alert in self._alerts]
        return [*alerts, *self._changes]

    def _take(self, request: DoubleRequest) -> DoubleResponse:
        if request.path != "/v2/change/enqueue":
            return self._alert(_AlertEvent.model_validate_json(request.body))
        self._changes.append(_ChangeEvent.model_validate_json(request.body).payload.summary)
        return _processed({})

    def _alert(self, event: _AlertEvent) -> DoubleResponse:
        alert = self._open.get(event.dedup_key)
        if event.event_action == "trigger":
            if alert is None:
                alert = _Alert(event.payload.summary, event.payload.severity)
                self._alerts.append(alert)
                self._open[event.dedup_key] = alert
        elif alert and event.event_action == "acknowledge":
            alert.state = "acknowledged"
        elif alert:
            alert.state = "resolved"
            del self._open[event.dedup_key]
        return _processed({"dedup_key": event.dedup_key})


def _refused_key(key: JsonValue) -> str:
    if not isinstance(key, str) or len(key) != len(_KEY):
        return "Length of 'routing_key' is incorrect (should be 32 characters)"
    return "" if key == _KEY else "Invalid routing key"


def _processed(more: Mapping[str, JsonValue]) -> DoubleResponse:
    said = {"status": "success", "message": "Event processed", **more}
    return DoubleResponse.of_json(said, 202)


def _invalid(error: str) -> DoubleResponse:
    said: dict[str, JsonValue] = {"status": "invalid event", "message": "Event object is invalid"}
    return DoubleResponse.of_json({**said, "errors": [error]}, 400)


DOUBLE: Final = PagerDutyDouble
