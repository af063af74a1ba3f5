"""Render a change as an issue, and as a comment, in the Atlassian Document Format.

Foreign text is put into text nodes only, where nothing is markup.
https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from collections.abc import Iterator, Sequence
from typing import Final

from pydantic import JsonValue

from signalbox.egress.task_text import approval_hint, change_title, task_facts
from signalbox.egress.text import escaped_line, escaped_lines, escaped_url
from signalbox.models.base import JsonObject
from signalbox.models.change import TaskView
from signalbox.models.command_grammar import MARKER
from signalbox.models.ids import TaskId
from signalbox.models.notification import Notification

_SUMMARY: Final = 255
_FACT: Final = 200
_LINK: Final = 1_000
_DESCRIPTION: Final = 5_000
_REASON: Final = 1_000
_PROGRESS: Final = 200
_RESULT: Final = 4_000
_TEXT: Final = 4_000
_LINES: Final = 60
"""How many lines a text has at most: each is a node, and a document has 32,767 characters."""


def issue_label(task: TaskId) -> str:
    """Return the label by which the issue of a task is found."""
    return f"signalbox-{task}"


def issue_fields(
    notification: Notification, *, project: str, issue_type: str, labels: Sequence[str]
) -> JsonObject:
    """Return the fields of the issue that is created for a task."""
    task = notification.change.data
    body = [*_request(task), *_state(notification)]
    return {
        "project": {"key": project},
        "issuetype": {"name": issue_type},
        "summary": escaped_line(task.title, _SUMMARY) or "untitled",
        "labels": list(dict.fromkeys((*labels, issue_label(task.id)))),
        "description": _document(notification, body),
    }


def comment_body(notification: Notification) -> JsonObject:
    """Return the body of the comment on a change."""
    return _document(notification, list(_state(notification)))


def _request(task: TaskView) -> Iterator[JsonValue]:
    """Yield what a task asks for."""
    description = escaped_lines(task.description or task.instruction, _DESCRIPTION)
    if description:
        yield _paragraph(*_lines(description))


def _state(notification: Notification) -> Iterator[JsonValue]:
    """Yield what became of a task, or the message of a subscription's template."""
    task = notification.change.data
    if shown := escaped_lines(notification.text, _TEXT):
        yield _paragraph(*_lines(shown))
        return
    facts = " · ".join(f"{name}: {fact}" for name, fact in task_facts(task, _FACT).items())
    title = change_title(notification.change)
    yield _paragraph(_text(title, {"type": "strong"}), _text(f" · {facts}"))
    if hint := approval_hint(task):
        yield _paragraph(_text(hint))
    summary = task.result.summary if task.result else None
    for name, text in {
        "Progress": "" if task.result else escaped_line(task.progress, _PROGRESS),
        "Reason": escaped_lines(task.reason, _REASON),
        "Result": escaped_lines(summary, _RESULT),
    }.items():
        if text:
            yield _paragraph(_text(f"{name}: ", {"type": "strong"}), *_lines(text))
    if links := list(_links(task)):
        yield _paragraph(*links)


def _links(task: TaskView) -> Iterator[JsonValue]:
    urls = {"Source": task.url, "Result": task.result.url if task.result else None}
    shown = ((name, escaped_url(url, _LINK)) for name, url in urls.items())
    for index, (name, url) in enumerate((name, url) for name, url in shown if url):
        if index:
            yield _text(" · ")
        yield _text(name, {"type": "link", "attrs": {"href": url}})


def _document(notification: Notification, blocks: Sequence[JsonValue]) -> JsonObject:
    """Return a document that ends with our marker, in grey, since it cannot be hidden."""
    marker = f"{MARKER}{notification.task_id} {notification.id} -->"
    grey: JsonObject = {"type": "textColor", "attrs": {"color": "#97a0af"}}
    return {"type": "doc", "version": 1, "content": [*blocks, _paragraph(_text(marker, grey))]}


def _lines(text: str) -> Iterator[JsonValue]:
    """Yield the nodes of a text: a text node may be neither empty nor hold a line break."""
    lines = text.split("\n")
    shown = lines if len(lines) <= _LINES else [*lines[: _LINES - 1], "…"]
    for index, line in enumerate(shown):
        if index:
            yield {"type": "hardBreak"}
        if line:
            yield _text(line)


def _paragraph(*nodes: JsonValue) -> JsonObject:
    return {"type": "paragraph", "content": list(nodes)}


def _text(text: str, mark: JsonObject | None = None) -> JsonObject:
    marks: JsonObject = {"marks": [mark]} if mark else {}
    return {"type": "text", "text": text} | marks
