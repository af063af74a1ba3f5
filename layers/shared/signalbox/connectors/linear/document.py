"""The texts of issues and comments, in Markdown.

Foreign text is escaped and quoted: nobody is mentioned, no issue is linked, and no line of it is a
command when Linear sends it back. Every text ends with our marker, as code, since Linear drops
comments of HTML.
"""

import re
from collections.abc import Iterator
from typing import Final

from signalbox.egress.task_text import approval_hint, change_title, task_facts
from signalbox.egress.text import escaped_line, escaped_lines, escaped_url
from signalbox.models.change import TaskView
from signalbox.models.command_grammar import MARKER
from signalbox.models.notification import Notification

_TITLE: Final = 250
_FACT: Final = 200
_TEXT: Final = 5_000
_LINK: Final = 2_000
_MARKUP: Final = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|~:@$&]")


def title(notification: Notification) -> str:
    """Return the title of the issue of a task, which is plain text."""
    return escaped_line(notification.change.data.title, _TITLE) or "untitled"


def description(notification: Notification) -> str:
    """Return the description of the issue of a task."""
    task = notification.change.data
    facts = [f"- {name}: {fact}" for name, fact in task_facts(task, _FACT, _escaped).items()]
    asked = escaped_lines(task.description or task.instruction, _TEXT, _escaped)
    parts = (
        f"**{change_title(notification.change)}**",
        "\n".join(facts),
        _quoted(asked),
        _links(task),
        _marker(notification),
    )
    return "\n\n".join(filter(None, parts))


def comment(notification: Notification) -> str:
    """Return the comment about a change."""
    return "\n\n".join((*_body(notification), _marker(notification)))


def _body(notification: Notification) -> Iterator[str]:
    task = notification.change.data
    if notification.text is not None:
        text = escaped_lines(notification.text, _TEXT, _escaped)
        yield _quoted(text) or f"**{change_title(notification.change)}**"
        return
    name = escaped_line(task.title, _TITLE, _escaped) or "untitled"
    yield f"**{change_title(notification.change)}**: {name}"
    if hint := approval_hint(task):
        yield hint
    texts = {
        "Progress": task.progress if task.result is None else None,
        "Reason": task.reason,
        "Result": task.result.summary if task.result else None,
    }
    for label, foreign in texts.items():
        if shown := escaped_lines(foreign, _TEXT, _escaped):
            yield f"{label}:\n\n{_quoted(shown)}"
    if links := _links(task):
        yield links


def _links(task: TaskView) -> str:
    urls = {
        "Open the source": None if task.provider == "linear" else task.url,
        "Open the result": task.result.url if task.result else None,
    }
    links = {text: escaped_url(url, _LINK, _in_link) for text, url in urls.items()}
    return " · ".join(f"[{text}]({url})" for text, url in links.items() if url)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n")) if text else ""


def _marker(notification: Notification) -> str:
    return f"`{MARKER}{notification.task_id} {notification.id} -->`"


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text)


def _in_link(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29")
