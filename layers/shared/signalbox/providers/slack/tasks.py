"""The fields of a Slack event, within the limits of a task.

Slack names people and channels by ids: an author is a user id, and the repository of an event is
`<workspace id>/<channel id>`.
"""

import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.event_facts import EventFacts
from signalbox.ingress.facts import author, joined
from signalbox.models.event import Author, Event
from signalbox.models.frozen import frozen
from signalbox.providers.slack.commands import message_of, plain, sender_of
from signalbox.providers.slack.payload import Envelope, InnerEvent, Interaction, SlashCommand

_ID: Final = re.compile(r"[A-Z0-9]{1,32}")
_DOMAIN: Final = re.compile(r"[a-z0-9-]{1,63}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,6})?")


@frozen
class _Place:
    """Where something happened, as Slack sent it."""

    team: str | None
    channel: str | None
    domain: str | None = None
    message: str | None = None
    thread: str | None = None

    @property
    def repository(self) -> str:
        """Return the workspace and the channel, or the one that is there."""
        return "/".join(part for part in (self.team, self.channel) if part)

    @property
    def url(self) -> str | None:
        """Return the link to the message if the domain is there, else to the channel.

        The link to a channel has the message and its thread as parameters of our own.

        https://docs.slack.dev/interactivity/deep-linking
        """
        team, channel = (_ID.fullmatch(part or "") for part in (self.team, self.channel))
        if not channel:
            return None
        if _DOMAIN.fullmatch(self.domain or "") and _TIMESTAMP.fullmatch(self.message or ""):
            number = (self.message or "").replace(".", "")
            return f"https://{self.domain}.slack.com/archives/{channel[0]}/p{number}"
        if not team:
            return None
        found = {"message_ts": self.message, "thread_ts": self.thread}
        ours = {name: ts for name, ts in found.items() if ts and _TIMESTAMP.fullmatch(ts)}
        query = urlencode({"team": team[0], "channel": channel[0], **ours})
        return f"https://slack.com/app_redirect?{query}"


def message_event(envelope: Envelope, event: InnerEvent, text: CommandText) -> Event:
    """Return the event of a message, of a change of one, or of a reaction to one."""
    message = message_of(event)
    words = plain(message.text if message else None).replace(text.mention or "<@>", "")
    return _event(
        event.name,
        text,
        title=f":{event.reaction}:" if event.reaction else words,
        detail=event.reaction or event.channel_type,
        sender=sender_of(event),
        timestamp=event.event_ts or event.ts,
        place=_Place(
            team=envelope.team_id,
            channel=event.channel or (event.item.channel if event.item else None),
            message=event.item.ts if event.item else (message.ts if message else None),
            thread=message.thread_ts if message else None,
        ),
    )


def slash_event(command: SlashCommand, text: CommandText) -> Event:
    """Return the event of a slash command."""
    return _event(
        "slash_command",
        text,
        title=plain(f"{command.command} {command.text or ''}"),
        detail=command.command,
        sender=author(command.user_id),
        place=_Place(team=command.team_id, channel=command.channel_id),
    )


def interaction_event(interaction: Interaction, text: CommandText) -> Event:
    """Return the event of a shortcut, of a button, or of a modal."""
    action, message = interaction.action, interaction.message
    view = interaction.view.callback_id if interaction.view else None
    name = interaction.callback_id or view or (action.action_id if action else None)
    return _event(
        interaction.type,
        text,
        title=joined(name, plain(message.text).strip() if message else None),
        detail=name,
        sender=author(interaction.user.id if interaction.user else None),
        timestamp=interaction.action_ts or (action.action_ts if action else None),
        place=_place_of(interaction),
    )


def message_url(interaction: Interaction) -> str | None:
    """Return the link to the message that an interaction is about, None if it is about none."""
    return _place_of(interaction).url if interaction.message else None


def _place_of(interaction: Interaction) -> _Place:
    message, team = interaction.message, interaction.team
    return _Place(
        team=team.id if team else None,
        channel=interaction.channel.id if interaction.channel else None,
        domain=team.domain if team else None,
        message=message.ts if message else None,
    )


def _event(
    type_: str,
    text: CommandText,
    *,
    title: str,
    detail: str | None,
    sender: Author | None,
    place: _Place,
    timestamp: str | None = None,
) -> Event:
    facts = EventFacts(title=title, url=place.url, at=_time(timestamp), details=(detail,))
    return facts.event(type_, text, author=sender, repository=place.repository)


def _time(timestamp: str | None) -> datetime | None:
    if not _TIMESTAMP.fullmatch(timestamp or ""):
        return None
    return datetime.fromtimestamp(float(timestamp or ""), UTC)
