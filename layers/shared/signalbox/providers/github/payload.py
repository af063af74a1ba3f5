"""What is read of a GitHub payload, and how it is got out of a body.

Whatever is not named here is ignored, and what is named may be missing or null, save the ids. Which
parts an event must have is asked where they are used, by `require`.
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
    """A team, asked for a review in place of a person."""

    slug: str | None = None


class Label(PayloadPart):
    """A label of an issue, a pull request or a discussion."""

    name: str | None = None


class Repository(PayloadPart):
    """Where it happened."""

    full_name: str | None = None
    pushed_at: PayloadTime | None = None


class Written(PayloadPart):
    """Something that people write and edit.

    `body` is null if they wrote nothing.

    `user` is who wrote it first, null if the account is gone; edits are their sender's.
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
    """What a pull request wants to bring in."""

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
    """What a check run belongs to."""

    head_branch: str | None = None


class CheckOutput(PayloadPart):
    """What a check run says of itself."""

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
    """The button of a check run that somebody pressed."""

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
    """What one field said before an edit."""

    said: str | None = Field(default=None, alias="from")


class Changes(PayloadPart):
    """The fields that an edit changed, or what a transfer brought here, and from where."""

    body: Before | None = None
    old_issue: PayloadPart | None = None
    old_repository: PayloadPart | None = None


class Heading(PayloadPart):
    """What is read of a payload before anything else."""

    action: str | None = Field(default=None, pattern=r"^[a-z_]{1,64}$")


class Payload(Heading):
    """The body of a webhook: each event brings some of these parts."""

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
    """Return the JSON in a request that was verified.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    return decode_json(request, form_field="payload")


def action_of(document: JsonValue) -> str | None:
    """Return the action of an event, whatever else it says.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    return validate(Heading, document).action


def read(document: JsonValue) -> Payload:
    """Return all that is read of an event.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    return validate(Payload, document)
