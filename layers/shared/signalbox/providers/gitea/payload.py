"""Models of the payloads of Gitea and Forgejo, with the fields that are read.

Other fields are ignored. All fields but ids may be missing or null; `require` checks the ones that
an event needs where they are used.
"""

from pydantic import Field, JsonValue

from signalbox.ingress.payload import (
    Informative,
    IntegerId,
    PayloadPart,
    PayloadTime,
    decode_json,
    validate,
)
from signalbox.models.request import InboundRequest
from signalbox.providers.gitea.signature import FORM_FIELD


class User(PayloadPart):
    """An account; Gitea does not say whether it is a bot."""

    login: str | None = None


class Label(PayloadPart):
    """A label of an issue or a pull request."""

    name: str | None = None


class Repository(PayloadPart):
    """The repository of the event."""

    full_name: Informative[str] = None


class Written(PayloadPart):
    """Something that people write and edit.

    `user` is the first author; the author of an edit is the sender.
    """

    id: IntegerId
    body: str | None = None
    user: User | None = None
    html_url: Informative[str] = None
    created_at: Informative[PayloadTime] = None
    updated_at: Informative[PayloadTime] = None


class Topic(Written):
    """An issue; the base of a pull request."""

    title: Informative[str] = None
    labels: Informative[tuple[Label | None, ...]] = None
    assignee: Informative[User] = None
    assignees: Informative[tuple[User | None, ...]] = None


class Head(PayloadPart):
    """The source branch of a pull request."""

    ref: Informative[str] = None
    sha: Informative[str] = None


class PullRequest(Topic):
    """A pull request."""

    head: Informative[Head] = None


class Review(PayloadPart):
    """A review of a pull request, which has no id."""

    content: str | None = None


class Commit(PayloadPart):
    """The newest commit of a push."""

    message: Informative[str] = None
    timestamp: Informative[PayloadTime] = None


class Release(PayloadPart):
    """A release."""

    name: Informative[str] = None
    tag_name: Informative[str] = None
    target_commitish: Informative[str] = None
    html_url: Informative[str] = None
    created_at: Informative[PayloadTime] = None
    published_at: Informative[PayloadTime] = None


class Workflow(PayloadPart):
    """The workflow of a run."""

    name: Informative[str] = None


class WorkflowRun(PayloadPart):
    """A run of a workflow of Gitea Actions."""

    display_title: Informative[str] = None
    head_branch: Informative[str] = None
    head_sha: Informative[str] = None
    html_url: Informative[str] = None
    status: Informative[str] = None
    conclusion: Informative[str] = None
    started_at: Informative[PayloadTime] = None
    completed_at: Informative[PayloadTime] = None


class ActionRun(PayloadPart):
    """A run of a workflow of Forgejo Actions."""

    title: Informative[str] = None
    workflow_id: Informative[str] = None
    prettyref: Informative[str] = None
    commit_sha: Informative[str] = None
    html_url: Informative[str] = None
    stopped: Informative[PayloadTime] = None


class Before(PayloadPart):
    """The value of a field before an edit."""

    said: str | None = Field(default=None, alias="from")


class Changes(PayloadPart):
    """The fields that an edit changed, or the labels, which not every version names."""

    body: Before | None = None
    added_labels: Informative[tuple[Label | None, ...]] = None
    removed_labels: Informative[tuple[Label | None, ...]] = None


class Heading(PayloadPart):
    """The part of a payload that is read first."""

    action: str | None = Field(default=None, pattern=r"^[a-z_]{1,64}$")


class Payload(Heading):
    """The body of a webhook; each event has some of these parts."""

    repository: Informative[Repository] = None
    sender: User | None = None
    changes: Changes | None = None
    comment: Written | None = None
    issue: Topic | None = None
    pull_request: PullRequest | None = None
    requested_reviewer: Informative[User] = None
    review: Review | None = None
    ref: str | None = None
    after: Informative[str] = None
    compare_url: Informative[str] = None
    head_commit: Informative[Commit] = None
    release: Release | None = None
    workflow: Informative[Workflow] = None
    workflow_run: WorkflowRun | None = None
    run: ActionRun | None = None
    sha: Informative[str] = None
    state: Informative[str] = None
    context: Informative[str] = None
    description: Informative[str] = None
    target_url: Informative[str] = None
    updated_at: Informative[PayloadTime] = None


def decoded(request: InboundRequest) -> JsonValue:
    """Return the JSON of a verified request.

    Raises:
        PayloadInvalid: The body is not JSON.
    """
    return decode_json(request, form_field=FORM_FIELD)


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
