"""The fields of a Gitea event, within the limits of a task."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.event_facts import EventFacts, branch_of, push_title
from signalbox.ingress.facts import commit_id, joined, label_names
from signalbox.ingress.payload import require
from signalbox.models.event import Event
from signalbox.providers.gitea.commands import author_of
from signalbox.providers.gitea.payload import (
    Label,
    Payload,
    PullRequest,
    Topic,
    User,
    Written,
)


class _Reader(NamedTuple):
    """How an event is parsed; without actions its name alone is its type."""

    facts: Callable[[Payload], EventFacts]
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
    return facts.event(
        event_type(event, payload.action),
        text,
        author=author_of(payload.sender),
        repository=payload.repository.full_name if payload.repository else None,
    )


def _issue(payload: Payload) -> EventFacts:
    issue = require(payload.issue, "issue")
    return _on_issue(issue, issue, payload)


def _comment(payload: Payload) -> EventFacts:
    issue, comment = require(payload.issue, "issue"), require(payload.comment, "comment")
    if payload.pull_request:
        return _on_pull(payload.pull_request, comment, payload)
    return _on_issue(issue, comment, payload)


def _pull_request(payload: Payload) -> EventFacts:
    pull = require(payload.pull_request, "pull_request")
    return _on_pull(pull, pull, payload)


def _on_issue(issue: Topic, written: Written, payload: Payload) -> EventFacts:
    return EventFacts(
        title=issue.title,
        url=written.html_url,
        at=written.updated_at or written.created_at,
        details=_named(issue, payload),
        labels=_names(issue.labels),
    )


def _on_pull(pull: PullRequest, written: Written, payload: Payload) -> EventFacts:
    return EventFacts(
        title=pull.title,
        url=written.html_url,
        at=written.updated_at or written.created_at,
        details=_named(pull, payload),
        branch=pull.head.ref if pull.head else None,
        commit=pull.head.sha if pull.head else None,
        labels=_names(pull.labels),
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


def _push(payload: Payload) -> EventFacts:
    ref = require(payload.ref, "ref")
    commit = payload.head_commit
    return EventFacts(
        title=push_title(ref, after=payload.after, message=commit.message if commit else None),
        url=payload.compare_url,
        at=commit.timestamp if commit else None,
        details=(ref,),
        branch=branch_of(ref),
        commit=payload.after,
    )


def _release(payload: Payload) -> EventFacts:
    release = require(payload.release, "release")
    target = release.target_commitish
    return EventFacts(
        title=release.name or release.tag_name,
        url=release.html_url,
        at=release.published_at or release.created_at,
        details=(release.tag_name,),
        branch=None if commit_id(target) else target,
        commit=target,
    )


def _workflow_run(payload: Payload) -> EventFacts:
    run = require(payload.workflow_run, "workflow_run")
    return EventFacts(
        title=joined(payload.workflow.name if payload.workflow else None, run.display_title),
        url=run.html_url,
        at=run.completed_at or run.started_at,
        details=(run.conclusion or run.status,),
        branch=run.head_branch,
        commit=run.head_sha,
    )


def _action_run(payload: Payload) -> EventFacts:
    run = require(payload.run, "run")
    return EventFacts(
        title=joined(run.workflow_id, run.title),
        url=run.html_url,
        at=run.stopped,
        branch=run.prettyref,
        commit=run.commit_sha,
    )


def _status(payload: Payload) -> EventFacts:
    state = payload.state
    return EventFacts(
        title=joined(payload.context, payload.description),
        url=payload.target_url,
        at=payload.updated_at,
        details=(state, "failure") if state == "error" else (state,),
        commit=payload.sha,
    )


_READERS: Final[Mapping[str, _Reader]] = {
    "issue_comment": _Reader(_comment, ("created", "edited", "deleted")),
    "pull_request_comment": _Reader(_comment, ("created", "edited", "deleted")),
    "issues": _Reader(_issue, ("opened", "edited", "label_updated", "assigned")),
    "pull_request": _Reader(
        _pull_request,
        ("opened", "synchronized", "edited", "label_updated", "assigned", "review_requested"),
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
