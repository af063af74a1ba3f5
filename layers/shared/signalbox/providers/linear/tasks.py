"""The fields of a Linear event, within the limits of a task."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.facts import label_names, short_name
from signalbox.ingress.payload import require
from signalbox.models.event import Event
from signalbox.models.text import one_line, web_url
from signalbox.providers.linear.commands import sender_of
from signalbox.providers.linear.payload import Before, Data, IssueReference, Payload

_URL: Final = ":/?#[]@!$&'()*+,;=%"
"""The characters that stay in a URL; Linear writes the title of an issue into it as it is."""


def events_of(type_: str, payload: Payload, text: CommandText) -> tuple[Event, ...]:
    """Return the event of this type, and one for each label, status and assignee that it sets.

    Raises:
        PayloadInvalid: The issue or the comment is missing.
    """
    data = require(payload.data, "data")
    issue = data.issue or data
    event = Event(
        type=type_,
        title=one_line(issue.title or issue.identifier or "") or type_,
        author=sender_of(type_, payload),
        occurred_at=payload.created_at,
        repository=_team(issue),
        url=web_url(quote(payload.url or "", safe=_URL)),
        labels=_labels(data),
    )
    match type_:
        case "issue.create":
            details = list(_initial(data))
        case "issue.update":
            details = list(_changed(data, payload.before or Before()))
        case _:
            details = []
    with_text = replace(
        event,
        text=text.text,
        previous_text=text.previous_text,
        thread=text.thread,
        writer=text.writer,
    )
    return (
        with_text,
        *(
            replace(event, type=f"{type_}.{field}", detail=short_name(detail))
            for field, detail in details
        ),
    )


def _initial(data: Data) -> Iterator[tuple[str, str | None]]:
    """Yield the fields that an issue is created with."""
    yield from (("labels", label) for label in _labels(data))
    if data.assignee_id:
        yield "assignee", data.assignee_id


def _changed(data: Data, before: Before) -> Iterator[tuple[str, str | None]]:
    """Yield the fields that an update sets, each with its new value."""
    if before.label_ids is not None:
        yield from (("labels", label) for label in _labels(data, before.label_ids))
    if before.has("state_id"):
        yield "state", data.state.name if data.state else None
    if before.has("assignee_id") and data.assignee_id:
        yield "assignee", data.assignee_id


def _labels(data: Data, without: Collection[str | None] = ()) -> tuple[str, ...]:
    """Return the names of the labels, but of those with the ids `without`."""
    return label_names(
        label.name for label in data.labels or () if label and label.id not in without
    )


def _team(issue: IssueReference) -> str | None:
    """Return the key of the team, with which the identifier of an issue starts."""
    key = issue.team.key if issue.team else None
    return short_name(key or (issue.identifier or "").rpartition("-")[0])
