"""Models of GitLab's payloads, with the fields that are read.

Other fields are ignored. All fields may be missing or null; `require` checks the ones that an event
needs where they are used.
"""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, JsonValue

from signalbox.ingress.payload import Informative, IntegerId, PayloadPart, PayloadTime, validate

_ZONE: Final = re.compile(r" (UTC|[+-][0-9]{4})$")


def _as_iso(time: object) -> object:
    """Return `2015-05-17 18:08:09 UTC` and `… +0200`, as some events write it, as ISO 8601."""
    return _ZONE.sub(_zone, time) if isinstance(time, str) else time


def _zone(found: re.Match[str]) -> str:
    return "Z" if found[1] == "UTC" else found[1]


GitLabTime = Informative[Annotated[PayloadTime, BeforeValidator(_as_iso)]]


class User(PayloadPart):
    """Who caused an event, or to whom something is assigned."""

    id: Informative[IntegerId] = None
    username: str | None = None


class Label(PayloadPart):
    """A label of an issue or a merge request."""

    title: Informative[str] = None


class Project(PayloadPart):
    """The project of the event."""

    path_with_namespace: Informative[str] = None
    web_url: Informative[str] = None


class Commit(PayloadPart):
    """A commit; that of a job has the number of its pipeline as its id."""

    id: Informative[str] = None
    message: Informative[str] = None
    timestamp: GitLabTime = None
    url: Informative[str] = None


class Topic(PayloadPart):
    """What a comment stands under: an issue, a merge request or a snippet."""

    title: Informative[str] = None
    labels: Informative[tuple[Label | None, ...]] = None
    source_branch: Informative[str] = None
    last_commit: Informative[Commit] = None


class Attributes(Topic):
    """The object of the event: an issue, a merge request, a comment or a pipeline."""

    action: str | None = Field(default=None, pattern=r"^[a-z_]{1,64}$")
    id: IntegerId | None = None
    author_id: Informative[IntegerId] = None
    description: str | None = None
    note: str | None = None
    system: bool | None = None
    url: Informative[str] = None
    created_at: GitLabTime = None
    updated_at: GitLabTime = None
    finished_at: GitLabTime = None
    name: Informative[str] = None
    status: Informative[str] = None
    ref: Informative[str] = None
    tag: Informative[bool] = None
    sha: Informative[str] = None


class TextChange(PayloadPart):
    """The text before an edit."""

    previous: str | None = None


class LabelsChange(PayloadPart):
    """The labels before and after a change."""

    previous: Informative[tuple[Label | None, ...]] = None
    current: Informative[tuple[Label | None, ...]] = None


class UsersChange(PayloadPart):
    """The assignees or reviewers before and after a change."""

    previous: Informative[tuple[User | None, ...]] = None
    current: Informative[tuple[User | None, ...]] = None


class Changes(PayloadPart):
    """What an update changed."""

    description: TextChange | None = None
    labels: Informative[LabelsChange] = None
    assignees: Informative[UsersChange] = None
    reviewers: Informative[UsersChange] = None


class Heading(PayloadPart):
    """The part of a payload that is read first; system hooks have names and no kinds."""

    object_kind: str | None = Field(default=None, pattern=r"^[a-z_]{1,64}$")
    event_name: str | None = Field(default=None, pattern=r"^[a-z_]{1,64}$")


class Payload(PayloadPart):
    """The body of a webhook; each event has some of these parts."""

    user: User | None = None
    user_username: str | None = None
    project: Informative[Project] = None
    object_attributes: Attributes | None = None
    changes: Changes | None = None
    labels: Informative[tuple[Label | None, ...]] = None
    issue: Informative[Topic] = None
    merge_request: Informative[Topic] = None
    snippet: Informative[Topic] = None
    commit: Informative[Commit] = None
    commits: Informative[tuple[Commit | None, ...]] = None
    action: str | None = Field(default=None, pattern=r"^[a-z_]{1,64}$")
    ref: Informative[str] = None
    after: Informative[str] = None
    checkout_sha: Informative[str] = None
    sha: Informative[str] = None
    tag: Informative[str | bool] = None
    name: Informative[str] = None
    url: Informative[str] = None
    created_at: GitLabTime = None
    released_at: GitLabTime = None
    build_id: Informative[IntegerId] = None
    build_name: Informative[str] = None
    build_stage: Informative[str] = None
    build_status: Informative[str] = None
    build_created_at: GitLabTime = None
    build_started_at: GitLabTime = None
    build_finished_at: GitLabTime = None


def kind_of(document: JsonValue) -> str | None:
    """Return the kind of an event, such as `merge_request`.

    Raises:
        PayloadInvalid: The payload is not an object.
    """
    heading = validate(Heading, document)
    return heading.object_kind or heading.event_name


def read(document: JsonValue) -> Payload:
    """Return the payload of an event.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    return validate(Payload, document)
