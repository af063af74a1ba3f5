"""What is read of a GitHub payload, and how it is got out of a body.

Whatever is not named here is ignored, and what is named may be missing or null, save the ids. Which
parts an event must have is asked where they are used, by `needed`.
"""

from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar
from urllib.parse import parse_qs

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import from_json

from signalbox.models.errors import PayloadInvalid
from signalbox.models.request import InboundRequest

T = TypeVar("T")
P = TypeVar("P", bound="Part")

_FORM: Final = "application/x-www-form-urlencoded"
_FORM_FIELDS: Final = 16


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the moment is outside of time") from None


Id = Annotated[int, Field(ge=0, lt=2**63)]
At = Annotated[datetime, AfterValidator(_in_utc)]
"""A moment as GitHub writes it: ISO 8601, or seconds since 1970 in a push."""


class Part(BaseModel):
    """A part of a payload."""

    model_config = ConfigDict(frozen=True)


class User(Part):
    """A person, a bot or an organisation, by `type`."""

    login: str | None = None
    type: str | None = None


class Team(Part):
    """A team, asked for a review in place of a person."""

    slug: str | None = None


class Label(Part):
    """A label of an issue, a pull request or a discussion."""

    name: str | None = None


class Repository(Part):
    """Where it happened."""

    full_name: str | None = None
    pushed_at: At | None = None


class Written(Part):
    """Something that people write and edit. `body` is null where they wrote nothing.

    `user` is who wrote it first, null where the account is gone; edits are their sender's.
    """

    id: Id
    body: str | None = None
    user: User | None = None
    html_url: str | None = None
    created_at: At | None = None
    updated_at: At | None = None


class Comment(Written):
    """A comment on an issue, on a pull request, on a line of one, or in a discussion."""

    commit_id: str | None = None


class Topic(Written):
    """An issue or a discussion; the base of a pull request."""

    title: str | None = None
    labels: tuple[Label | None, ...] | None = None


class Head(Part):
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
    submitted_at: At | None = None


class WorkflowRun(Part):
    """A run of a workflow."""

    name: str | None = None
    display_title: str | None = None
    head_branch: str | None = None
    head_sha: str | None = None
    html_url: str | None = None
    status: str | None = None
    conclusion: str | None = None
    created_at: At | None = None
    updated_at: At | None = None


class CheckSuite(Part):
    """What a check run belongs to."""

    head_branch: str | None = None


class CheckOutput(Part):
    """What a check run says of itself."""

    title: str | None = None


class CheckRun(Part):
    """A check of one commit."""

    name: str | None = None
    head_sha: str | None = None
    html_url: str | None = None
    details_url: str | None = None
    status: str | None = None
    conclusion: str | None = None
    started_at: At | None = None
    completed_at: At | None = None
    check_suite: CheckSuite | None = None
    output: CheckOutput | None = None


class RequestedAction(Part):
    """The button of a check run that somebody pressed."""

    identifier: str | None = None


class Release(Part):
    """A release."""

    name: str | None = None
    tag_name: str | None = None
    target_commitish: str | None = None
    html_url: str | None = None
    created_at: At | None = None
    published_at: At | None = None


class Commit(Part):
    """The newest commit of a push."""

    message: str | None = None
    timestamp: At | None = None


class Before(Part):
    """What one field said before an edit."""

    said: str | None = Field(default=None, alias="from")


class Changes(Part):
    """The fields that an edit changed, or what a transfer brought here, and from where."""

    body: Before | None = None
    old_issue: Part | None = None
    old_repository: Part | None = None


class Heading(Part):
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
    """The JSON in a request that was verified. Raises PayloadInvalid."""
    try:
        document: JsonValue = from_json(_json(request), allow_inf_nan=False)
    except ValueError as invalid:
        raise PayloadInvalid(f"the body cannot be read: {invalid}") from invalid
    return document


def action_of(document: JsonValue) -> str | None:
    """The action of an event, whatever else it says. Raises PayloadInvalid."""
    return _read(Heading, document).action


def read(document: JsonValue) -> Payload:
    """All that is read of an event. Raises PayloadInvalid."""
    return _read(Payload, document)


def needed(part: T | None, name: str) -> T:
    """The part, which this event cannot do without. Raises PayloadInvalid."""
    if part is None:
        raise PayloadInvalid(f"{name} is missing")
    return part


def _read(part: type[P], document: JsonValue) -> P:
    try:
        return part.model_validate(document)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the body"
        raise PayloadInvalid(f"{where}: {first['msg']}") from invalid


def _json(request: InboundRequest) -> bytes | str:
    if request.media_type != _FORM:
        return request.body
    form = parse_qs(request.body.decode("ascii"), errors="strict", max_num_fields=_FORM_FIELDS)
    payloads = form.get("payload", [])
    if len(payloads) != 1:
        raise PayloadInvalid("the form has no field of the name payload, or several")
    return payloads[0]
