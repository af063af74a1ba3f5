"""The fields of a GitLab event, within the limits of a task."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.event_facts import EventFacts, branch_of, first_line, push_title
from signalbox.ingress.facts import joined
from signalbox.ingress.payload import require
from signalbox.models.event import Event
from signalbox.providers.gitlab.commands import author_of, named
from signalbox.providers.gitlab.payload import Label, Payload, Topic, User, UsersChange


class _Reader(NamedTuple):
    """How an event is parsed; without actions its kind alone is its type."""

    facts: Callable[[Payload], EventFacts]
    actions: tuple[str, ...] = ()


def is_read(kind: str) -> bool:
    """Return whether events of this kind are parsed, at least with some action."""
    return kind in _READERS


def action_of(kind: str, payload: Payload) -> str | None:
    """Return the action of an event; comments had none in older versions."""
    attributes = payload.object_attributes
    action = attributes.action if attributes else payload.action
    return action or ("create" if kind == "note" else None)


def event_type(kind: str, action: str | None) -> str:
    """Return `<kind>.<action>`, or the kind alone if it has no action."""
    return f"{kind}.{action}" if _READERS[kind].actions and action else kind


def event_of(kind: str, type_: str, payload: Payload, text: CommandText) -> Event:
    """Return the event of this kind from the payload and its text.

    Raises:
        PayloadInvalid: A part that such an event must have is missing.
    """
    facts = _READERS[kind].facts(payload)
    return facts.event(
        type_,
        text,
        author=author_of(payload.user) or named(payload.user_username),
        repository=payload.project.path_with_namespace if payload.project else None,
    )


def _topic(payload: Payload) -> EventFacts:
    topic = require(payload.object_attributes, "object_attributes")
    return EventFacts(
        title=topic.title,
        url=topic.url,
        at=topic.updated_at or topic.created_at,
        details=_changed(payload),
        branch=topic.source_branch,
        commit=topic.last_commit.id if topic.last_commit else None,
        labels=_titles(payload.labels or topic.labels),
    )


def _note(payload: Payload) -> EventFacts:
    note = require(payload.object_attributes, "object_attributes")
    where, topic = _place(payload)
    commit = payload.commit
    title = topic.title if topic else first_line(commit.message) if commit else None
    last = topic.last_commit if topic else commit
    return EventFacts(
        title=title,
        url=note.url,
        at=note.updated_at or note.created_at,
        details=(where,),
        branch=topic.source_branch if topic else None,
        commit=last.id if last else None,
        labels=_titles(topic.labels) if topic else (),
    )


def _place(payload: Payload) -> tuple[str | None, Topic | None]:
    """Return what a comment stands under, and its name in the payload."""
    if payload.merge_request:
        return "merge_request", payload.merge_request
    if payload.issue:
        return "issue", payload.issue
    if payload.snippet:
        return "snippet", payload.snippet
    return ("commit" if payload.commit else None), None


def _changed(payload: Payload) -> tuple[str, ...]:
    """Return what was added: `label:agent`, `assignee:ada`, `reviewer:ada`."""
    changes = payload.changes
    if changes is None:
        return ()
    labels = changes.labels
    before = set(_titles(labels.previous)) if labels else set()
    added = [title for title in _titles(labels.current) if title not in before] if labels else []
    return (
        *(f"label:{title}" for title in added),
        *(f"assignee:{name}" for name in _added(changes.assignees)),
        *(f"reviewer:{name}" for name in _added(changes.reviewers)),
    )


def _added(users: UsersChange | None) -> list[str]:
    before = set(_usernames(users.previous)) if users else set()
    return [name for name in _usernames(users.current if users else None) if name not in before]


def _usernames(users: Iterable[User | None] | None) -> tuple[str, ...]:
    return tuple(user.username for user in users or () if user and user.username)


def _titles(labels: Iterable[Label | None] | None) -> tuple[str, ...]:
    return tuple(label.title for label in labels or () if label and label.title)


def _push(payload: Payload) -> EventFacts:
    ref = require(payload.ref, "ref")
    commits = [commit for commit in payload.commits or () if commit]
    commit = next((each for each in commits if each.id == payload.after), None)
    return EventFacts(
        title=push_title(ref, after=payload.after, message=commit.message if commit else None),
        url=commit.url if commit else _page(payload),
        at=commit.timestamp if commit else None,
        details=(ref,),
        branch=branch_of(ref),
        commit=payload.checkout_sha or payload.after,
    )


def _pipeline(payload: Payload) -> EventFacts:
    run = require(payload.object_attributes, "object_attributes")
    page = _page(payload)
    return EventFacts(
        title=joined(
            run.name or "Pipeline", first_line(payload.commit.message if payload.commit else None)
        ),
        url=run.url or (f"{page}/-/pipelines/{run.id}" if page and run.id else None),
        at=run.finished_at or run.created_at,
        details=(run.status,),
        branch=None if run.tag else run.ref,
        commit=run.sha,
    )


def _build(payload: Payload) -> EventFacts:
    page, job = _page(payload), payload.build_id
    return EventFacts(
        title=joined(payload.build_stage, payload.build_name),
        url=f"{page}/-/jobs/{job}" if page and job else None,
        at=payload.build_finished_at or payload.build_started_at or payload.build_created_at,
        details=(payload.build_status,),
        branch=None if payload.tag is True else payload.ref,
        commit=payload.sha,
    )


def _release(payload: Payload) -> EventFacts:
    tag = payload.tag if isinstance(payload.tag, str) else None
    return EventFacts(
        title=payload.name or tag,
        url=payload.url,
        at=payload.released_at or payload.created_at,
        details=(tag,),
        commit=payload.commit.id if payload.commit else None,
    )


def _page(payload: Payload) -> str | None:
    return payload.project.web_url if payload.project else None


_READERS: Final[Mapping[str, _Reader]] = {
    "note": _Reader(_note, ("create", "update")),
    "issue": _Reader(_topic, ("open", "update", "close", "reopen")),
    "work_item": _Reader(_topic, ("open", "update", "close", "reopen")),
    "merge_request": _Reader(
        _topic,
        (
            *("open", "update", "close", "reopen", "merge"),
            *("approved", "unapproved", "approval", "unapproval"),
        ),
    ),
    "push": _Reader(_push),
    "tag_push": _Reader(_push),
    "pipeline": _Reader(_pipeline),
    "build": _Reader(_build),
    "release": _Reader(_release, ("create", "update", "delete")),
}

EVENT_TYPES: Final = tuple(
    f"{kind}.{action}" if action else kind
    for kind, reader in _READERS.items()
    for action in reader.actions or ("",)
)
"""The types of the events that are parsed."""
