"""Where a task came from at a forge: its repository, its issue, the comment on it, its commit."""

import re
from collections.abc import Callable
from typing import Final

from signalbox.egress.acknowledge import is_of_issue_text
from signalbox.models.change import TaskView
from signalbox.models.errors import SendRefused
from signalbox.models.frozen import frozen

_NAME: Final = r"(?!\.{1,2}(?:[/#]|\Z))[\w.-]{1,100}"
_REPOSITORY: Final = re.compile(rf"{_NAME}(?:/{_NAME}){{1,20}}", re.ASCII)
_ISSUE: Final = re.compile(r"/(issues|pulls?)/([0-9]{1,10})(?=[/?#]|\Z)")
_ISSUE_NAME: Final = re.compile(rf"({_NAME}/{_NAME})#([0-9]{{1,10}})", re.ASCII)
_COMMENT: Final = re.compile(r"issuecomment-([0-9]{1,20})")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class ActionUnfit(SendRefused):
    """An action that cannot be done for this task, but for others."""


@frozen
class IssueRef:
    """An issue of a repository, or a pull request."""

    repository: str
    number: int
    is_pull: bool = False


@frozen
class TextRef:
    """What a person wrote on an issue: a comment, or the text of the issue if there is no id.

    `is_review` marks a comment on lines of a diff, where a forge has these apart.
    """

    issue: IssueRef
    comment: str | None = None
    is_review: bool = False


@frozen
class CommitRef:
    """A commit of a repository."""

    repository: str
    sha: str


IssueAt = Callable[[str, str], IssueRef | None]
"""Return the issue of a repository at a path below it."""


CommentAt = Callable[[IssueRef, str], TextRef | None]
"""Return the comment on an issue that the fragment of a URL leads to."""


@frozen
class TaskPlace:
    """Where a task came from. `missing` is why it has no repository there.

    `text` is what a person wrote there to create the task, None if that is not known.
    """

    issue: IssueRef | None = None
    text: TextRef | None = None
    repository: str | None = None
    commit: str | None = None
    missing: str = ""

    def require_issue(self) -> IssueRef:
        """Return the issue.

        Raises:
            ActionUnfit: There is none.
        """
        if self.issue is None:
            raise ActionUnfit(self.missing or "the task has no issue or pull request")
        return self.issue

    def require_repository(self) -> str:
        """Return the repository.

        Raises:
            ActionUnfit: There is none.
        """
        if self.repository is None:
            raise ActionUnfit(self.missing or "the task has no repository")
        return self.repository


def task_place(task: TaskView, web_url: str, issue_at: IssueAt, comment_at: CommentAt) -> TaskPlace:
    """Return where a task came from, by its URL, which must be one of its repository.

    A filter of a subscription for repositories so decides where a task is shown.
    """
    repository, url = task.repository or "", task.url or ""
    base = f"{web_url}/{repository}"
    path = url[len(base) :]
    inside = url[: len(base)].casefold() == base.casefold() and path[:1] in {"", "/", "?", "#"}
    if not inside or not _REPOSITORY.fullmatch(repository):
        return TaskPlace(missing=f"the task is not from a repository at {web_url}")
    commit = task.commit if _COMMIT.fullmatch(task.commit or "") else None
    issue = issue_at(repository, path)
    text = _text(task, issue, path.partition("#")[2], comment_at) if issue else None
    return TaskPlace(repository=repository, issue=issue, text=text, commit=commit)


def issue_at(repository: str, path: str) -> IssueRef | None:
    """Return the issue at a path such as `/issues/1` or `/pull/1#issuecomment-2`."""
    found = _ISSUE.match(path)
    if found is None:
        return None
    is_pull = found[1] != "issues"
    return IssueRef(repository=repository, number=int(found[2]), is_pull=is_pull)


def issue_named(name: str) -> IssueRef | None:
    """Return the issue with a name such as `octo/hello#1`."""
    found = _ISSUE_NAME.fullmatch(name)
    return IssueRef(repository=found[1], number=int(found[2])) if found else None


def comment_at(issue: IssueRef, fragment: str) -> TextRef | None:
    """Return the comment that a fragment such as `issuecomment-2` leads to."""
    found = _COMMENT.fullmatch(fragment)
    return TextRef(issue=issue, comment=found[1]) if found else None


def _text(task: TaskView, issue: IssueRef, fragment: str, comment_at: CommentAt) -> TextRef | None:
    """Return the text that created a task: a comment, or that of the issue with its command."""
    if fragment:
        return comment_at(issue, fragment)
    return TextRef(issue=issue) if is_of_issue_text(task) else None
