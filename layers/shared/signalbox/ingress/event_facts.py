"""The facts of an event as a service sends them, and the event made of them."""

import re
from datetime import datetime
from typing import Final

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.facts import commit_id, label_names, short_name
from signalbox.models.event import Author, Event
from signalbox.models.frozen import frozen
from signalbox.models.text import one_line, web_url

_BRANCH: Final = re.compile(r"refs/heads/(.+)", re.DOTALL)


@frozen
class EventFacts:
    """The fields of an event, of any length. Each of the `details` is matched by patterns."""

    title: str | None
    url: str | None
    at: datetime | None
    details: tuple[str | None, ...] = ()
    branch: str | None = None
    commit: str | None = None
    labels: tuple[str | None, ...] = ()

    def event(
        self, type_: str, text: CommandText, *, author: Author | None, repository: str | None
    ) -> Event:
        """Return the event of this type, within the limits of a task."""
        details = label_names(self.details)
        return Event(
            type=type_,
            title=one_line(self.title or "") or type_,
            detail=details[0] if details else None,
            counts_as=details[1:],
            author=author,
            occurred_at=self.at,
            repository=short_name(repository),
            branch=short_name(self.branch),
            commit=commit_id(self.commit),
            url=web_url(self.url),
            labels=label_names(self.labels),
            text=text.text,
            previous_text=text.previous_text,
            thread=text.thread,
            writer=text.writer,
            moved=text.moved,
            mention=text.mention,
        )


def branch_of(ref: str) -> str | None:
    """Return the branch that a ref such as `refs/heads/main` names; none for a tag."""
    found = _BRANCH.fullmatch(ref)
    return found[1] if found else None


def push_title(ref: str, *, after: str | None, message: str | None) -> str:
    """Return the first line of the newest commit, or what became of the ref without one."""
    return first_line(message) or (
        f"{ref} deleted" if after and not commit_id(after) else f"{ref} pushed"
    )


def first_line(message: str | None) -> str:
    """Return the first line of a commit's message that is not blank."""
    return (message or "").lstrip().partition("\n")[0]
