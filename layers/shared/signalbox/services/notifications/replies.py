"""Replies: a task answers where its command was given, without a connection of its own.

The source is the connection: its token and its settings lead to the same service. A source without
a token answers nothing. See docs/decisions/0016-tasks-answer-where-they-came-from.md.
"""

import re
from typing import Final

from signalbox.models.change import Change
from signalbox.models.connection import Connection, ReplyConnection
from signalbox.models.errors import NotFound
from signalbox.models.ids import ConnectionId
from signalbox.models.source import ReplyMode, Source
from signalbox.models.task import ChangeType, Task
from signalbox.services.config.find_source import find_source
from signalbox.services.ports.config import ConfigStore

REPLY_CHANGES: Final = frozenset(
    {
        ChangeType.CREATED,
        ChangeType.APPROVED,
        ChangeType.STARTED,
        ChangeType.RETRYING,
        ChangeType.SUCCEEDED,
        ChangeType.FAILED,
        ChangeType.CANCELLED,
        ChangeType.RETRIED,
    }
)

_PREFIX: Final = "reply:"
"""No id of a configured connection has a colon."""

_PLACES: Final = {
    "github": re.compile(r"/(?:issues|pull)/[0-9]+(?:[/?#]|\Z)"),
    "gitlab": re.compile(r"/-/(?:issues|merge_requests)/[0-9]+(?:[/?#]|\Z)"),
    "gitea": re.compile(r"/(?:issues|pulls)/[0-9]+(?:[/?#]|\Z)"),
    "jira": re.compile(r"/browse/[A-Z][A-Z0-9_]*-[0-9]+(?:[/?#]|\Z)"),
    "linear": re.compile(r"/issue/[A-Z][A-Z0-9]*-[0-9]+(?:[/?#]|\Z)"),
    "trello": re.compile(r"/c/[A-Za-z0-9]+(?:[/?#]|\Z)"),
    "slack": re.compile(r"[?&]message_ts=[0-9]+\.[0-9]+(?:&|\Z)|/archives/[A-Z0-9]+/p[0-9]+\Z"),
}
"""The part of a task's URL that its provider can be answered at."""

REPLYING: Final = frozenset(_PLACES)
"""The providers whose connector of the same name can answer."""


def reply_for(change: Change, task: Task, source: Source | None) -> ReplyConnection | None:
    """Return the connection by which a task answers a change, None if it does not."""
    provider = task.origin.provider
    if provider not in REPLYING or change.change_type not in REPLY_CHANGES:
        return None
    if source is None or not source.enabled or source.reply is ReplyMode.OFF:
        return None
    is_command = task.kind != task.origin.event
    if not is_command and source.reply is not ReplyMode.ALL:
        return None
    return _reply(source) if _PLACES[provider].search(task.url or "") else None


def find_connection(config: ConfigStore, name: ConnectionId) -> Connection:
    """Return a connection: a configured one, or a source that answers.

    Raises:
        NotFound: There is no such connection.
    """
    if not name.startswith(_PREFIX):
        return config.connection(name)
    provider, _, source_name = name.removeprefix(_PREFIX).partition("/")
    source = find_source(config, provider, source_name)
    if source is None or source.reply is ReplyMode.OFF:
        raise NotFound("the source does not answer")
    return _reply(source)


def _reply(source: Source) -> ReplyConnection:
    return ReplyConnection(
        id=ConnectionId(f"{_PREFIX}{source.key}"),
        connector=source.provider,
        settings=source.settings,
        token=source.token_name,
    )
