"""Models of GitHub's payloads, with the fields that are read.

Other fields are ignored. All fields but ids may be missing or null; `require` checks the ones that
an event needs where they are used.
"""

from pydantic import Field, JsonValue

from signalbox.ingress.payload import (
    IntegerId,
    PayloadPart,
    PayloadTime,
    decode_json,
    validate,
)
from signalbox.models.request import InboundRequest


class User(PayloadPart):
    """A person, a bot or an organisation, by `type`."""

    login: str | None = None
    type: str | None = None


class Team(PayloadPart):
    """A team whose review is requested."""

    slug: str | None = None


class Label(PayloadPart):
    """A label of an issue, a pull request or a discussion."""

    name: str | None = None


class Repository(PayloadPart):
    """The repository of the event."""

    full_name: str | None = None
    pushed_at: PayloadTime | None = None


class Written(PayloadPart):
    """Something that people write and edit. `body` is null if it is empty.

    `user` is the first author, null if the account is deleted; the author of an edit is the sender.
    """

    id: IntegerId
    body: str | None = None
    user: User | None = None
    html_url: str | None = None
    created_at: PayloadTime | None = None
    updated_at: PayloadTime | None = None


class Comment(Written):
    """A comment on an issue, on a pull request, on a line of one, or in a discussion."""

    commit_id: str | None = None


class Topic(Written):
    """An issue or a discussion; the base of a pull request."""

    title: str | None = None
    labels: tuple[Label | None, ...] | None = None


class Head(PayloadPart):
    """The source branch of a pull request."""

    ref: str | None = None
    sha: str | None = None


class PullRequest(Topic):
    """A pull request."""

    head: Head | None = None


class Review(Written):
    """A review of a pull request."""

    state: str | None = None
    commit_id: str | None = None
    submitted_at: PayloadTime | None = None


class WorkflowRun(PayloadPart):
    """A run of a workflow."""

    name: str | None = None
    display_title: str | None = None
    head_branch: str | None = None
    head_sha: str | None = None
    html_url: str | None = None
    status: str | None = None
    conclusion: str | None = None
    created_at: PayloadTime | None = None
    updated_at: PayloadTime | None = None


class CheckSuite(PayloadPart):
    """The suite of a check run."""

    head_branch: str | None = None


class CheckOutput(PayloadPart):
    """The output of a check run."""

    title: str | None = None


class CheckRun(PayloadPart):
    """A check of one commit."""

    name: str | None = None
    head_sha: str | None = None
    html_url: str | None = None
    details_url: str | None = None
    status: str | None = None
    conclusion: str | None = None
    started_at: PayloadTime | None = None
    completed_at: PayloadTime | None = None
    check_suite: CheckSuite | None = None
    output: CheckOutput | None = None


class RequestedAction(PayloadPart):
    """The button of a check run that was pressed."""

    identifier: str | None = None


class Release(PayloadPart):
    """A release."""

    name: str | None = None
    tag_name: str | None = None
    target_commitish: str | None = None
    html_url: str | None = None
    created_at: PayloadTime | None = None
    published_at: PayloadTime | None = None


class Commit(PayloadPart):
    """The newest commit of a push."""

    message: str | None = None
    timestamp: PayloadTime | None = None


class Before(PayloadPart):
    """The value of a field before an edit."""

    said: str | None = Field(default=None, alias="from")


class Changes(PayloadPart):
    """The fields that an edit changed, or the origin of a transfer."""

    body: Before | None = None
    old_issue: PayloadPart | None = None
    old_repository: PayloadPart | None = None


class Heading(PayloadPart):
    """The part of a payload that is read first."""

    action: str | None = Field(default=None, pattern=r"^[a-z_]{1,64}$")


class Payload(Heading):
    """The body of a webhook; each event has some of these parts."""

    repository: Repository | None = None
    sender: User | None = None
    changes: Changes | None = None
    comment: Comment | None = None
    issue: Topic | None = None
    discussion: Topic | None = None
    pull_request: PullRequest | None = None
    review: Review | None = None
    workflow_run: WorkflowRun | None = None
    check_run: CheckRun | None = None
    requested_action: RequestedAction | None = None
    release: Release | None = None
    label: Label | None = None
    assignee: User | None = None
    requested_reviewer: User | None = None
    requested_team: Team | None = None
    ref: str | None = None
    after: str | None = None
    compare: str | None = None
    deleted: bool | None = None
    head_commit: Commit | None = None


def decoded(request: InboundRequest) -> JsonValue:
    """Return the JSON of a verified request.

    Raises:
        PayloadInvalid: The body is not JSON.
    """
    return decode_json(request, form_field="payload")


def action_of(document: JsonValue) -> str | None:
    """Return the action of an event.

    Raises:
        PayloadInvalid: The payload is not an object.
    """
    return validate(Heading, document).action


def read(document: JsonValue) -> Payload:
    """Return the payload of an event.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    return validate(Payload, document)
