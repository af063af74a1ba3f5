"""Models of Trello's payloads, with the fields that are read.

Other fields are ignored, and all but the type of an action may be missing or null.
"""

from typing import Annotated

from pydantic import Field, JsonValue

from signalbox.ingress.payload import Informative, PayloadPart, PayloadTime, decode_json, validate
from signalbox.models.request import InboundRequest

Identifier = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,64}$")]
ActionType = Annotated[str, Field(pattern=r"^[0-9A-Za-z_]{1,64}$")]


class Member(PayloadPart):
    """A member of a board."""

    username: str | None = None


class Named(PayloadPart):
    """A board or a list."""

    name: Informative[str] = None


class Label(Named):
    """A label, which has a colour and often no name."""

    color: Informative[str] = None


class Card(Named):
    """A card; `desc` is there where the description was changed."""

    id: Identifier | None = None
    short_link: Informative[str] = Field(default=None, alias="shortLink")
    desc: str | None = None


class Comment(PayloadPart):
    """The comment that was edited or deleted: the action by which it was written."""

    id: Identifier | None = None
    text: str | None = None


class Before(PayloadPart):
    """The previous values of the fields that an action changed."""

    text: str | None = None
    desc: str | None = None

    def has(self, field: str) -> bool:
        """Return whether the action changed the field."""
        return field in self.model_fields_set


class Data(PayloadPart):
    """What an action refers to."""

    text: str | None = None
    comment: Comment | None = Field(default=None, alias="action")
    before: Before | None = Field(default=None, alias="old")
    card: Card | None = None
    board: Informative[Named] = None
    card_list: Informative[Named] = Field(default=None, alias="list")
    list_after: Informative[Named] = Field(default=None, alias="listAfter")
    label: Informative[Label] = None


class Heading(PayloadPart):
    """The part of an action that is read first."""

    type: ActionType


class Action(Heading):
    """What a member did. `member` is another member to whom it was done."""

    id: Identifier | None = None
    date: Informative[PayloadTime] = None
    data: Data | None = None
    creator: Member | None = Field(default=None, alias="memberCreator")
    member: Informative[Member] = None


class Envelope(PayloadPart):
    """The body of a webhook, of whose action the type is read."""

    action: Heading


class Payload(PayloadPart):
    """The body of a webhook."""

    action: Action


def decoded(request: InboundRequest) -> JsonValue:
    """Return the JSON of a verified request.

    Raises:
        PayloadInvalid: The body is not JSON.
    """
    return decode_json(request)


def action_type(document: JsonValue) -> str:
    """Return the type of an action: `commentCard`.

    Raises:
        PayloadInvalid: The payload has no action.
    """
    return validate(Envelope, document).action.type


def read(document: JsonValue) -> Action:
    """Return the action of a payload.

    Raises:
        PayloadInvalid: The action is not valid.
    """
    return validate(Payload, document).action
