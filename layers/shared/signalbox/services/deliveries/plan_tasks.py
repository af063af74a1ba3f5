"""From events to tasks: what a source makes a task of, and which id and priority it gets.

A source's `events` decide about events, its `commands` and `bots` about commands, its `authors`
about both. A command counts where both who wrote it and who sent it may command: who corrects a
text of somebody else does not command what stands in it. What we say ourselves makes neither.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from signalbox.models.command_grammar import (
    KNOWN_COMMANDS,
    MARKER,
    command_identity,
    is_marked,
    new_commands,
    option_value,
)
from signalbox.models.config import Source, pattern_matches
from signalbox.models.event import Author, Command, Event, ParsedPayload
from signalbox.models.ids import DeliveryId, RequestId, task_id
from signalbox.models.lifecycle import created
from signalbox.models.task import Priority, Task, TaskOrigin
from signalbox.models.text import one_line

_AUTHOR: Final = "the author"
_PRIORITY_LABEL: Final = re.compile(r"priority\s*[:/=-]\s*(high|normal|low)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryContext:
    """What is known of a delivery before it is kept."""

    id: DeliveryId
    key: str
    source: Source
    at: datetime
    request_id: RequestId | None
    retention: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """The tasks that a delivery asks for, and in words why nothing was made of the rest."""

    tasks: tuple[Task, ...]
    notes: tuple[str, ...]


def plan_tasks(parsed: ParsedPayload, received: DeliveryContext) -> TaskPlan:
    """The tasks of a delivery, with ids that are the same whenever it is read."""
    tasks: dict[str, Task] = {}
    notes: list[str] = [parsed.ignored] if parsed.ignored else []
    for position, event in enumerate(parsed.events):
        why: list[str] = []
        for task in _tasks(event, received, f"event:{position}", why):
            tasks.setdefault(task.id, task)
        notes += (f"{event.type}: {reason}" for reason in why)
    return TaskPlan(tasks=tuple(tasks.values()), notes=tuple(notes))


def _tasks(event: Event, received: DeliveryContext, name: str, why: list[str]) -> Iterator[Task]:
    """The tasks of an event, which `name` names within its delivery; `why` learns why no others."""
    ours = _ours(event, received.source)
    if ours:
        why.append(ours)
        return
    commands = _commands(event, received.source, why)
    for command in commands:
        yield _commanded(event, command, received, name)
    if _asked_for(event, received.source):
        stranger = _stranger(event.author, _AUTHOR, received.source)
        if stranger is None:
            yield _made(event, received, received.key, name)
        elif stranger not in why:
            why.append(stranger)
    elif not commands and not why:
        new = "" if event.previous_text is None else "new "
        why.append(f"no {new}command in it, and the source makes no task of the event")


def _ours(event: Event, source: Source) -> str | None:
    """Why an event is one of our own, which makes nothing, whatever it says."""
    if event.author and _is_us(event.author, source):
        return f"{event.author.name} is our own account"
    if event.text and is_marked(event.text):
        return f"the text carries our own marker {MARKER}"
    return None


def _is_us(person: Author, source: Source) -> bool:
    return person.name.casefold().removesuffix("[bot]") == source.mention.casefold()


def _commands(event: Event, source: Source, why: list[str]) -> list[Command]:
    """The commands of an event that count."""
    known = KNOWN_COMMANDS | {name.casefold() for name in source.commands}
    found = new_commands(event, mention=source.mention, known=known)
    unheard = _unheard(event, source)
    if found and unheard:
        why.append(unheard)
        return []
    listed = [command for command in found if pattern_matches(source.commands, command.name)]
    why += (
        f"the source does not list the command {command.name}"
        for command in found
        if command not in listed
    )
    why += (
        f"the text of {command.name} was cut: it is too long"
        for command in listed
        if command.truncated
    )
    return listed


def _unheard(event: Event, source: Source) -> str | None:
    """Why no command in an event's text counts."""
    if event.moved:
        return "the text was moved here, and what is moved commands nothing"
    if event.writer and _is_us(event.writer, source):
        return f"{event.writer.name}, who wrote the text, is our own account"
    return _unlisted(event.author, _AUTHOR, source) or _unlisted(
        event.writer, "the writer of the text", source
    )


def _unlisted(person: Author | None, called: str, source: Source) -> str | None:
    """Why the commands of somebody do not count."""
    if (
        person
        and person.automated
        and not (source.bots and pattern_matches(source.bots, person.name))
    ):
        return f"{person.name} is a bot that the source does not list"
    return _stranger(person, called, source)


def _stranger(person: Author | None, called: str, source: Source) -> str | None:
    """Why nothing that somebody does counts; of nobody known, where authors are named."""
    if source.authors and not (person and pattern_matches(source.authors, person.name)):
        return f"{called} is not one that the source lists"
    return None


def _asked_for(event: Event, source: Source) -> bool:
    """Whether the source makes a task of the event, by its type or its type and detail."""
    details = (event.detail or "", *event.counts_as)
    names = (event.type, *(f"{event.type}:{detail}" for detail in details))
    return bool(source.events) and any(pattern_matches(source.events, name) for name in names)


def _commanded(event: Event, command: Command, received: DeliveryContext, name: str) -> Task:
    # the same command of the same comment is one task, whichever delivery brings it
    where = (event.thread,) if event.thread else (received.key, name)
    said = one_line(command.instruction)
    task = _made(event, received, *where, "command", *command_identity(command))
    return task.model_copy(
        update={
            "kind": command.name,
            "title": one_line(f"{command.name}: {said or event.title}"),
            "arguments": tuple(_clean(argument) for argument in command.arguments),
            "instruction": _clean(command.instruction),
            "description": _clean(command.description),
            "priority": _priority(option_value(command, "priority")) or task.priority,
        }
    )


def _made(event: Event, received: DeliveryContext, *names: str) -> Task:
    source = received.source
    by_label = (_PRIORITY_LABEL.fullmatch(label.strip()) for label in event.labels)
    labelled = next((found[1] for found in by_label if found), None)
    task = Task(
        id=task_id(source.provider, source.name, *names),
        kind=event.type,
        title=one_line(event.title),
        labels=tuple(one_line(label) for label in event.labels[:50]),
        origin=TaskOrigin(
            provider=source.provider,
            source=source.name,
            delivery_id=received.id,
            delivery_key=received.key,
            event=event.type,
            request_id=received.request_id,
        ),
        repository=event.repository,
        branch=event.branch,
        commit=event.commit,
        author=event.author.name if event.author else None,
        url=event.url,
        priority=_priority(labelled) or source.priority,
        max_attempts=source.max_attempts,
        retention=received.retention,
        created_at=received.at,
        updated_at=received.at,
    )
    return created(task, by=f"{source.provider}/{source.name}")


def _priority(word: str | None) -> Priority | None:
    folded = (word or "").casefold()
    return Priority(folded) if folded in set(Priority) else None


def _clean(text: str) -> str:
    """The text without lone surrogates, which JSON may hold and UTF-8 may not."""
    return text.encode("utf-8", "replace").decode()
