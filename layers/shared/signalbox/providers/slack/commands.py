"""Where people write commands at Slack.

- In a message: at the start of a line that begins with a mention of the app. An edit counts for the
  commands that are new in it, a deletion never. The `app_mention` of an edited message lacks the
  text before the edit, so that only the `message_changed` counts.
- In a slash command: `/signalbox run x` is the same as `@signalbox run x`; any other name is the
  command itself, as in `/run x`.
- By a shortcut, a button or a menu: its callback id or action id is the name of the command. The
  message of a shortcut is quoted below the command, so that no line of it is another command.

Slack escapes `&`, `<` and `>`, and writes links as `<https://example.com|example.com>`.
https://docs.slack.dev/messaging/formatting-message-text
"""

import html
import re
from dataclasses import replace
from typing import Final

from signalbox.ingress.command_text import (
    NO_TEXT,
    OWN_TEXT,
    CommandText,
    bounded,
    is_own,
    named_command,
    quoted,
)
from signalbox.ingress.facts import author
from signalbox.models.event import Author
from signalbox.models.text import one_line
from signalbox.providers.slack.payload import (
    Action,
    Envelope,
    InnerEvent,
    Interaction,
    Message,
    SlashCommand,
)

_MAX_VALUE: Final = 2_000
_OUR_MESSAGE: Final = "signalbox_task"
_LINK: Final = re.compile(r"<((?:https?|mailto|tel):[^<>|\s]{1,2000})(?:\|[^<>]{0,2000})?>")
_USER: Final = re.compile(r"<@([A-Z0-9]{1,32})(?:\|[^<>]{0,200})?>")
_FENCE: Final = re.compile(r"\n?```\n?")
_ENTITY: Final = re.compile(r"&(?:amp|lt|gt);")


def plain(text: str | None) -> str:
    """Return a text as it was typed: links bare, entities as characters, fences on own lines."""
    bare = _LINK.sub(lambda link: link[1].removeprefix("mailto:"), bounded(text))
    users = _USER.sub(r"<@\1>", bare)
    fenced = _FENCE.sub("\n```\n", users)
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), fenced)


def message_text(envelope: Envelope, event: InnerEvent) -> CommandText:
    """Return the text of an event of a message."""
    message = message_of(event)
    if message is None:
        return NO_TEXT
    if _is_ours(message, envelope.bot_user, envelope.api_app_id):
        return OWN_TEXT
    if event.type == "reaction_added" or sender_of(event) is None:
        return NO_TEXT
    written = CommandText(
        text=plain(message.text),
        thread=thread_of(event.channel, message),
        writer=_writer(message),
        mention=_mention(envelope, event),
    )
    if event.subtype != "message_changed":
        return NO_TEXT if message.edited else written
    if not event.previous_message or event.previous_message.text is None:
        return NO_TEXT
    return replace(written, previous_text=plain(event.previous_message.text))


def slash_text(command: SlashCommand) -> CommandText:
    """Return the text of a slash command, with its name."""
    text = plain(f"{command.command} {command.text or ''}".rstrip())
    if is_own(text):
        return OWN_TEXT
    sender = author(command.user_id)
    return CommandText(text=text, writer=sender, mention=command.command) if sender else NO_TEXT


def interaction_text(interaction: Interaction) -> CommandText:
    """Return the command that a shortcut or a button stands for."""
    name, words, thread = interaction.callback_id, "", None
    match interaction:
        case Interaction(type="message_action", message=Message() as message):
            if _is_ours(message, None, interaction.api_app_id):
                return OWN_TEXT
            words = quoted(plain(message.text))
            thread = thread_of(interaction.channel.id if interaction.channel else None, message)
        case Interaction(type="block_actions", action=Action() as action):
            name, words = action.action_id, one_line(action.words, _MAX_VALUE)
        case Interaction(type="shortcut"):
            pass
        case _:
            return NO_TEXT
    sender = author(interaction.user.id if interaction.user else None)
    return named_command(name, words, sender=sender, thread=thread)


def message_of(event: InnerEvent) -> Message | None:
    """Return the message that an event is about, of a deletion the one before it."""
    match event.subtype:
        case "message_changed":
            return event.message
        case "message_deleted":
            return event.previous_message
    return event


def sender_of(event: InnerEvent) -> Author | None:
    """Return who wrote or edited the message, or reacted; Slack does not say who deletes one."""
    match event.subtype:
        case "message_changed":
            message = event.message
            editor = author(message.edited.user) if message and message.edited else None
            return editor or (_writer(message) if message else None)
        case "message_deleted":
            return None
    return _writer(event)


def thread_of(channel: str | None, message: Message) -> str | None:
    """Return what identifies a message; a mention and its message have the same one."""
    return f"message:{channel}:{message.ts}" if channel and message.ts else None


def _writer(message: Message) -> Author | None:
    """Return the author of a message by id, since names change and are not unique."""
    bot = bool(message.bot_id or message.app_id or message.bot_profile)
    return author(message.user or message.bot_id, automated=bot or message.subtype == "bot_message")


def _is_ours(message: Message, bot_user: str | None, app: str | None) -> bool:
    posted_by = {message.app_id, message.bot_profile.app_id if message.bot_profile else None}
    return (
        bool(bot_user and message.user == bot_user)
        or bool(app and app in posted_by)
        or bool(message.metadata and message.metadata.event_type == _OUR_MESSAGE)
        or is_own(plain(message.text))
    )


def _mention(envelope: Envelope, event: InnerEvent) -> str | None:
    """Return how a message mentions our app.

    Without an authorization of the bot it is the mention at the start of an `app_mention`.
    """
    if envelope.bot_user:
        return f"<@{envelope.bot_user}>"
    start = _USER.match(plain(event.text).lstrip()) if event.type == "app_mention" else None
    return start[0] if start else None
