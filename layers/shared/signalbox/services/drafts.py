"""From events to tasks: what a source makes a task of, and which id and priority it gets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final

from signalbox.models.config import Source, matches
from signalbox.models.event import Command, Event, Parsed
from signalbox.models.grammar import KNOWN, MARKER, marked, new_commands, option
from signalbox.models.ids import DeliveryId, RequestId, task_id
from signalbox.models.lifecycle import created
from signalbox.models.task import Origin, Priority, Task
from signalbox.models.text import one_line

_PRIORITY_LABEL: Final = re.compile(r"priority\s*[:/=-]\s*(high|normal|low)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What is known of a delivery before it is kept."""

    id: DeliveryId
    key: str
    source: Source
    at: datetime
    request_id: RequestId | None
    retention: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """The tasks that a delivery asks for, and in words why nothing was made of the rest."""

    tasks: tuple[Task, ...]
    notes: tuple[str, ...]


def drafts(parsed: Parsed, received: Received) -> Drafts:
    """The tasks of a delivery, with ids that are the same whenever it is read."""
    tasks: dict[str, Task] = {}
    notes: list[str] = [parsed.ignored] if parsed.ignored else []
    index = count()
    for event in parsed.events:
        stopped = _stopped(event, received.source)
        if stopped:
            notes.append(f"{event.type}: {stopped}")
            continue
        for task in _tasks(event, received, index, notes):
            tasks.setdefault(task.id, task)
    return Drafts(tasks=tuple(tasks.values()), notes=tuple(notes))


def _stopped(event: Event, source: Source) -> str | None:
    """Why an event must make no task, whatever it says."""
    author = event.author
    if event.text and marked(event.text):
        return f"the text carries our own marker {MARKER}"
    if (
        event.text
        and author
        and author.automated
        and not (source.bots and matches(source.bots, author.name))
    ):
        return f"{author.name} is a bot that the source does not list"
    if source.authors and not (author and matches(source.authors, author.name)):
        return "the author is not one that the source lists"
    return None


def _tasks(
    event: Event, received: Received, index: Iterator[int], notes: list[str]
) -> Iterator[Task]:
    source = received.source
    known = KNOWN | {name.casefold() for name in source.commands}
    found = False
    for command in new_commands(event, mention=source.mention, known=known):
        number = next(index)
        if not matches(source.commands, command.name):
            notes.append(f"{event.type}: the source does not list the command {command.name}")
            continue
        found = True
        yield _commanded(event, command, received, number)
    if _asked_for(event, source):
        found = True
        yield _made(event, received, received.key, f"event:{next(index)}")
    if not found:
        notes.append(f"{event.type}: no command in it, and the source makes no task of the event")


def _asked_for(event: Event, source: Source) -> bool:
    """Whether the source makes a task of the event, by its type or its type and detail."""
    precise = f"{event.type}:{event.detail or ''}"
    return bool(source.events) and (
        matches(source.events, event.type) or matches(source.events, precise)
    )


def _commanded(event: Event, command: Command, received: Received, number: int) -> Task:
    # the same command of the same comment is one task, whichever delivery brings it
    alone = (received.key, "command", str(number))
    heard = (event.thread or "", "command", command.name, command.instruction)
    said = one_line(command.instruction)
    task = _made(event, received, *(heard if event.thread else alone))
    return task.model_copy(
        update={
            "kind": command.name,
            "title": one_line(f"{command.name}: {said or event.title}"),
            "arguments": tuple(_clean(argument) for argument in command.arguments),
            "instruction": _clean(command.instruction),
            "priority": _priority(option(command, "priority")) or task.priority,
        }
    )


def _made(event: Event, received: Received, *names: str) -> Task:
    source = received.source
    by_label = (_PRIORITY_LABEL.fullmatch(label.strip()) for label in event.labels)
    labelled = next((found[1] for found in by_label if found), None)
    task = Task(
        id=task_id(source.provider, source.name, *names),
        kind=event.type,
        title=one_line(event.title),
        labels=tuple(one_line(label) for label in event.labels[:50]),
        origin=Origin(
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
