"""The fields of a GitHub event, within the limits of a task."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.event_facts import EventFacts, branch_of
from signalbox.ingress.facts import commit_id, joined
from signalbox.ingress.payload import require
from signalbox.models.event import Event
from signalbox.providers.github.commands import author_of
from signalbox.providers.github.payload import (
    Label,
    Payload,
    PullRequest,
    Topic,
    Written,
)

FAILURES: Final = frozenset({"timed_out", "startup_failure"})
"""The conclusions of runs that also count as a `failure`."""


class _Reader(NamedTuple):
    """How an event is parsed; without actions it accepts any action."""

    facts: Callable[[Payload], EventFacts]
    actions: frozenset[str] | None = None


def is_read(event: str, action: str | None = None) -> bool:
    """Return whether an event of this name, or with this action, is parsed."""
    reader = _READERS.get(event)
    if reader is None:
        return False
    return action is None or reader.actions is None or action in reader.actions


def event_of(name: str, payload: Payload, text: CommandText) -> Event:
    """Return the event of this name from the payload and its text.

    Raises:
        PayloadInvalid: A part that such an event must have is missing.
    """
    repository = payload.repository.full_name if payload.repository else None
    return (
        _READERS[name]
        .facts(payload)
        .event(
            event_type(name, payload.action),
            text,
            author=author_of(payload.sender),
            repository=repository,
        )
    )


def event_type(name: str, action: str | None) -> str:
    """Return `<event>.<action>`, or `push`, the only event without an action.

    Raises:
        PayloadInvalid: The action is missing.
    """
    return name if name == "push" else f"{name}.{require(action, 'action')}"


def _issue_comment(payload: Payload) -> EventFacts:
    return _on_topic(require(payload.issue, "issue"), require(payload.comment, "comment"), payload)


def _issue(payload: Payload) -> EventFacts:
    issue = require(payload.issue, "issue")
    return _on_topic(issue, issue, payload)


def _discussion_comment(payload: Payload) -> EventFacts:
    discussion = require(payload.discussion, "discussion")
    return _on_topic(discussion, require(payload.comment, "comment"), payload)


def _discussion(payload: Payload) -> EventFacts:
    discussion = require(payload.discussion, "discussion")
    return _on_topic(discussion, discussion, payload)


def _on_topic(topic: Topic, written: Written, payload: Payload) -> EventFacts:
    return EventFacts(
        title=topic.title,
        url=written.html_url,
        at=written.updated_at or written.created_at,
        details=(_named(payload),),
        labels=_names(topic.labels),
    )


def _pull_request(payload: Payload) -> EventFacts:
    pull = require(payload.pull_request, "pull_request")
    return _on_pull(
        pull, url=pull.html_url, at=pull.updated_at or pull.created_at, detail=_named(payload)
    )


def _review(payload: Payload) -> EventFacts:
    review = require(payload.review, "review")
    return _on_pull(
        require(payload.pull_request, "pull_request"),
        url=review.html_url,
        at=review.updated_at or review.submitted_at,
        detail=review.state,
        commit=review.commit_id,
    )


def _review_comment(payload: Payload) -> EventFacts:
    comment = require(payload.comment, "comment")
    return _on_pull(
        require(payload.pull_request, "pull_request"),
        url=comment.html_url,
        at=comment.updated_at or comment.created_at,
        commit=comment.commit_id,
    )


def _on_pull(
    pull: PullRequest,
    *,
    url: str | None,
    at: datetime | None,
    detail: str | None = None,
    commit: str | None = None,
) -> EventFacts:
    return EventFacts(
        title=pull.title,
        url=url,
        at=at,
        details=(detail,),
        branch=pull.head.ref if pull.head else None,
        commit=commit or (pull.head.sha if pull.head else None),
        labels=_names(pull.labels),
    )


def _named(payload: Payload) -> str | None:
    """Return what the action refers to: the label, the assignee or the requested reviewer."""
    if payload.action == "labeled" and payload.label:
        return payload.label.name
    if payload.action == "assigned" and payload.assignee:
        return payload.assignee.login
    if payload.action == "review_requested" and payload.requested_reviewer:
        return payload.requested_reviewer.login
    if payload.action == "review_requested" and payload.requested_team:
        return payload.requested_team.slug
    return None


def _names(labels: tuple[Label | None, ...] | None) -> tuple[str | None, ...]:
    return tuple(label.name for label in labels or () if label)


def _outcomes(detail: str | None) -> tuple[str | None, ...]:
    """Return the detail of a run, and `failure` beside one that counts as it."""
    return (detail, "failure") if detail in FAILURES else (detail,)


def _push(payload: Payload) -> EventFacts:
    ref = require(payload.ref, "ref")
    commit = payload.head_commit
    message = (commit.message or "").lstrip().partition("\n")[0] if commit else ""
    return EventFacts(
        title=message or f"{ref} {'deleted' if payload.deleted else 'pushed'}",
        url=payload.compare,
        at=payload.repository.pushed_at if payload.repository else None,
        details=(ref,),
        branch=branch_of(ref),
        commit=payload.after,
    )


def _workflow_run(payload: Payload) -> EventFacts:
    run = require(payload.workflow_run, "workflow_run")
    return EventFacts(
        title=joined(run.name, run.display_title),
        url=run.html_url,
        at=run.updated_at or run.created_at,
        details=_outcomes(run.conclusion or run.status),
        branch=run.head_branch,
        commit=run.head_sha,
    )


def _check_run(payload: Payload) -> EventFacts:
    run = require(payload.check_run, "check_run")
    pressed = payload.requested_action
    return EventFacts(
        title=joined(run.name, run.output.title if run.output else None),
        url=run.html_url or run.details_url,
        at=run.completed_at or run.started_at,
        details=_outcomes(pressed.identifier if pressed else run.conclusion or run.status),
        branch=run.check_suite.head_branch if run.check_suite else None,
        commit=run.head_sha,
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


_READERS: Final[Mapping[str, _Reader]] = {
    "issue_comment": _Reader(_issue_comment),
    "issues": _Reader(_issue, frozenset({"opened", "edited", "labeled", "assigned"})),
    "pull_request": _Reader(
        _pull_request,
        frozenset({"opened", "reopened", "synchronize", "edited", "labeled", "review_requested"}),
    ),
    "pull_request_review": _Reader(_review),
    "pull_request_review_comment": _Reader(_review_comment),
    "push": _Reader(_push),
    "workflow_run": _Reader(_workflow_run),
    "check_run": _Reader(_check_run),
    "release": _Reader(_release),
    "discussion": _Reader(_discussion, frozenset({"created", "edited"})),
    "discussion_comment": _Reader(_discussion_comment),
}
