"""Models of Jira's payloads, with the fields that are read.

Other fields are ignored, and all but the id of a comment may be missing or null. Jira Server and
Data Center send the same, but for the names of users.
"""

from typing import Annotated

from pydantic import Field, JsonValue

from signalbox.ingress.payload import Informative, PayloadPart, PayloadTime, decode_json, validate
from signalbox.models.request import InboundRequest

Identifier = Annotated[str, Field(pattern=r"^[0-9]{1,19}$", coerce_numbers_to_str=True)]


class User(PayloadPart):
    """A user. Jira Cloud identifies users by `accountId`, Jira Server by `name`."""

    account_id: str | None = Field(default=None, alias="accountId")
    account_type: str | None = Field(default=None, alias="accountType")
    name: str | None = None


class Comment(PayloadPart):
    """A comment on an issue. Its body is wiki text, or a document (ADF)."""

    id: Identifier
    url: Informative[str] = Field(default=None, alias="self")
    body: JsonValue = None
    author: User | None = None
    update_author: User | None = Field(default=None, alias="updateAuthor")


class Project(PayloadPart):
    """The project of an issue."""

    key: Informative[str] = None


class IssueType(PayloadPart):
    """The type of an issue, such as a bug."""

    name: Informative[str] = None


class Fields(PayloadPart):
    """The fields of an issue. Its description is wiki text, or a document (ADF)."""

    summary: Informative[str] = None
    description: JsonValue = None
    labels: Informative[tuple[str | None, ...]] = None
    project: Informative[Project] = None
    issue_type: Informative[IssueType] = Field(default=None, alias="issuetype")
    assignee: Informative[User] = None
    creator: User | None = None


class Issue(PayloadPart):
    """An issue; some events on comments have it without its fields."""

    id: Identifier | None = None
    key: Informative[str] = None
    url: Informative[str] = Field(default=None, alias="self")
    fields: Fields | None = None


class Change(PayloadPart):
    """A field that was changed. Jira Server sends no `fieldId`."""

    field_id: Informative[str] = Field(default=None, alias="fieldId")
    field: Informative[str] = None
    field_type: Informative[str] = Field(default=None, alias="fieldtype")
    after: Informative[str] = Field(default=None, alias="to")
    text_before: Informative[str] = Field(default=None, alias="fromString")
    text_after: Informative[str] = Field(default=None, alias="toString")


class Changelog(PayloadPart):
    """The fields that an update changed."""

    items: tuple[Change | None, ...] | None = None


class Heading(PayloadPart):
    """The part of a payload that is read first."""

    event: str = Field(alias="webhookEvent", pattern=r"^[A-Za-z0-9_:.-]{1,64}$")


class Payload(Heading):
    """The body of a webhook; each event has some of these parts."""

    timestamp: Informative[PayloadTime] = None
    user: User | None = None
    comment: Comment | None = None
    issue: Issue | None = None
    changelog: Changelog | None = None


def decoded(request: InboundRequest) -> JsonValue:
    """Return the JSON of a verified request.

    Raises:
        PayloadInvalid: The body is not JSON.
    """
    return decode_json(request)


def event_name(document: JsonValue) -> str:
    """Return the name of an event, without the prefix of those of issues: `issue_created`.

    Raises:
        PayloadInvalid: The payload names no event.
    """
    return validate(Heading, document).event.removeprefix("jira:")


def read(document: JsonValue) -> Payload:
    """Return the payload of an event.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    return validate(Payload, document)
