"""Which text of a Bitbucket event may contain commands: a comment, or a new description.

A comment counts when it is written and when it is edited, but not when it is deleted. A description
counts when it is written only: an update does not say whether it changed the description, nor what
stood there before. Of an edited comment all commands are found again, and are the same tasks. Our
own texts are recognised by their marker.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText, bounded, is_own
from signalbox.ingress.facts import author
from signalbox.ingress.payload import require
from signalbox.models.event import Author
from signalbox.providers.bitbucket.payload import Payload, User


class _Text(NamedTuple):
    """A text, what it belongs to, and who wrote it first."""

    raw: str | None
    thread: str
    writer: User | None


def _comment(payload: Payload, thread: str) -> _Text:
    comment = require(payload.comment, "comment")
    raw = comment.content.raw if comment.content else None
    return _Text(raw, f"{thread}:{comment.id}", comment.user)


def _pull_request(payload: Payload) -> _Text:
    pull = require(payload.pullrequest, "pullrequest")
    return _Text(pull.description, f"pullrequest:{pull.id}", pull.author)


def _issue(payload: Payload) -> _Text:
    issue = require(payload.issue, "issue")
    raw = issue.content.raw if issue.content else None
    return _Text(raw, f"issue:{issue.id}", issue.reporter)


def _issue_update(payload: Payload) -> _Text | None:
    return _comment(payload, "issue_comment") if payload.comment else None


_TEXTS: Final[Mapping[str, Callable[[Payload], _Text | None]]] = {
    "pullrequest.created": _pull_request,
    "pullrequest.comment_created": lambda payload: _comment(payload, "pullrequest_comment"),
    "pullrequest.comment_updated": lambda payload: _comment(payload, "pullrequest_comment"),
    "issue.created": _issue,
    "issue.updated": _issue_update,
    "issue.comment_created": lambda payload: _comment(payload, "issue_comment"),
    "repo.commit_comment_created": lambda payload: _comment(payload, "commit_comment"),
}


def command_text(type_: str, payload: Payload) -> CommandText:
    """Return the text of an event of this type.

    Raises:
        PayloadInvalid: A part that such an event must have is missing.
    """
    text = _TEXTS[type_](payload) if type_ in _TEXTS else None
    if text is None:
        return NO_TEXT
    if is_own(text.raw):
        return OWN_TEXT
    if author_of(payload.actor) is None:
        return NO_TEXT
    return CommandText(
        text=bounded(text.raw),
        thread=f"{_repository_id(payload)}/{text.thread}",
        writer=author_of(text.writer),
    )


def author_of(user: User | None) -> Author | None:
    """Return an author by the id that nobody can change; an app is a bot.

    Nicknames and display names are not unique, and anybody can change theirs.
    """
    if user is None:
        return None
    name = user.account_id or user.username or user.uuid
    return author(name, automated=user.type == "app_user")


def _repository_id(payload: Payload) -> str:
    repository = payload.repository
    return (repository.uuid or repository.full_name or "") if repository else ""
