"""The message of Slack that a task came from, by the URL of the task."""

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from signalbox.models.change import TaskView
from signalbox.models.frozen import frozen

_ID: Final = re.compile(r"[A-Z0-9]{1,32}")
_TS: Final = re.compile(r"[0-9]{1,10}\.[0-9]{1,6}")
_PERMALINK: Final = re.compile(r"/archives/([A-Z0-9]{1,32})/p([0-9]{1,10})([0-9]{6})")
_HOST: Final = re.compile(r"(?:[a-z0-9-]{1,63}\.)?slack(?:-gov)?\.com")


@frozen
class MessagePlace:
    """A channel, a message in it and the thread of that message, both with ids `channel:ts`."""

    channel: str
    message: str = ""
    thread: str = ""


def origin_of(task: TaskView) -> MessagePlace | None:
    """Return where the message is that a task came from, None if it is from no message."""
    parts = urlsplit(task.url or "")
    if task.provider != "slack" or not _HOST.fullmatch(parts.hostname or ""):
        return None
    if permalink := _PERMALINK.fullmatch(parts.path):
        channel, ts = permalink[1], f"{permalink[2]}.{permalink[3]}"
        return _place(channel, ts, ts)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    ts = query.get("message_ts", "")
    return _place(query.get("channel", ""), ts, query.get("thread_ts", ts))


def _place(channel: str, ts: str, thread: str) -> MessagePlace | None:
    if not (_ID.fullmatch(channel) and _TS.fullmatch(ts) and _TS.fullmatch(thread)):
        return None
    return MessagePlace(channel=channel, message=f"{channel}:{ts}", thread=f"{channel}:{thread}")
