"""Discord, as far as the webhook of a channel posts and edits messages.

https://docs.discord.com/developers/resources/webhook
https://docs.discord.com/developers/resources/message#embed-object-embed-limits
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import BaseModel, Field, JsonValue, ValidationError

from cli.doubles.double import DoubleRequest, DoubleResponse

_HOOK: Final = "/api/webhooks/1000000000000000001"
_TOKEN: Final = "double-of-a-webhook"  # noqa: S105  not a secret: the double is in memory
_FIRST_ID: Final = 1_200_000_000_000_000_000
_MAX_EMBEDS: Final = 6_000
_ESCAPE: Final = re.compile(r"\\([^0-9A-Za-z\s])")


class _EmbedText(BaseModel):
    text: str = Field(max_length=2_048)


class _EmbedField(BaseModel):
    name: str = Field(min_length=1, max_length=256)
    value: str = Field(min_length=1, max_length=1_024)


class _Embed(BaseModel):
    title: str = Field(default="", max_length=256)
    description: str = Field(default="", max_length=4_096)
    fields: list[_EmbedField] = Field(default_factory=list, max_length=25)
    footer: _EmbedText | None = None

    def texts(self) -> Iterator[str]:
        yield from (self.title, self.description)
        for field in self.fields:
            yield from (field.name, field.value)
        if self.footer:
            yield self.footer.text


class _Message(BaseModel):
    embeds: list[_Embed] = Field(min_length=1, max_length=10)

    def texts(self) -> list[str]:
        return [text for embed in self.embeds for text in embed.texts()]


class DiscordDouble:
    """One channel and its webhook."""

    def __init__(self) -> None:
        self._messages: dict[str, _Message] = {}
        self._posted = 0

    def settings(self, url: str) -> Mapping[str, JsonValue]:  # noqa: ARG002  others need it
        """Return the settings of a connection to the channel."""
        return {}

    def secret(self, url: str) -> str:
        """Return the URL of the webhook."""
        return f"{url}{_HOOK}/{_TOKEN}"

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Post or edit a message."""
        hook, _, rest = request.path.removeprefix(f"{_HOOK}/").partition("/")
        if not request.path.startswith(f"{_HOOK}/"):
            return _error(404, 10015, "Unknown Webhook")
        if hook != _TOKEN:
            return _error(401, 50027, "Invalid Webhook Token")
        message = _checked(request.body)
        if message is None:
            return _error(400, 50035, "Invalid Form Body")
        if request.method == "POST" and not rest:
            self._posted += 1
            return self._keep(str(_FIRST_ID + self._posted), message, request)
        message_id = rest.removeprefix("messages/")
        if request.method != "PATCH" or message_id not in self._messages:
            return _error(404, 10008, "Unknown Message")
        return self._keep(message_id, message, request)

    def delete(self) -> None:
        """Delete all messages, as a moderator can."""
        self._messages.clear()

    def shown(self) -> Sequence[str]:
        """Return the texts of the messages, without their escapes."""
        return [
            _ESCAPE.sub(r"\1", " | ".join(filter(None, message.texts())))
            for message in self._messages.values()
        ]

    def _keep(self, message_id: str, message: _Message, request: DoubleRequest) -> DoubleResponse:
        self._messages[message_id] = message
        if request.method == "POST" and request.query.get("wait") != "true":
            return DoubleResponse(status=204)
        return DoubleResponse.of_json({"id": message_id, "type": 0})


def _checked(body: bytes) -> _Message | None:
    """Return the message, None if it is too long or has no embed."""
    try:
        message = _Message.model_validate_json(body)
    except ValidationError:
        return None
    return message if sum(map(len, message.texts())) <= _MAX_EMBEDS else None


def _error(status: int, code: int, message: str) -> DoubleResponse:
    return DoubleResponse.of_json({"message": message, "code": code}, status)


DOUBLE: Final = DiscordDouble
