"""Render a change as a Block Kit message.

Foreign text is put into rich text and plain text only, where nothing is markup.
https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from typing import Final

from pydantic import JsonValue

from signalbox.egress.task_text import change_title, change_word, task_facts
from signalbox.egress.text import escaped_line, escaped_lines, escaped_url
from signalbox.models.base import JsonObject
from signalbox.models.change import TaskView
from signalbox.models.notification import Notification
from signalbox.models.task import TaskStatus

_LINK: Final = 1_400
_TEXT: Final = 3_000

_ICONS: Final = {
    "awaiting_approval": "raised_hand",
    "created": "inbox_tray",
    "approved": "thumbsup",
    "started": "arrow_forward",
    "released": "leftwards_arrow_with_hook",
    "retrying": "repeat",
    "lease_lost": "warning",
    "succeeded": "white_check_mark",
    "failed": "x",
    "cancelled": "no_entry_sign",
    "retried": "arrows_counterclockwise",
    "ready": "vertical_traffic_light",
}
_OTHER_ICON: Final = "bell"

_BUTTONS: Final = {
    TaskStatus.AWAITING_APPROVAL: ("approve", "reject"),
    TaskStatus.PENDING: ("cancel",),
    TaskStatus.RUNNING: ("cancel",),
    TaskStatus.FAILED: ("retry",),
    TaskStatus.CANCELLED: ("retry",),
}
_STYLES: Final = {"approve": "primary", "reject": "danger"}


def render(
    notification: Notification, channel: str | None = None, *, buttons: bool = False
) -> JsonObject:
    """Return the message: for `chat.postMessage` if there is a channel, else for a webhook."""
    task = notification.change.data
    icon = _ICONS.get(change_word(notification.change), _OTHER_ICON)
    words = change_title(notification.change)
    title = escaped_line(task.title, 300) or "untitled"
    summary = task.result.summary if task.result else None
    emoji: JsonObject = {"type": "emoji", "name": icon}
    blocks: list[JsonValue] = [
        _rich(_section(emoji, _text(" "), _text(title, bold=True), _text(f"\n{words}"))),
        _rich(_section(*_facts(task))),
        *_quoted("Reason", escaped_lines(task.reason, 1_500)),
        *_quoted("Result", escaped_lines(summary, 2_500)),
        *_links(task),
        {"type": "context", "elements": [_plain(f"{task.id} · {notification.id}")]},
    ]
    text = f":{icon}: {words}: {escaped_line(task.title, 300, _escaped) or title}"
    if notification.text is not None:
        blocks = [
            _rich(_section(_text(escaped_lines(notification.text, _TEXT) or title))),
            blocks[-1],
        ]
        text = escaped_lines(notification.text, _TEXT, _escaped) or text
    if buttons:
        blocks += _buttons(task)
    message: JsonObject = {
        "text": text,
        "mrkdwn": False,
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }
    return message if channel is None else message | _addressed(notification, channel)


def _addressed(notification: Notification, channel: str) -> JsonObject:
    ids: JsonObject = {
        "notification_id": notification.id,
        "task_id": notification.task_id,
        "change_id": notification.change.id,
    }
    return {
        "channel": channel,
        "metadata": {"event_type": "signalbox_task", "event_payload": ids},
    }


def _buttons(task: TaskView) -> list[JsonValue]:
    """Return the buttons for a task: their ids are commands, their value is the task.

    https://docs.slack.dev/reference/block-kit/block-elements/button-element
    """
    names = _BUTTONS.get(task.status, ())
    elements: list[JsonValue] = [
        {
            "type": "button",
            "action_id": name,
            "text": _plain(name.capitalize()),
            "value": task.id,
            **({"style": _STYLES[name]} if name in _STYLES else {}),
        }
        for name in names
    ]
    return [{"type": "actions", "elements": elements}] if elements else []


def _facts(task: TaskView) -> list[JsonObject]:
    shown = [(f"{name}: ", fact) for name, fact in task_facts(task, 200).items()]
    parts = [(_text(name), _text(fact, bold=True), _text("\n")) for name, fact in shown]
    return [element for part in parts for element in part][:-1]


def _quoted(name: str, text: str) -> list[JsonValue]:
    if not text:
        return []
    return [
        _rich(
            _section(_text(name, bold=True)),
            {"type": "rich_text_quote", "elements": [_text(text)]},
        )
    ]


def _links(task: TaskView) -> list[JsonValue]:
    urls = {
        "Open the source": escaped_url(task.url, _LINK),
        "Open the result": escaped_url(task.result.url if task.result else None, _LINK),
    }
    shown = [
        _section({"type": "link", "url": url, "text": name}) for name, url in urls.items() if url
    ]
    return [_rich(*shown)] if shown else []


def _rich(*elements: JsonObject) -> JsonObject:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*elements: JsonObject) -> JsonObject:
    return {"type": "rich_text_section", "elements": list(elements)}


def _text(text: str, *, bold: bool = False) -> JsonObject:
    """Return text as it is: Slack interprets no markup, emoji, name or link in it."""
    style: JsonObject = {"style": {"bold": True}} if bold else {}
    return {"type": "text", "text": text} | style


def _plain(text: str) -> JsonObject:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escaped(text: str) -> str:
    """Return text for the notification that a device shows instead of the blocks."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
