"""Models of Discord's payloads, with the fields that are read.

Discord sends interactions, such as slash commands and buttons, and events of the application to a
URL each, which may be the same. Other fields are ignored. What decides who gives which command must
be of its type; what only informs may be of any.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated

from pydantic import Field, JsonValue

from signalbox.ingress.payload import Informative, PayloadPart, PayloadTime

Snowflake = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
"""An id, whose higher bits are the time at which it was made."""


class InteractionType(IntEnum):
    """The types of interactions.

    https://docs.discord.com/developers/interactions/receiving-and-responding
    """

    PING = 1
    APPLICATION_COMMAND = 2
    MESSAGE_COMPONENT = 3
    APPLICATION_COMMAND_AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class WebhookType(IntEnum):
    """The types of webhooks with the events of an application.

    https://docs.discord.com/developers/events/webhook-events
    """

    PING = 0
    EVENT = 1


class CommandType(IntEnum):
    """The types of application commands: of a chat, of a user, of a message."""

    CHAT_INPUT = 1
    USER = 2
    MESSAGE = 3


class User(PayloadPart):
    """A person or a bot."""

    id: Snowflake
    username: Informative[str] = None
    bot: bool | None = None


class Member(PayloadPart):
    """A person in a server."""

    user: User | None = None


class Message(PayloadPart):
    """The message of a message command. A bot's has the id of its application."""

    id: Informative[Snowflake] = None
    content: str | None = None
    author: User | None = None
    application_id: Snowflake | None = None


class Resolved(PayloadPart):
    """The objects that a command refers to, by id."""

    messages: Mapping[str, Message | None] | None = None


class Option(PayloadPart):
    """An argument of a command, or a subcommand or group of them, which has options itself."""

    name: str
    value: str | bool | int | float | None = None
    options: tuple["Option", ...] | None = None


class CommandData(PayloadPart):
    """A command that was given."""

    name: str
    type: Annotated[int, Field(strict=True)] = CommandType.CHAT_INPUT
    target_id: str | None = None
    options: tuple[Option, ...] | None = None
    resolved: Resolved | None = None

    @property
    def target(self) -> Message | None:
        """Return the message of a message command."""
        messages = self.resolved.messages if self.resolved else None
        return (messages or {}).get(self.target_id or "")


class ComponentData(PayloadPart):
    """A button or a menu that was used, or a modal that was submitted."""

    custom_id: str
    values: Informative[tuple[Informative[str], ...]] = None


class Heading(PayloadPart):
    """The part of a payload that is read first. Only webhooks have an `event`."""

    type: Annotated[int, Field(strict=True, ge=0, lt=1_000)]
    event: JsonValue = None


class Interaction(PayloadPart):
    """An interaction."""

    id: Informative[Snowflake] = None
    application_id: Snowflake | None = None
    guild_id: Informative[Snowflake] = None
    channel_id: Informative[Snowflake] = None
    member: Member | None = None
    user: User | None = None
    data: JsonValue = None

    @property
    def sender(self) -> User | None:
        """Return the person: the member of a server, or in direct messages the user."""
        return self.member.user if self.member and self.member.user else self.user


class EventData(PayloadPart):
    """The data of an event."""

    user: Informative[User] = None
    guild: Informative["Guild"] = None
    user_id: Informative[Snowflake] = None
    guild_id: Informative[Snowflake] = None


class Guild(PayloadPart):
    """A server."""

    id: Informative[Snowflake] = None


class ApplicationEvent(PayloadPart):
    """An event of an application."""

    type: Annotated[str, Field(pattern=r"^[A-Z_]{1,64}$")]
    timestamp: Informative[PayloadTime] = None
    data: Informative[EventData] = None
