"""The fields of a GitHub event, within the limits of a task."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.facts import commit_id, joined, label_names, short_name
from signalbox.ingress.payload import require
from signalbox.models.event import Event
from signalbox.models.text import one_line, web_url
from signalbox.providers.github.commands import author_of
from signalbox.providers.github.payload import (
    Label,
    Payload,
    PullRequest,
    Topic,
    Written,
)

_HEADS: Final = "refs/heads/"
_RUNS: Final = frozenset({"workflow_run", "check_run"})

FAILURES: Final = frozenset({"timed_out", "startup_failure"})
"""The conclusions of runs that also count as a `failure`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """The fields of an event as GitHub sent them, of any length."""

    title: str | None
    url: str | None
    at: datetime | None
    detail: str | None = None
    branch: str | None = None
    commit: str | None = None
    labels: tuple[Label | None, ...] | None = None


class _Reader(NamedTuple):
    """How an event is parsed; without actions it accepts any action."""

    facts: Callable[[Payload], _Facts]
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
    facts = _READERS[name].facts(payload)
    type_ = event_type(name, payload.action)
    return Event(
        type=type_,
        title=one_line(facts.title or "") or type_,
        detail=short_name(facts.detail),
        counts_as=("failure",) if name in _RUNS and facts.detail in FAILURES else (),
        author=author_of(payload.sender),
        occurred_at=facts.at,
        repository=short_name(payload.repository.full_name) if payload.repository else None,
        branch=short_name(facts.branch),
        commit=commit_id(facts.commit),
        url=web_url(facts.url),
        labels=label_names(label.name for label in facts.labels or () if label),
        text=text.text,
        previous_text=text.previous_text,
        thread=text.thread,
        writer=text.writer,
        moved=text.moved,
    )


def event_type(name: str, action: str | None) -> str:
    """Return `<event>.<action>`, or `push`, the only event without an action.

    Raises:
        PayloadInvalid: The action is missing.
    """
    return name if name == "push" else f"{name}.{require(action, 'action')}"


def _issue_comment(payload: Payload) -> _Facts:
    return _on_topic(require(payload.issue, "issue"), require(payload.comment, "comment"), payload)


def _issue(payload: Payload) -> _Facts:
    issue = require(payload.issue, "issue")
    return _on_topic(issue, issue, payload)


def _discussion_comment(payload: Payload) -> _Facts:
    discussion = require(payload.discussion, "discussion")
    return _on_topic(discussion, require(payload.comment, "comment"), payload)


def _discussion(payload: Payload) -> _Facts:
    discussion = require(payload.discussion, "discussion")
    return _on_topic(discussion, discussion, payload)


def _on_topic(topic: Topic, written: Written, payload: Payload) -> _Facts:
    return _Facts(
        title=topic.title,
        url=written.html_url,
        at=written.updated_at or written.created_at,
        detail=_named(payload),
        labels=topic.labels,
    )


def _pull_request(payload: Payload) -> _Facts:
    pull = require(payload.pull_request, "pull_request")
    return _on_pull(
        pull, url=pull.html_url, at=pull.updated_at or pull.created_at, detail=_named(payload)
    )


def _review(payload: Payload) -> _Facts:
    review = require(payload.review, "review")
    return _on_pull(
        require(payload.pull_request, "pull_request"),
        url=review.html_url,
        at=review.updated_at or review.submitted_at,
        detail=review.state,
        commit=review.commit_id,
    )


def _review_comment(payload: Payload) -> _Facts:
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
) -> _Facts:
    return _Facts(
        title=pull.title,
        url=url,
        at=at,
        detail=detail,
        branch=pull.head.ref if pull.head else None,
        commit=commit or (pull.head.sha if pull.head else None),
        labels=pull.labels,
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


def _push(payload: Payload) -> _Facts:
    ref = require(payload.ref, "ref")
    commit = payload.head_commit
    message = (commit.message or "").lstrip().partition("\n")[0] if commit else ""
    return _Facts(
        title=message or f"{ref} {'deleted' if payload.deleted else 'pushed'}",
        url=payload.compare,
        at=payload.repository.pushed_at if payload.repository else None,
        detail=ref,
        branch=ref.removeprefix(_HEADS) if ref.startswith(_HEADS) else None,
        commit=payload.after,
    )


def _workflow_run(payload: Payload) -> _Facts:
    run = require(payload.workflow_run, "workflow_run")
    return _Facts(
        title=joined(run.name, run.display_title),
        url=run.html_url,
        at=run.updated_at or run.created_at,
        detail=run.conclusion or run.status,
        branch=run.head_branch,
        commit=run.head_sha,
    )


def _check_run(payload: Payload) -> _Facts:
    run = require(payload.check_run, "check_run")
    pressed = payload.requested_action
    return _Facts(
        title=joined(run.name, run.output.title if run.output else None),
        url=run.html_url or run.details_url,
        at=run.completed_at or run.started_at,
        detail=pressed.identifier if pressed else run.conclusion or run.status,
        branch=run.check_suite.head_branch if run.check_suite else None,
        commit=run.head_sha,
    )


def _release(payload: Payload) -> _Facts:
    release = require(payload.release, "release")
    target = release.target_commitish
    return _Facts(
        title=release.name or release.tag_name,
        url=release.html_url,
        at=release.published_at or release.created_at,
        detail=release.tag_name,
        branch=None if commit_id(target) else target,
        commit=target,
    )


_READERS: Final[Mapping[str, _Reader]] = {
    "issue_comment": _Reader(_issue_comment),
    "issues": _Reader(_issue, frozenset({"opened", "edited", "labeled", "assigned"})),
    "pull_request": _Reader(
        _pull_request, frozenset({"opened", "edited", "labeled", "review_requested"})
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
