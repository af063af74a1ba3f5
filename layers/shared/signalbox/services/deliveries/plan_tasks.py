"""Plan the tasks of a delivery: which events and commands of a source become tasks.

The filter `events` of a source selects events, `commands` and `bots` select commands, and `authors`
selects both. A command counts if both its writer and its sender may give commands: editing another
person's text does not give the commands in it. Our own texts and accounts create no tasks.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from signalbox.models.command_grammar import (
    KNOWN_COMMANDS,
    MARKER,
    command_identity,
    is_marked,
    new_commands,
    option_value,
)
from signalbox.models.event import Author, Command, Event, ParsedPayload
from signalbox.models.frozen import frozen
from signalbox.models.hops import MAX_HOPS
from signalbox.models.ids import DeliveryId, RequestId, event_name, task_id
from signalbox.models.lifecycle import created
from signalbox.models.source import CommandPermission, Source, pattern_matches
from signalbox.models.task import Priority, Task, TaskOrigin
from signalbox.models.task_action import TaskAction, action_of, is_action, named_task
from signalbox.models.text import one_line
from signalbox.services.deliveries.approval import actor, to_approve
from signalbox.services.deliveries.permissions import nobody_may
from signalbox.services.ports.deliveries import PermissionCheck

if TYPE_CHECKING:
    from signalbox.services.deliveries.event_rules import EventRules

_AUTHOR: Final = "the author"
_MAX_SUMMARY: Final = 1_000
_PRIORITY_LABEL: Final = re.compile(r"priority\s*[:/=-]\s*(high|normal|low)", re.IGNORECASE)
_PRIORITIES: Final[Mapping[str, Priority]] = {priority: priority for priority in Priority}


@frozen
class DeliveryContext:
    """What is known of a delivery before it is stored.

    `rules` are those of the source over its contents, if it has any. `received_at` is the time of
    its arrival if that was before `at`.
    """

    id: DeliveryId
    key: str
    source: Source
    at: datetime
    request_id: RequestId | None
    retention: int
    permission: PermissionCheck = nobody_may
    hops: int = 0
    received_at: datetime | None = None
    rules: "EventRules | None" = None


@frozen
class TaskPlan:
    """The tasks that a delivery requests, and notes on why the rest of it created none.

    `actions` are what its commands do to existing tasks.
    """

    tasks: tuple[Task, ...]
    notes: tuple[str, ...]
    actions: tuple[TaskAction, ...] = ()

    @property
    def summary(self) -> str:
        """Return the tasks, or why there are none, in a sentence for the person who asked."""
        if self.tasks:
            listed = ", ".join(f"{task.id} ({task.kind})" for task in self.tasks)
            return f"{'Task' if len(self.tasks) == 1 else 'Tasks'} {listed}"
        return one_line(f"No task: {'; '.join(self.notes)}", _MAX_SUMMARY)


def plan_tasks(parsed: ParsedPayload, context: DeliveryContext) -> TaskPlan:
    """Return the tasks of a delivery. Their ids are the same whenever it is interpreted."""
    if context.hops > MAX_HOPS:
        note = f"it has passed more than {MAX_HOPS} installations: they call each other in a circle"
        return TaskPlan(tasks=(), notes=(note,))
    tasks: dict[str, Task] = {}
    actions: list[TaskAction] = []
    notes: list[str] = [parsed.ignored] if parsed.ignored else []
    for position, event in enumerate(parsed.events):
        reasons: list[str] = []
        for task in _tasks(event, context, event_name(position), reasons, actions):
            tasks.setdefault(task.id, task)
        notes += (f"{event.type}: {reason}" for reason in reasons)
    return TaskPlan(tasks=tuple(tasks.values()), notes=tuple(notes), actions=tuple(actions))


def _tasks(
    event: Event,
    context: DeliveryContext,
    name: str,
    notes: list[str],
    actions: list[TaskAction],
) -> Iterator[Task]:
    """Yield the tasks of an event, whose name within the delivery is `name`.

    Append to `notes` why there are no others, and to `actions` what its commands do to existing
    tasks.
    """
    source, rules = context.source, context.rules
    refusal = _own_event(event, source) or (rules and rules.refusal(event))
    if refusal:
        notes.append(refusal)
        return
    commands = _commands(event, context, notes)
    for command in commands:
        if is_action(command):
            _add_action(event, command, context, notes, actions)
        else:
            task = _command_task(event, command, context, name)
            yield to_approve(task, event, source, {task.kind})
    if _is_selected(event, source):
        refused = _refused_author(event.author, _AUTHOR, source)
        if refused is None:
            task = _event_task(event, context, context.key, name)
            yield to_approve(task, event, source, {task.kind, event.type})
        elif refused not in notes:
            notes.append(refused)
    elif not commands and not notes:
        new = "" if event.previous_text is None else "new "
        notes.append(f"no {new}command in it, and the source makes no task of the event")


def _add_action(
    event: Event,
    command: Command,
    context: DeliveryContext,
    notes: list[str],
    actions: list[TaskAction],
) -> None:
    task = named_task(command)
    if task is None:
        notes.append(f"{command.name} names no task: /{command.name} tsk_…")
    else:
        name = event.author.name if event.author else "somebody"
        by = actor(context.source.provider, name)
        actions.append(action_of(command, task, by, event.repository))


def _own_event(event: Event, source: Source) -> str | None:
    """Return why an event is one of our own and creates no task."""
    if event.author and _is_own_account(event.author, source):
        return f"{event.author.name} is our own account"
    if event.text and is_marked(event.text):
        return f"the text carries our own marker {MARKER}"
    return None


def _is_own_account(person: Author, source: Source) -> bool:
    return person.name.casefold().removesuffix("[bot]") == source.mention.casefold()


def _commands(event: Event, context: DeliveryContext, notes: list[str]) -> list[Command]:
    """Return the commands of an event that count."""
    source = context.source
    known = KNOWN_COMMANDS | {name.casefold() for name in source.commands}
    found = new_commands(event, mention=source.mention, known=known)
    refused = _refused_text(event, source)
    if found and refused:
        notes.append(refused)
        return []
    allowed = [command for command in found if pattern_matches(source.commands, command.name)]
    notes += (
        f"the source does not list the command {command.name}"
        for command in found
        if command not in allowed
    )
    lacking = _lacking_permission(event, context) if allowed else None
    if lacking:
        notes.append(lacking)
        return []
    notes += (
        f"the text of {command.name} was cut: it is too long"
        for command in allowed
        if command.truncated
    )
    return allowed


def _lacking_permission(event: Event, context: DeliveryContext) -> str | None:
    """Return why a person who is behind the text of an event may not give commands.

    Whom the source lists, among its authors or its bots, may.
    """
    source = context.source
    if source.permission is CommandPermission.OFF or source.authors:
        return None
    persons = [person for person in (event.author, event.writer) if person]
    if not persons:
        return "the event names nobody whose permission could be checked"
    for person in dict.fromkeys(persons):
        listed = person.automated and source.bots and pattern_matches(source.bots, person.name)
        reason = None if listed else context.permission(source, event, person)
        if reason:
            return reason
    return None


def _refused_text(event: Event, source: Source) -> str | None:
    """Return why no command in the text of an event counts."""
    if event.moved:
        return "the text was moved here, and what is moved commands nothing"
    if event.writer and _is_own_account(event.writer, source):
        return f"{event.writer.name}, who wrote the text, is our own account"
    return _refused_commander(event.author, _AUTHOR, source) or _refused_commander(
        event.writer, "the writer of the text", source
    )


def _refused_commander(person: Author | None, called: str, source: Source) -> str | None:
    """Return why the commands of a person do not count."""
    if (
        person
        and person.automated
        and not (source.bots and pattern_matches(source.bots, person.name))
    ):
        return f"{person.name} is a bot that the source does not list"
    return _refused_author(person, called, source)


def _refused_author(person: Author | None, called: str, source: Source) -> str | None:
    """Return why nothing that a person does counts.

    Unknown persons are refused if authors are listed.
    """
    if source.authors and not (person and pattern_matches(source.authors, person.name)):
        return f"{called} is not one that the source lists"
    return None


def _is_selected(event: Event, source: Source) -> bool:
    """Return whether the source selects the event, by its type or by its type and detail."""
    details = (event.detail or "", *event.counts_as)
    names = (event.type, *(f"{event.type}:{detail}" for detail in details))
    return bool(source.events) and any(pattern_matches(source.events, name) for name in names)


def _command_task(event: Event, command: Command, context: DeliveryContext, name: str) -> Task:
    # the same command of the same comment is one task, whichever delivery brings it
    thread = (event.thread,) if event.thread else (context.key, name)
    instruction = one_line(command.instruction)
    task = _event_task(event, context, *thread, "command", *command_identity(command))
    return task.model_copy(
        update={
            "kind": command.name,
            "title": one_line(f"{command.name}: {instruction or event.title}"),
            "arguments": tuple(_clean(argument) for argument in command.arguments),
            "instruction": _clean(command.instruction),
            "description": _clean(command.description),
            "priority": _priority(option_value(command, "priority")) or task.priority,
        }
    )


def _event_task(event: Event, context: DeliveryContext, *names: str) -> Task:
    source = context.source
    task = Task(
        id=task_id(source.provider, source.name, *names),
        kind=event.type,
        title=one_line(event.title),
        labels=tuple(one_line(label) for label in event.labels[:50]),
        origin=TaskOrigin(
            provider=source.provider,
            source=source.name,
            delivery_id=context.id,
            delivery_key=context.key,
            event=event.type,
            request_id=context.request_id,
            hops=context.hops,
        ),
        repository=event.repository,
        branch=event.branch,
        commit=event.commit,
        author=event.author.name if event.author else None,
        url=event.url,
        priority=_labelled_priority(event.labels) or source.priority,
        max_attempts=source.max_attempts,
        retention=context.retention,
        created_at=context.at,
        updated_at=context.at,
    )
    if context.rules:
        task = context.rules.transformed(task, event)
    return created(task, by=f"{source.provider}/{source.name}")


def _labelled_priority(labels: Sequence[str]) -> Priority | None:
    """Return the priority that the first label of one names."""
    for label in labels:
        if found := _PRIORITY_LABEL.fullmatch(label.strip()):
            return _priority(found[1])
    return None


def _priority(word: str | None) -> Priority | None:
    return _PRIORITIES.get((word or "").casefold())


def _clean(text: str) -> str:
    """Return the text without lone surrogates, which JSON may hold and UTF-8 may not."""
    return text.encode("utf-8", "replace").decode()
