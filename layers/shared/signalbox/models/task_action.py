"""What a command does to an existing task, instead of creating one."""

import re
from enum import StrEnum
from typing import Final

from signalbox.models.event import Command
from signalbox.models.frozen import frozen
from signalbox.models.ids import TASK_ID, TaskId
from signalbox.models.text import one_line

_TASK_ID: Final = re.compile(TASK_ID)


class TaskVerb(StrEnum):
    """What is done to the task."""

    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    RETRY = "retry"


_VERBS: Final = frozenset(TaskVerb)
_DECISIONS: Final = frozenset({TaskVerb.APPROVE, TaskVerb.REJECT})


@frozen
class TaskAction:
    """An action of a person at a provider.

    `by` names the person in the history of the task. `repository` is where the command was given.
    `reason` are the words behind the task.
    """

    verb: TaskVerb
    task: TaskId
    by: str
    repository: str | None = None
    reason: str = ""


def is_action(command: Command) -> bool:
    """Return whether a command is for an existing task: `approve` and `reject` always are.

    `cancel` and `retry` are, if a task is named; without one they are commands like others.
    """
    if command.name not in _VERBS:
        return False
    return command.name in _DECISIONS or named_task(command) is not None


def named_task(command: Command) -> TaskId | None:
    """Return the task that the first word of a command names."""
    first = command.arguments[0] if command.arguments else ""
    return TaskId(first) if _TASK_ID.fullmatch(first) else None


def action_of(command: Command, task: TaskId, by: str, repository: str | None) -> TaskAction:
    """Return the action of a command."""
    return TaskAction(
        verb=TaskVerb(command.name),
        task=task,
        by=by,
        repository=repository,
        reason=one_line(" ".join(command.arguments[1:]), 200),
    )
