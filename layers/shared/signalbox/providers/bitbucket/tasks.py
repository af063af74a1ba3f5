"""The fields of a Bitbucket event, within the limits of a task."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.event_facts import EventFacts, branch_of, first_line, push_title
from signalbox.ingress.facts import joined
from signalbox.ingress.payload import require
from signalbox.models.event import Event
from signalbox.providers.bitbucket.commands import author_of
from signalbox.providers.bitbucket.payload import Change, Comment, Issue, Payload, PullRequest

_DELETED: Final = "0" * 40


def events_of(type_: str, payload: Payload, text: CommandText) -> tuple[Event, ...]:
    """Return the events of this type: one for each branch and tag of a push, else one.

    Raises:
        PayloadInvalid: A part that such an event must have is missing.
    """
    author = author_of(payload.actor)
    repository = payload.repository.full_name if payload.repository else None
    return tuple(
        facts.event(type_, text, author=author, repository=repository)
        for facts in _READERS[type_](payload)
    )


def _push(payload: Payload) -> Iterator[EventFacts]:
    for change in require(payload.push, "push").changes or ():
        ref = change.new or change.old if change else None
        if change and ref:
            kind = "tags" if ref.type == "tag" else "heads"
            yield _changed_ref(f"refs/{kind}/{ref.name or ''}", change)


def _changed_ref(ref: str, change: Change) -> EventFacts:
    commit = change.new.target if change.new else None
    hash_ = commit.hash if commit else None
    return EventFacts(
        title=push_title(
            ref,
            after=hash_ if change.new else _DELETED,
            message=commit.message if commit else None,
        ),
        url=change.page or (commit.page if commit else None),
        at=commit.date if commit else None,
        details=(ref,),
        branch=branch_of(ref),
        commit=hash_,
    )


def _pull_request(payload: Payload) -> Iterator[EventFacts]:
    pull = require(payload.pullrequest, "pullrequest")
    yield _on_pull(pull, url=pull.page)


def _pull_request_comment(payload: Payload) -> Iterator[EventFacts]:
    pull, comment = require(payload.pullrequest, "pullrequest"), require(payload.comment, "comment")
    yield _on_pull(pull, url=comment.page, comment=comment)


def _on_pull(pull: PullRequest, *, url: str | None, comment: Comment | None = None) -> EventFacts:
    written, source = comment or pull, pull.source
    return EventFacts(
        title=pull.title,
        url=url,
        at=written.updated_on or written.created_on,
        branch=source.branch.name if source and source.branch else None,
        commit=source.commit.hash if source and source.commit else None,
    )


def _issue(payload: Payload) -> Iterator[EventFacts]:
    issue = require(payload.issue, "issue")
    changed = payload.changes.assignee if payload.changes else None
    assignee = author_of(changed.new) if changed else None
    yield _on_issue(issue, issue, f"assignee:{assignee.name}" if assignee else None)


def _issue_comment(payload: Payload) -> Iterator[EventFacts]:
    yield _on_issue(require(payload.issue, "issue"), require(payload.comment, "comment"))


def _on_issue(issue: Issue, written: Issue | Comment, detail: str | None = None) -> EventFacts:
    return EventFacts(
        title=issue.title,
        url=written.page,
        at=written.updated_on or written.created_on,
        details=(detail,),
        labels=(issue.kind,),
    )


def _commit_comment(payload: Payload) -> Iterator[EventFacts]:
    comment, commit = require(payload.comment, "comment"), payload.commit
    yield EventFacts(
        title=first_line(commit.message) if commit else None,
        url=comment.page,
        at=comment.updated_on or comment.created_on,
        commit=commit.hash if commit else None,
    )


def _commit_status(payload: Payload) -> Iterator[EventFacts]:
    status = require(payload.commit_status, "commit_status")
    yield EventFacts(
        title=joined(status.name or status.key, status.description),
        url=status.url,
        at=status.updated_on or status.created_on,
        details=((status.state or "").lower(),),
        branch=status.refname,
        commit=status.commit.hash if status.commit else None,
    )


_READERS: Final[Mapping[str, Callable[[Payload], Iterator[EventFacts]]]] = {
    "repo.push": _push,
    "repo.commit_comment_created": _commit_comment,
    "repo.commit_status_created": _commit_status,
    "repo.commit_status_updated": _commit_status,
    "pullrequest.created": _pull_request,
    "pullrequest.updated": _pull_request,
    "pullrequest.approved": _pull_request,
    "pullrequest.unapproved": _pull_request,
    "pullrequest.changes_request_created": _pull_request,
    "pullrequest.changes_request_removed": _pull_request,
    "pullrequest.fulfilled": _pull_request,
    "pullrequest.rejected": _pull_request,
    "pullrequest.comment_created": _pull_request_comment,
    "pullrequest.comment_updated": _pull_request_comment,
    "pullrequest.comment_deleted": _pull_request_comment,
    "pullrequest.comment_resolved": _pull_request_comment,
    "pullrequest.comment_reopened": _pull_request_comment,
    "issue.created": _issue,
    "issue.updated": _issue,
    "issue.comment_created": _issue_comment,
}

EVENT_TYPES: Final = tuple(_READERS)
"""The types of the events that are parsed."""
