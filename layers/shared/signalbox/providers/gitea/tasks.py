"""The fields of a Gitea event, within the limits of a task."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.facts import commit_id, joined, label_names, short_name
from signalbox.ingress.payload import require
from signalbox.models.event import Event
from signalbox.models.text import one_line, web_url
from signalbox.providers.gitea.commands import author_of
from signalbox.providers.gitea.payload import (
    Label,
    Payload,
    PullRequest,
    Topic,
    User,
    Written,
)

_HEADS: Final = "refs/heads/"

ERROR: Final = "error"
"""The state of a commit status that also counts as a `failure`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """The fields of an event as Gitea sent them, of any length; the first detail is the event's."""

    title: str | None
    url: str | None
    at: datetime | None
    details: tuple[str, ...] = ()
    branch: str | None = None
    commit: str | None = None
    labels: tuple[Label | None, ...] | None = None


class _Reader(NamedTuple):
    """How an event is parsed; without actions its name alone is its type."""

    facts: Callable[[Payload], _Facts]
    actions: tuple[str, ...] = ()


def is_read(event: str) -> bool:
    """Return whether events of this name are parsed, at least with some action."""
    return event in _READERS


def event_type(event: str, action: str | None) -> str:
    """Return `<event>.<action>`, or the event alone if it has one meaning."""
    return f"{event}.{action}" if _READERS[event].actions and action else event


def event_of(event: str, payload: Payload, text: CommandText) -> Event:
    """Return the event of this name from the payload and its text.

    Raises:
        PayloadInvalid: A part that such an event must have is missing.
    """
    facts = _READERS[event].facts(payload)
    type_ = event_type(event, payload.action)
    details = label_names(facts.details)
    return Event(
        type=type_,
        title=one_line(facts.title or "") or type_,
        detail=details[0] if details else None,
        counts_as=details[1:],
        author=author_of(payload.sender),
        occurred_at=facts.at,
        repository=short_name(payload.repository.full_name) if payload.repository else None,
        branch=short_name(facts.branch),
        commit=commit_id(facts.commit),
        url=web_url(facts.url),
        labels=_names(facts.labels),
        text=text.text,
        previous_text=text.previous_text,
        thread=text.thread,
        writer=text.writer,
    )


def _issue(payload: Payload) -> _Facts:
    issue = require(payload.issue, "issue")
    return _on_issue(issue, issue, payload)


def _comment(payload: Payload) -> _Facts:
    issue, comment = require(payload.issue, "issue"), require(payload.comment, "comment")
    if payload.pull_request:
        return _on_pull(payload.pull_request, comment, payload)
    return _on_issue(issue, comment, payload)


def _pull_request(payload: Payload) -> _Facts:
    pull = require(payload.pull_request, "pull_request")
    return _on_pull(pull, pull, payload)


def _on_issue(issue: Topic, written: Written, payload: Payload) -> _Facts:
    return _Facts(
        title=issue.title,
        url=written.html_url,
        at=written.updated_at or written.created_at,
        details=_named(issue, payload),
        labels=issue.labels,
    )


def _on_pull(pull: PullRequest, written: Written, payload: Payload) -> _Facts:
    return _Facts(
        title=pull.title,
        url=written.html_url,
        at=written.updated_at or written.created_at,
        details=_named(pull, payload),
        branch=pull.head.ref if pull.head else None,
        commit=pull.head.sha if pull.head else None,
        labels=pull.labels,
    )


def _named(topic: Topic, payload: Payload) -> tuple[str, ...]:
    """Return what the action refers to: the labels, the assignees or the requested reviewer."""
    match payload.action:
        case "label_updated":
            return _changed_labels(topic, payload)
        case "assigned":
            return _logins(topic.assignee, *(topic.assignees or ()))
        case "review_requested":
            return _logins(payload.requested_reviewer)
    return ()


def _changed_labels(topic: Topic, payload: Payload) -> tuple[str, ...]:
    """Return the added labels, or all labels in the versions that do not name the added ones."""
    changes = payload.changes
    if changes is None or (changes.added_labels is None and changes.removed_labels is None):
        return _names(topic.labels)
    kept = _names(changes.removed_labels)
    return tuple(name for name in _names(changes.added_labels) if name not in kept)


def _logins(*users: User | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(user.login for user in users if user and user.login))


def _names(labels: Iterable[Label | None] | None) -> tuple[str, ...]:
    return label_names(label.name for label in labels or () if label)


def _push(payload: Payload) -> _Facts:
    ref = require(payload.ref, "ref")
    commit = payload.head_commit
    message = (commit.message or "").lstrip().partition("\n")[0] if commit else ""
    deleted = bool(payload.after) and not commit_id(payload.after)
    return _Facts(
        title=message or f"{ref} {'deleted' if deleted else 'pushed'}",
        url=payload.compare_url,
        at=commit.timestamp if commit else None,
        details=(ref,),
        branch=ref.removeprefix(_HEADS) if ref.startswith(_HEADS) else None,
        commit=payload.after,
    )


def _release(payload: Payload) -> _Facts:
    release = require(payload.release, "release")
    target = release.target_commitish
    return _Facts(
        title=release.name or release.tag_name,
        url=release.html_url,
        at=release.published_at or release.created_at,
        details=(release.tag_name,) if release.tag_name else (),
        branch=None if commit_id(target) else target,
        commit=target,
    )


def _workflow_run(payload: Payload) -> _Facts:
    run = require(payload.workflow_run, "workflow_run")
    result = run.conclusion or run.status
    return _Facts(
        title=joined(payload.workflow.name if payload.workflow else None, run.display_title),
        url=run.html_url,
        at=run.completed_at or run.started_at,
        details=(result,) if result else (),
        branch=run.head_branch,
        commit=run.head_sha,
    )


def _action_run(payload: Payload) -> _Facts:
    run = require(payload.run, "run")
    return _Facts(
        title=joined(run.workflow_id, run.title),
        url=run.html_url,
        at=run.stopped,
        branch=run.prettyref,
        commit=run.commit_sha,
    )


def _status(payload: Payload) -> _Facts:
    state = payload.state
    return _Facts(
        title=joined(payload.context, payload.description),
        url=payload.target_url,
        at=payload.updated_at,
        details=(state, "failure") if state == ERROR else (state,) if state else (),
        commit=payload.sha,
    )


_READERS: Final[Mapping[str, _Reader]] = {
    "issue_comment": _Reader(_comment, ("created", "edited", "deleted")),
    "pull_request_comment": _Reader(_comment, ("created", "edited", "deleted")),
    "issues": _Reader(_issue, ("opened", "edited", "label_updated", "assigned")),
    "pull_request": _Reader(
        _pull_request, ("opened", "edited", "label_updated", "assigned", "review_requested")
    ),
    "pull_request_review_approved": _Reader(_pull_request),
    "pull_request_review_comment": _Reader(_pull_request),
    "pull_request_review_rejected": _Reader(_pull_request),
    "push": _Reader(_push),
    "release": _Reader(_release, ("published", "updated", "deleted")),
    "status": _Reader(_status),
    "workflow_run": _Reader(_workflow_run, ("queued", "waiting", "in_progress", "completed")),
    "action_run_failure": _Reader(_action_run),
    "action_run_recover": _Reader(_action_run),
    "action_run_success": _Reader(_action_run),
}

EVENT_TYPES: Final = tuple(
    f"{event}.{action}" if action else event
    for event, reader in _READERS.items()
    for action in reader.actions or ("",)
)
"""The types of the events that are parsed."""
