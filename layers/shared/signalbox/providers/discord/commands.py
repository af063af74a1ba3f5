"""Where people give commands at Discord: by the commands and the buttons of the application.

- A slash command is the command: `/run text:the slow tests priority:high` is read as `/run the slow
  tests priority=high`, with the option `text` first. Its subcommands are words. A slash command of
  the name of the bot is a mention, `/signalbox run text:x` the same as `@signalbox run x`.
- The name of a message command is the command, too, with the message quoted below it, so that no
  line of it is another command.
- The custom id of a button or a menu is `<command>` or `<command>:<words>`; what is chosen from a
  menu follows.

Nobody but the person who used them commands by them, whoever wrote a message.
"""

from collections.abc import Iterable
from typing import Final

from signalbox.ingress.command_text import (
    NO_TEXT,
    OWN_TEXT,
    CommandText,
    is_own,
    named_command,
    quoted,
)
from signalbox.ingress.facts import author
from signalbox.models.event import Author
from signalbox.models.text import one_line
from signalbox.providers.discord.payload import (
    CommandData,
    CommandType,
    ComponentData,
    Interaction,
    Message,
    Option,
    User,
)

_FREE_TEXT: Final = "text"
_MAX_VALUE: Final = 6_000
"""The longest text of an option, in characters."""


def command_text(interaction: Interaction, data: CommandData) -> CommandText:
    """Return the command that was given."""
    sender = author_of(interaction.sender)
    match data.type, data.target:
        case CommandType.CHAT_INPUT, _:
            return named_command(data.name, _words(data.options or ()), sender=sender)
        case CommandType.MESSAGE, Message() as message:
            if _is_ours(message, interaction.application_id):
                return OWN_TEXT
            known = interaction.channel_id and message.id
            thread = f"message:{interaction.channel_id}:{message.id}" if known else None
            words = quoted(message.content)
            return named_command(data.name, words, sender=sender, thread=thread)
    return NO_TEXT


def component_text(interaction: Interaction, data: ComponentData) -> CommandText:
    """Return the command that a button or a menu stands for."""
    name, _, words = data.custom_id.partition(":")
    chosen = " ".join(value for value in (words, *(data.values or ())) if value)
    return named_command(name, one_line(chosen, _MAX_VALUE), sender=author_of(interaction.sender))


def author_of(user: User | None) -> Author | None:
    """Return an author by id, since names change."""
    return author(user.id, automated=bool(user.bot)) if user else None


def _is_ours(message: Message, application: str | None) -> bool:
    writer = message.author.id if message.author else None
    return is_own(message.content) or bool(
        application and application in {message.application_id, writer}
    )


def _words(options: Iterable[Option]) -> str:
    """Return options as the words of a command: free text first, then `name=value`."""
    words = []
    for option in sorted(options, key=lambda option: option.name != _FREE_TEXT):
        if option.value is None:
            words += [option.name, _words(option.options or ())]
        elif option.name == _FREE_TEXT:
            words.append(_line(option.value))
        else:
            words.append(f"{option.name}={_argument(_line(option.value))}")
    return " ".join(word for word in words if word)


def _line(value: str | float) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return one_line(text, _MAX_VALUE)


def _argument(value: str) -> str:
    """Return a value in quotes if it is not one word."""
    if value and not any(character.isspace() or character in "\"'`" for character in value):
        return value
    escaped = value.replace('"', '\\"')
    return f'"{escaped}"'
