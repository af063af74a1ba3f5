"""Models of Bitbucket's payloads, with the fields that are read.

Other fields are ignored. All fields but ids may be missing or null; `require` checks the ones that
an event needs where they are used.
"""

from signalbox.ingress.payload import (
    Informative,
    IntegerId,
    PayloadPart,
    PayloadTime,
    decode_json,
    validate,
)
from signalbox.models.request import InboundRequest


class User(PayloadPart):
    """A person, or an app by its `type`; old accounts have a `username`."""

    account_id: str | None = None
    username: str | None = None
    uuid: str | None = None
    type: Informative[str] = None


class Link(PayloadPart):
    """The address of a page."""

    href: Informative[str] = None


class Links(PayloadPart):
    """The addresses of something."""

    html: Informative[Link] = None


class Linked(PayloadPart):
    """Something that has a page."""

    links: Informative[Links] = None

    @property
    def page(self) -> str | None:
        """Return the URL of the page."""
        return self.links.html.href if self.links and self.links.html else None


class Repository(PayloadPart):
    """The repository of the event; its `uuid` outlives a change of its name."""

    full_name: Informative[str] = None
    uuid: Informative[str] = None


class Content(PayloadPart):
    """A text as it was typed."""

    raw: str | None = None


class Comment(Linked):
    """A comment on a pull request, an issue or a commit."""

    id: IntegerId
    content: Content | None = None
    user: User | None = None
    created_on: Informative[PayloadTime] = None
    updated_on: Informative[PayloadTime] = None


class Commit(Linked):
    """A commit; that of a pull request has a shortened hash."""

    hash: Informative[str] = None
    message: Informative[str] = None
    date: Informative[PayloadTime] = None


class Branch(PayloadPart):
    """The branch of one side of a pull request."""

    name: Informative[str] = None


class Source(PayloadPart):
    """The side of a pull request whose commits are to be merged."""

    branch: Informative[Branch] = None
    commit: Informative[Commit] = None


class PullRequest(Linked):
    """A pull request; its id counts within its repository."""

    id: IntegerId
    title: Informative[str] = None
    description: str | None = None
    author: User | None = None
    source: Informative[Source] = None
    created_on: Informative[PayloadTime] = None
    updated_on: Informative[PayloadTime] = None


class Issue(Linked):
    """An issue; its id counts within its repository."""

    id: IntegerId
    title: Informative[str] = None
    content: Content | None = None
    reporter: User | None = None
    assignee: Informative[User] = None
    kind: Informative[str] = None
    created_on: Informative[PayloadTime] = None
    updated_on: Informative[PayloadTime] = None


class Ref(PayloadPart):
    """A branch or a tag, by its type."""

    type: Informative[str] = None
    name: Informative[str] = None
    target: Informative[Commit] = None


class Change(Linked):
    """The change of a branch or a tag; one that was deleted has no new state."""

    new: Ref | None = None
    old: Ref | None = None


class Push(PayloadPart):
    """The changes of a push."""

    changes: tuple[Change | None, ...] | None = None


class CommitStatus(PayloadPart):
    """The result of a build of one commit."""

    name: Informative[str] = None
    key: Informative[str] = None
    description: Informative[str] = None
    state: Informative[str] = None
    url: Informative[str] = None
    refname: Informative[str] = None
    commit: Informative[Commit] = None
    created_on: Informative[PayloadTime] = None
    updated_on: Informative[PayloadTime] = None


class Assignment(PayloadPart):
    """The assignee after an update."""

    new: Informative[User] = None


class Changes(PayloadPart):
    """What an update of an issue changed."""

    assignee: Informative[Assignment] = None


class Payload(PayloadPart):
    """The body of a webhook; each event has some of these parts."""

    actor: User | None = None
    repository: Informative[Repository] = None
    pullrequest: PullRequest | None = None
    issue: Issue | None = None
    comment: Comment | None = None
    commit: Informative[Commit] = None
    commit_status: CommitStatus | None = None
    changes: Informative[Changes] = None
    push: Push | None = None


def read(request: InboundRequest) -> Payload:
    """Return the payload of a verified request.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    return validate(Payload, decode_json(request))
