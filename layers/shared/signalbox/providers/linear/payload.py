"""Models of Linear's payloads, with the fields that are read.

Other fields are ignored, and all but ids may be missing or null.
"""

from typing import Annotated

from pydantic import Field, JsonValue

from signalbox.ingress.payload import Informative, PayloadPart, PayloadTime, decode_json, validate
from signalbox.models.request import InboundRequest

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Actor(PayloadPart):
    """Who caused an event: a user, an external user, an app or an integration, by `type`."""

    id: str | None = None
    type: str | None = None


class Team(PayloadPart):
    """The team of an issue, whose key its identifier starts with."""

    key: Informative[str] = None


class Label(PayloadPart):
    """A label of an issue."""

    id: str | None = None
    name: str | None = None


class State(PayloadPart):
    """The status of an issue."""

    name: Informative[str] = None


class IssueReference(PayloadPart):
    """The issue of a comment."""

    identifier: Informative[str] = None
    title: Informative[str] = None
    team: Informative[Team] = None


class Data(IssueReference):
    """An issue or a comment.

    A comment may be on something else than an issue. `botActor` is set where an integration wrote
    the text, `userId` or `externalUserId` where a person did.
    """

    id: Identifier
    issue: Informative[IssueReference] = None
    body: str | None = None
    description: str | None = None
    labels: Informative[tuple[Label | None, ...]] = None
    state: Informative[State] = None
    assignee_id: Informative[str] = Field(default=None, alias="assigneeId")
    creator_id: str | None = Field(default=None, alias="creatorId")
    user: Actor | None = None
    user_id: str | None = Field(default=None, alias="userId")
    external_user_id: str | None = Field(default=None, alias="externalUserId")
    external_creator_id: str | None = Field(default=None, alias="externalUserCreatorId")
    bot_actor: JsonValue = Field(default=None, alias="botActor")


class Before(PayloadPart):
    """The previous values of the fields that an update changed; null where there was none."""

    body: str | None = None
    label_ids: Informative[tuple[str | None, ...]] = Field(default=None, alias="labelIds")
    state_id: JsonValue = Field(default=None, alias="stateId")
    assignee_id: JsonValue = Field(default=None, alias="assigneeId")

    def has(self, field: str) -> bool:
        """Return whether the update changed the field."""
        return field in self.model_fields_set


class Heading(PayloadPart):
    """The part of a payload that is read first."""

    type: str = Field(pattern=r"^[A-Za-z_]{1,64}$")
    action: str | None = Field(default=None, pattern=r"^[A-Za-z_]{1,64}$")

    @property
    def event(self) -> str:
        """Return the type of the event in lower case, as patterns are: `issue.create`."""
        return f"{self.type}.{self.action}".lower() if self.action else self.type.lower()


class Payload(PayloadPart):
    """The body of a webhook about an issue or a comment."""

    actor: Actor | None = None
    data: Data | None = None
    before: Before | None = Field(default=None, alias="updatedFrom")
    url: Informative[str] = None
    created_at: Informative[PayloadTime] = Field(default=None, alias="createdAt")


def decoded(request: InboundRequest) -> JsonValue:
    """Return the JSON of a verified request.

    Raises:
        PayloadInvalid: The body is not JSON.
    """
    return decode_json(request)


def event_type(document: JsonValue) -> str:
    """Return the type of an event: `issue.create`.

    Raises:
        PayloadInvalid: The payload names no event.
    """
    return validate(Heading, document).event


def read(document: JsonValue) -> Payload:
    """Return the payload of an event.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    return validate(Payload, document)
