"""The fields of a Discord event, within the limits of a task.

Discord names servers, channels and people by ids: an author is a user id, and the repository of an
event is `<server id>/<channel id>`.
"""

from datetime import UTC, datetime
from typing import Final

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.event_facts import EventFacts
from signalbox.ingress.facts import author, joined
from signalbox.models.event import Event
from signalbox.providers.discord.commands import author_of
from signalbox.providers.discord.payload import (
    ApplicationEvent,
    CommandData,
    ComponentData,
    EventData,
    Interaction,
)

_EPOCH: Final = 1_420_070_400_000
"""The first millisecond of 2015, from which ids count."""


def command_event(interaction: Interaction, data: CommandData, text: CommandText) -> Event:
    """Return the event of a command."""
    message = data.target
    content = message.content if message else None
    title = joined(data.name, content) if content else text.text or f"/{data.name}"
    return _event(
        "application_command",
        interaction,
        text,
        title=title,
        detail=data.name,
        message=message.id if message else None,
    )


def component_event(
    type_: str, interaction: Interaction, data: ComponentData, text: CommandText
) -> Event:
    """Return the event of a button, a menu or a modal."""
    return _event(type_, interaction, text, title=data.custom_id, detail=data.custom_id)


def application_event(type_: str, event: ApplicationEvent, text: CommandText) -> Event:
    """Return the event of the application itself."""
    data = event.data or EventData()
    user, guild = data.user, data.guild
    facts = EventFacts(
        title=joined(type_, user.username if user else None), url=None, at=event.timestamp
    )
    return facts.event(
        type_,
        text,
        author=author_of(user) or author(data.user_id),
        repository=guild.id if guild else data.guild_id,
    )


def _event(
    type_: str,
    interaction: Interaction,
    text: CommandText,
    *,
    title: str,
    detail: str,
    message: str | None = None,
) -> Event:
    guild, channel = interaction.guild_id, interaction.channel_id
    place = "/".join(part for part in (guild or "@me", channel, message) if part)
    facts = EventFacts(
        title=title,
        url=f"https://discord.com/channels/{place}" if channel else None,
        at=_time(interaction.id),
        details=(detail,),
    )
    return facts.event(
        type_,
        text,
        author=author_of(interaction.sender),
        repository="/".join(part for part in (guild, channel) if part),
    )


def _time(snowflake: str | None) -> datetime | None:
    """Return the time at which an id was made.

    https://docs.discord.com/developers/reference#snowflakes
    """
    if snowflake is None:
        return None
    return datetime.fromtimestamp(((int(snowflake) >> 22) + _EPOCH) / 1_000, UTC)
