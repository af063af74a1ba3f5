"""Which text of a Jira event may contain commands.

Comments count when they are written and edited, descriptions when the issue is created and when
they are changed. Jira does not send what stood in a comment before an edit: a command that has run
is recognised by the id of its task. Our own texts are recognised by their marker.
"""

import re
from collections.abc import Iterator
from typing import Final

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText, is_own
from signalbox.ingress.facts import author
from signalbox.ingress.payload import require
from signalbox.models.event import Author
from signalbox.providers.jira.payload import Change, Comment, Issue, Payload, User
from signalbox.providers.jira.text import text_of

_SITE: Final = re.compile(r"https?://([^?#]{1,500}?)/rest/")


def command_text(event: str, payload: Payload) -> CommandText:
    """Return the text of an event of this name.

    Raises:
        PayloadInvalid: A part that such an event must have is missing.
    """
    if event.startswith("comment_"):
        text = _in_comment(require(payload.comment, "comment"))
    else:
        text = _in_issue(event, require(payload.issue, "issue"), payload)
    if is_own(text.text):
        return OWN_TEXT
    if event.endswith("_deleted") or sender_of(event, payload) is None:
        return NO_TEXT
    return text


def sender_of(event: str, payload: Payload) -> Author | None:
    """Return who caused an event; events on comments do not name who deleted one."""
    comment = payload.comment
    if payload.user or comment is None or event == "comment_deleted":
        return author_of(payload.user)
    return author_of(comment.update_author) or author_of(comment.author)


def author_of(user: User | None) -> Author | None:
    """Return an author by the name that no user can change: accountId, or on a server its name."""
    if user is None:
        return None
    return author(user.account_id or user.name, automated=user.account_type == "app")


def changes_of(payload: Payload) -> Iterator[tuple[str, Change]]:
    """Yield the changed fields, each with its name; a custom field has none, which may be any."""
    items = (payload.changelog.items if payload.changelog else None) or ()
    for change in filter(None, items):
        name = "" if change.field_type == "custom" else change.field_id or change.field or ""
        yield name.lower(), change


def site_of(url: str | None) -> str | None:
    """Return the site in the URL of a part, without its scheme: `acme.atlassian.net`."""
    site = _SITE.match(url or "")
    return site[1] if site else None


def _in_comment(comment: Comment) -> CommandText:
    return CommandText(
        text=text_of(comment.body),
        thread=_thread("comment", comment.id, comment.url),
        writer=author_of(comment.author),
    )


def _in_issue(event: str, issue: Issue, payload: Payload) -> CommandText:
    thread = _thread("issue", issue.id, issue.url) if issue.id else None
    writer = author_of(issue.fields.creator) if issue.fields else None
    if event != "issue_updated":
        description = issue.fields.description if issue.fields else None
        return CommandText(text=text_of(description), thread=thread, writer=writer)
    for name, change in changes_of(payload):
        if name == "description":
            return CommandText(
                text=text_of(change.text_after),
                previous_text=text_of(change.text_before),
                thread=thread,
                writer=writer,
            )
    return NO_TEXT


def _thread(kind: str, identifier: str, url: str | None) -> str:
    """Return a name that is unique among sites, which count their issues and comments apart."""
    site = site_of(url)
    return f"{site}/{kind}:{identifier}" if site else f"{kind}:{identifier}"
