"""Render a change as a card, and as a comment, in Trello's Markdown.

Foreign text is escaped, and mentions nobody.
https://support.atlassian.com/trello/docs/how-to-format-your-text-in-trello/
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from signalbox.egress.task_text import approval_hint, change_title, task_facts
from signalbox.egress.text import escaped_line, escaped_lines, escaped_url
from signalbox.models.base import JsonObject
from signalbox.models.change import TaskView
from signalbox.models.command_grammar import MARKER
from signalbox.models.notification import Notification

_NAME: Final = 500
_FACT: Final = 200
_LINK: Final = 1_000
_DESCRIPTION: Final = 5_000
_REASON: Final = 1_000
_PROGRESS: Final = 200
_RESULT: Final = 4_000
_TEXT: Final = 4_000
_STEPS: Final = 20
_STEP: Final = 500
_MARKUP: Final = re.compile(r"[\\*_~`|<>\[\]()#!+-]")


def card_fields(notification: Notification, list_id: str, labels: Sequence[str] = ()) -> JsonObject:
    """Return the fields of the card that is created for a task."""
    task = notification.change.data
    description = escaped_lines(task.description or task.instruction, _DESCRIPTION, _escaped)
    fields: JsonObject = {
        "idList": list_id,
        "name": escaped_line(task.title, _NAME) or "untitled",
        "desc": _joined(notification, [description, *_state(notification)]),
        "idLabels": list(labels),
    }
    if task.due:
        fields["due"] = task.due.isoformat()
    return fields


def comment_text(notification: Notification) -> str:
    """Return the text of the comment on a change."""
    return _joined(notification, _state(notification))


def steps(task: TaskView) -> list[str]:
    """Return the items of a checklist: the arguments of a task."""
    items = (escaped_line(argument, _STEP) for argument in task.arguments)
    return list(dict.fromkeys(filter(None, items)))[:_STEPS]


def _state(notification: Notification) -> Iterator[str]:
    """Yield what became of a task, or the message of a subscription's template."""
    task = notification.change.data
    if shown := escaped_lines(notification.text, _TEXT, _escaped):
        yield shown
        return
    facts = task_facts(task, _FACT, _escaped)
    yield " · ".join(
        (
            f"**{change_title(notification.change)}**",
            *(f"{name}: {fact}" for name, fact in facts.items()),
        )
    )
    yield approval_hint(task)
    summary = task.result.summary if task.result else None
    texts = {
        "Progress": "" if task.result else escaped_line(task.progress, _PROGRESS, _escaped),
        "Reason": escaped_lines(task.reason, _REASON, _escaped),
        "Result": escaped_lines(summary, _RESULT, _escaped),
    }
    yield from (f"**{name}:** {text}" for name, text in texts.items() if text)
    urls = {"Source": task.url, "Result": task.result.url if task.result else None}
    links = {name: escaped_url(url, _LINK, _in_link) for name, url in urls.items()}
    yield " · ".join(f"[{name}]({url})" for name, url in links.items() if url)


def _joined(notification: Notification, texts: Iterator[str] | Sequence[str]) -> str:
    """Return a text that ends with our marker."""
    marker = f"{MARKER}{notification.task_id} {notification.id} -->"
    return "\n\n".join(filter(None, (*texts, marker)))


def _escaped(text: str) -> str:
    """Return text in which Trello finds no Markdown, link or mention."""
    return _MARKUP.sub(r"\\\g<0>", text).replace("@", "@\u200b")


def _in_link(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29")
