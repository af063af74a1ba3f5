"""The fields of a Sentry event, within the limits of a task."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.facts import label_names, short_name
from signalbox.ingress.payload import require
from signalbox.models.event import Event
from signalbox.models.frozen import frozen
from signalbox.models.text import one_line, web_url
from signalbox.providers.sentry.commands import author_of
from signalbox.providers.sentry.payload import Issue, Payload

_PROJECT: Final = re.compile(r"/projects/[^/]{1,100}/([^/]{1,100})/")


@frozen
class _Facts:
    """The fields of an event as Sentry sent them, of any length."""

    title: str | None
    project: str | None
    url: str | None = None
    at: datetime | None = None
    detail: str | None = None
    level: str | None = None


def event_of(resource: str, payload: Payload, text: CommandText) -> Event:
    """Return the event of this resource from the payload and its text.

    Raises:
        PayloadInvalid: A part that such an event must have is missing.
    """
    facts = _READERS[resource](payload)
    type_ = f"{resource}.{payload.action}"
    return Event(
        type=type_,
        title=one_line(facts.title or "") or type_,
        detail=short_name(facts.detail),
        author=author_of(payload.actor),
        occurred_at=facts.at,
        repository=short_name(facts.project),
        url=web_url(facts.url),
        labels=label_names([facts.level]),
        text=text.text,
        thread=text.thread,
        writer=text.writer,
    )


def _issue(payload: Payload) -> _Facts:
    issue = require(payload.data.issue, "data.issue")
    return _on_issue(
        issue,
        detail=_change(issue, payload),
        at=issue.first_seen if payload.action == "created" else None,
    )


def _change(issue: Issue, payload: Payload) -> str | None:
    """Return what the action leaves open: the level, the assignee, how it was resolved, or why."""
    assignee = payload.data.assignee or issue.assigned_to
    match payload.action:
        case "created":
            return issue.level
        case "assigned":
            return assignee.name if assignee else None
        case "resolved":
            return payload.data.resolution_type
    return issue.substatus


def _activity_alert(payload: Payload) -> _Facts:
    activity = payload.data.activity
    return _on_issue(
        require(payload.data.issue, "data.issue"), detail=activity.type if activity else None
    )


def _on_issue(issue: Issue, *, detail: str | None, at: datetime | None = None) -> _Facts:
    return _Facts(
        title=issue.title,
        project=issue.project.slug if issue.project else None,
        url=issue.web_url or issue.permalink,
        at=at,
        detail=detail,
        level=issue.level,
    )


def _event_alert(payload: Payload) -> _Facts:
    event = require(payload.data.event, "data.event")
    project = _PROJECT.search(event.url or "")
    return _Facts(
        title=event.title,
        project=project[1] if project else None,
        url=event.web_url,
        at=event.occurred_at,
        detail=payload.data.triggered_rule,
        level=event.level,
    )


def _metric_alert(payload: Payload) -> _Facts:
    alert = require(payload.data.metric_alert, "data.metric_alert")
    return _Facts(
        title=payload.data.description_title or alert.title,
        project=alert.projects[0] if alert.projects and len(alert.projects) == 1 else None,
        url=payload.data.web_url,
        at=alert.date_closed or alert.date_started,
        detail=alert.alert_rule.name if alert.alert_rule else None,
    )


def _comment(payload: Payload) -> _Facts:
    data = payload.data
    return _Facts(
        title=None if data.issue_id is None else f"Comment on issue {data.issue_id}",
        project=data.project_slug,
        at=data.timestamp,
    )


_READERS: Final[Mapping[str, Callable[[Payload], _Facts]]] = {
    "issue": _issue,
    "event_alert": _event_alert,
    "activity_alert": _activity_alert,
    "metric_alert": _metric_alert,
    "comment": _comment,
}
