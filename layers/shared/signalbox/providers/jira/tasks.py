"""The fields of a Jira event, within the limits of a task."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.facts import label_names, short_name
from signalbox.models.event import Event
from signalbox.models.text import one_line, web_url
from signalbox.providers.jira.commands import author_of, changes_of, sender_of, site_of
from signalbox.providers.jira.payload import Change, Fields, Issue, Payload

_API: Final = "api.atlassian.com/"
"""Where apps call the REST API of every site; issues have no pages there."""


def events_of(name: str, payload: Payload, text: CommandText) -> tuple[Event, ...]:
    """Return the event of this name, and one for each label, status and assignee that it sets.

    The text of an update belongs to the event of the description.
    """
    issue = payload.issue or Issue()
    fields = issue.fields or Fields()
    event = Event(
        type=name,
        title=one_line(fields.summary or issue.key or "") or name,
        detail=_issue_type(fields) if name.startswith("issue_") else None,
        author=sender_of(name, payload),
        occurred_at=payload.timestamp,
        repository=_project(issue, fields),
        url=_page(issue, payload),
        labels=label_names(fields.labels or ()),
    )
    with_text = replace(
        event,
        text=text.text,
        previous_text=text.previous_text,
        thread=text.thread,
        writer=text.writer,
    )
    match name:
        case "issue_created":
            details = list(_initial(fields))
        case "issue_updated":
            details = list(_changed(payload, fields))
        case _:
            details = []
    return (
        event if name == "issue_updated" else with_text,
        *(
            replace(
                with_text if field == "description" else event,
                type=f"{name}.{field}",
                detail=short_name(detail),
            )
            for field, detail in details
        ),
    )


def _initial(fields: Fields) -> Iterator[tuple[str, str | None]]:
    """Yield the fields that an issue is created with, beside its type."""
    yield from (("labels", label) for label in label_names(fields.labels or ()))
    if fields.assignee:
        yield "assignee", _user(fields)


def _changed(payload: Payload, fields: Fields) -> Iterator[tuple[str, str | None]]:
    """Yield the fields that an update sets, each with its new value."""
    for field, change in changes_of(payload):
        match field:
            case "labels":
                yield from (("labels", label) for label in _added(change))
            case "status":
                yield "status", change.text_after
            case "assignee" if change.after:
                yield "assignee", _user(fields) or change.after
            case "description":
                yield "description", None


def _added(change: Change) -> tuple[str, ...]:
    before = set((change.text_before or "").split())
    return label_names(label for label in (change.text_after or "").split() if label not in before)


def _user(fields: Fields) -> str | None:
    assignee = author_of(fields.assignee)
    return assignee.name if assignee else None


def _issue_type(fields: Fields) -> str | None:
    return short_name(fields.issue_type.name) if fields.issue_type else None


def _project(issue: Issue, fields: Fields) -> str | None:
    """Return the key of the project, with which the key of an issue starts."""
    key = fields.project.key if fields.project else None
    return short_name(key or (issue.key or "").rpartition("-")[0])


def _page(issue: Issue, payload: Payload) -> str | None:
    """Return the URL of the issue, or of the comment on it."""
    comment = payload.comment
    url = issue.url or (comment.url if comment else None)
    site = site_of(url)
    if not url or not site or not issue.key or site.startswith(_API):
        return None
    focus = f"?focusedCommentId={comment.id}" if comment else ""
    return web_url(f"{url.partition(':')[0]}://{site}/browse/{issue.key}{focus}")
