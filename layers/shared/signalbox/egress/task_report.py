"""What forges show of a task: a comment in Markdown, and the line of a commit status.

Foreign text is escaped by CommonMark 0.31, 2.4, and its references of GitHub, GitLab and Gitea are
broken by a character without width: persons, issues, merge requests, labels, links.
"""

import re
from collections.abc import Iterator
from typing import Final

from signalbox.egress.task_text import approval_hint, change_title, change_word, task_facts
from signalbox.egress.text import escaped_line, escaped_to_fit, escaped_url
from signalbox.models.change import TaskView
from signalbox.models.command_grammar import MARKER
from signalbox.models.ids import TaskId
from signalbox.models.notification import Notification
from signalbox.models.redaction import redacted
from signalbox.models.text import one_line

_ICONS: Final = {
    "awaiting_approval": "✋",
    "created": "📥",
    "approved": "👍",
    "started": "▶️",
    "released": "↩️",
    "retrying": "🔁",
    "lease_lost": "⚠️",
    "succeeded": "✅",
    "failed": "❌",
    "cancelled": "⛔",
    "retried": "🔄",
    "ready": "🚦",
}
_OTHER_ICON: Final = "🔔"

_TITLE: Final = 600
_FACT: Final = 200
_LINK: Final = 2_000
_REASON: Final = 5_000
_RESULT: Final = 12_000
"""With these a comment has less than 25,000 characters, of which GitHub takes 65,536."""

_NO_WIDTH: Final = "\u200b"
_REFERENCE: Final = re.compile(r"""(?<=[@#!~%$&^])(?=["\w])|(?<=:)(?=//)|(?<=\bwww)(?=\.)""")
_NUMBERED: Final = re.compile(r"\bGH-(?=\d)", re.IGNORECASE)
_MARKUP: Final = re.compile(r"[!#$&()*+<=>\[\\\]_`{|}~-]")


def comment_marker(task: TaskId) -> str:
    """Return what marks our comment on a task; it is hidden from readers."""
    return f"{MARKER}{task} -->"


def report_comment(notification: Notification) -> str:
    """Return the comment that shows a task after a change, with the marker in front."""
    parts = [comment_marker(notification.task_id), "\n\n".join(_parts(notification))]
    return "\n".join(parts)


def report_line(notification: Notification, limit: int) -> str:
    """Return the task after a change in one line of plain text, at most `limit` units long."""
    task = notification.change.data
    if notification.text is not None:
        return escaped_line(notification.text, limit) or change_title(notification.change)
    detail = task.reason or (task.result.summary if task.result else None) or task.progress
    line = f"{change_title(notification.change)}: {detail or task.title}"
    return escaped_line(line, limit)


def report_url(task: TaskView, limit: int) -> str:
    """Return the URL of the result, else of the source; empty if neither can be shown."""
    result = task.result.url if task.result else None
    return escaped_url(result, limit) or escaped_url(task.url, limit)


def _parts(notification: Notification) -> Iterator[str]:
    task = notification.change.data
    title = _line(task.title, _TITLE) or "untitled"
    if notification.text is not None:
        yield _quoted(_lines(notification.text, _RESULT)) or title
    else:
        icon = _ICONS.get(change_word(notification.change), _OTHER_ICON)
        yield f"{icon} **{change_title(notification.change)}**: {title}"
        if hint := approval_hint(task):
            yield hint
        if reason := _lines(task.reason, _REASON):
            yield _quoted(reason)
        summary = task.result.summary if task.result else None
        if result := _lines(summary, _RESULT):
            yield _quoted(result)
        yield " · ".join(_facts(task))
    yield f"<sub>{task.id}</sub>"


def _facts(task: TaskView) -> Iterator[str]:
    facts = {**task_facts(task, _FACT, _escaped_fact)}
    if not task.result:
        facts["Progress"] = _line(task.progress, _FACT)
    yield from (f"{name}: {fact}" for name, fact in facts.items() if fact)
    links = {"source": task.url, "result": task.result.url if task.result else None}
    for name, url in links.items():
        if shown := escaped_url(url, _LINK):
            yield f"[{name}](<{shown}>)"


def _quoted(text: str) -> str:
    """Return lines as a quotation, in which no service or bot finds its commands."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _line(text: str | None, limit: int) -> str:
    """Return foreign text for one line."""
    return escaped_to_fit(one_line(_unlinked(text), limit), limit, _escaped)


def _lines(text: str | None, limit: int) -> str:
    """Return foreign text that may have several lines."""
    lines = [one_line(line, limit) for line in _unlinked(text).splitlines()]
    return escaped_to_fit("\n".join(lines).strip(), limit, _escaped)


def _unlinked(text: str | None) -> str:
    """Return foreign text without secrets, in which nobody and nothing is referred to."""
    apart = _REFERENCE.sub(_NO_WIDTH, redacted(text or ""))
    return _NUMBERED.sub(lambda match: match[0] + _NO_WIDTH, apart)


def _escaped(text: str) -> str:
    r"""Return text in which Markdown finds no markup: what could be some has a `\` before it."""
    return _MARKUP.sub(r"\\\g<0>", text)


def _escaped_fact(text: str) -> str:
    """Return a short text, which is escaped a character at a time, so each reference is broken."""
    return re.sub(r"[@#!~%$&^]", rf"\g<0>{_NO_WIDTH}", _escaped(text))
