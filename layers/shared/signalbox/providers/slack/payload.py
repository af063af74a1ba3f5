"""Models of Slack's payloads, with the fields that are read.

Slack sends three kinds of requests to one URL: events as JSON, slash commands as forms, and
interactions as JSON in the field `payload` of a form. Other fields are ignored. What decides who
gives a command must be of its type; what only informs may be of any.
"""

from typing import Annotated, Final

from pydantic import Field, JsonValue

from signalbox.ingress.payload import (
    Informative,
    PayloadPart,
    decode_form,
    decode_json,
    require,
    validate,
)
from signalbox.models.request import InboundRequest

CHANGES: Final = frozenset({"message_changed", "message_deleted"})
"""The subtypes of messages that are events of their own."""

TypeName = Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,64}$")]
ResponseUrl = Annotated[Informative[str], Field(repr=False)]


class BotProfile(PayloadPart):
    """The app that posted a message."""

    app_id: str | None = None


class Edited(PayloadPart):
    """Who edited a message last, and when."""

    user: str | None = None
    ts: Informative[str] = None


class Metadata(PayloadPart):
    """What an app attached to a message. Our own messages have the type `signalbox_task`."""

    event_type: Informative[str] = None


class Message(PayloadPart):
    """A message. `ts` identifies it within its channel; `user` may be missing if it is a bot's.

    `thread_ts` is the `ts` of the message that its thread began with.
    """

    user: str | None = None
    text: str | None = None
    ts: str | None = None
    thread_ts: Informative[str] = None
    subtype: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    bot_profile: BotProfile | None = None
    edited: Edited | None = None
    metadata: Informative[Metadata] = None


class ReactionItem(PayloadPart):
    """What somebody reacted to; a file has neither a channel nor a `ts`."""

    channel: Informative[str] = None
    ts: Informative[str] = None


class EventHeading(PayloadPart):
    """The part of the event in an envelope that is read first."""

    type: TypeName
    subtype: str | None = None

    @property
    def name(self) -> str:
        """Return the type of the event, of a change of a message its subtype."""
        return self.subtype if self.type == "message" and self.subtype in CHANGES else self.type


class InnerEvent(EventHeading, Message):
    """The event in an envelope: a message itself, or an edit or a deletion of one.

    `message` and `previous_message` are the message after and before an edit or a deletion.
    """

    channel: str | None = None
    channel_type: Informative[str] = None
    event_ts: Informative[str] = None
    message: Message | None = None
    previous_message: Message | None = None
    reaction: Informative[str] = None
    item: Informative[ReactionItem] = None


class Authorization(PayloadPart):
    """An installation of the app that the event is visible to."""

    user_id: str | None = None
    is_bot: bool | None = None


class Envelope(PayloadPart):
    """The body of a request of the Events API."""

    type: TypeName
    team_id: Informative[str] = None
    api_app_id: str | None = None
    authorizations: tuple[Authorization | None, ...] | None = None
    challenge: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    event: JsonValue = None

    @property
    def bot_user(self) -> str | None:
        """Return the id of our own bot user, or None if the envelope does not say."""
        return next((one.user_id for one in self.authorizations or () if one and one.is_bot), None)


class SlashCommand(PayloadPart):
    """The fields of a slash command; `text` is missing if nothing follows its name.

    `response_url` is a secret, by which messages are sent to the person.
    """

    command: Annotated[str, Field(pattern=r"^/[^\s/]{1,32}$")]
    text: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    channel_id: str | None = None
    response_url: ResponseUrl = None


class Person(PayloadPart):
    """The person who used a shortcut or a button."""

    id: str | None = None


class Team(PayloadPart):
    """The workspace of an interaction, null where an app is installed in an organisation."""

    id: Informative[str] = None
    domain: Informative[str] = None


class Channel(PayloadPart):
    """The channel of an interaction; it has none in a modal or the home of the app."""

    id: Informative[str] = None


class Option(PayloadPart):
    """What was chosen from a menu."""

    value: Informative[str] = None


class Action(PayloadPart):
    """A button that was pressed, or another element that was used.

    Only buttons have a `value`, and menus what was chosen. A button with a `url` opens it, whatever
    the app does.

    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """

    action_id: Informative[str] = None
    value: Informative[str] = None
    url: Informative[str] = None
    selected_option: Informative[Option] = None
    selected_options: Informative[tuple[Option | None, ...]] = None
    action_ts: Informative[str] = None

    @property
    def words(self) -> str:
        """Return the value of the button, or of what was chosen."""
        options = (self.selected_option, *(self.selected_options or ()))
        chosen = (option.value for option in options if option)
        return " ".join(filter(None, (self.value, *chosen)))


class View(PayloadPart):
    """A modal."""

    callback_id: Informative[str] = None


class ChosenConversation(PayloadPart):
    """A conversation that was chosen in a modal, where the outcome may be shown."""

    response_url: ResponseUrl = None


class Interaction(PayloadPart):
    """The field `payload` of an interaction.

    Message shortcuts and the elements of a message have a `response_url`, modals `response_urls` if
    a conversation is chosen in them. Global shortcuts have none.

    https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
    """

    type: TypeName
    callback_id: Informative[str] = None
    api_app_id: str | None = None
    user: Person | None = None
    team: Informative[Team] = None
    channel: Informative[Channel] = None
    message: Message | None = None
    actions: Informative[tuple[Action | None, ...]] = None
    view: Informative[View] = None
    action_ts: Informative[str] = None
    response_url: ResponseUrl = None
    response_urls: Annotated[
        Informative[tuple[ChosenConversation | None, ...]], Field(repr=False)
    ] = None

    @property
    def outcome_url(self) -> str | None:
        """Return where the outcome may be sent to: a secret."""
        chosen = (one.response_url for one in self.response_urls or () if one)
        return self.response_url or next(filter(None, chosen), None)

    @property
    def action(self) -> Action | None:
        """Return the element that was used; Slack sends one at a time."""
        return next((one for one in self.actions or () if one), None)


def read_envelope(request: InboundRequest) -> Envelope:
    """Return the body of a request of the Events API.

    Raises:
        PayloadInvalid: The body is no such envelope.
    """
    return validate(Envelope, decode_json(request))


def read_heading(envelope: Envelope) -> EventHeading:
    """Return the type of the event in an envelope, whatever else is in it.

    Raises:
        PayloadInvalid: There is no event, or its type is not valid.
    """
    return validate(EventHeading, require(envelope.event, "event"))


def read_event(envelope: Envelope) -> InnerEvent:
    """Return the event in an envelope.

    Raises:
        PayloadInvalid: The event is not valid.
    """
    return validate(InnerEvent, envelope.event)


def read_form(request: InboundRequest) -> SlashCommand | Interaction:
    """Return the slash command or the interaction in a form.

    Raises:
        PayloadInvalid: The form is neither.
    """
    fields = decode_form(request)
    if "payload" in fields:
        return validate(Interaction, decode_json(request, form_field="payload"))
    return validate(SlashCommand, dict(fields))
