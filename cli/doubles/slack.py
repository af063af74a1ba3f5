"""Slack, as far as bots post messages, read a channel's history and follow up interactions.

https://docs.slack.dev/reference/methods/chat.postMessage
https://docs.slack.dev/reference/methods/chat.update
https://docs.slack.dev/reference/methods/conversations.history
https://docs.slack.dev/reference/methods/reactions.add
https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, DoubleResponse

_TOKEN: Final = "xoxb-0-double"  # noqa: S105  not a secret: the double is in memory
_CHANNEL: Final = "C00000000"
_MAX_TEXT: Final = 40_000
_RESPONSE_PATHS: Final = ("/commands/", "/actions/", "/app/")
_MAX_RESPONSES: Final = 5


class SlackDouble:
    """One channel, and a bot that is in it."""

    def __init__(self) -> None:
        self._messages: list[dict[str, JsonValue]] = []
        self._reactions: set[str] = set()
        self._responses: Counter[str] = Counter()

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection that posts to the channel."""
        return {"channel": _CHANNEL, "mode": "update", "api_url": f"{url}/api"}

    def secret(self, url: str) -> str:  # noqa: ARG002  others need it
        """Return the bot's token."""
        return _TOKEN

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Answer a method of the Web API, or take a message at a `response_url`."""
        if request.path.startswith(_RESPONSE_PATHS):
            return self._follow_up(request)
        return self._call(request)

    def _call(self, request: DoubleRequest) -> DoubleResponse:
        if request.headers.get("authorization") != f"Bearer {_TOKEN}":
            return _error("invalid_auth")
        match request.path:
            case "/api/chat.postMessage":
                return self._post(request.json())
            case "/api/reactions.add":
                return self._react(request.json())
            case "/api/chat.update":
                return self._update(request.json())
            case "/api/conversations.history" | "/api/conversations.replies":
                return DoubleResponse.of_json({"ok": True, "messages": [*reversed(self._messages)]})
        return _error("unknown_method")

    def shown(self) -> Sequence[str]:
        """Return the texts of the messages."""
        return [str(message["text"]) for message in self._messages]

    def threads(self) -> Sequence[JsonValue]:
        """Return for each message the thread that it is in."""
        return [message.get("thread_ts") for message in self._messages]

    def _follow_up(self, request: DoubleRequest) -> DoubleResponse:
        """Take up to five messages at a URL; one replaces the original unless it says otherwise."""
        message = request.json()
        text = message.get("text")
        if not isinstance(text, str) or not text:
            return DoubleResponse(status=400, body=b"no_text")
        if self._responses[request.path] >= _MAX_RESPONSES:
            return DoubleResponse(status=404, body=b'{"ok":false,"error":"used_url"}')
        self._responses[request.path] += 1
        seen = "all" if message.get("response_type") == "in_channel" else "one person"
        done = "" if message.get("replace_original") is False else ", in place of the original"
        self._messages.append({"text": f"seen by {seen}{done}: {text}", "ts": ""})
        return DoubleResponse(body=b"ok")

    def _post(self, message: dict[str, JsonValue]) -> DoubleResponse:
        if message.get("channel") != _CHANNEL:
            return _error("channel_not_found")
        text = message.get("text")
        if not isinstance(text, str) or not text:
            return _error("no_text")
        if len(text) > _MAX_TEXT:
            return _error("msg_too_long")
        ts = f"{1_700_000_000 + len(self._messages)}.000100"
        self._messages.append({**message, "ts": ts})
        return DoubleResponse.of_json({"ok": True, "channel": _CHANNEL, "ts": ts})

    def _react(self, reaction: dict[str, JsonValue]) -> DoubleResponse:
        key = f"{reaction.get('channel')} {reaction.get('timestamp')} {reaction.get('name')}"
        if key in self._reactions:
            return _error("already_reacted")
        self._reactions.add(key)
        return DoubleResponse.of_json({"ok": True})

    def _update(self, message: dict[str, JsonValue]) -> DoubleResponse:
        for number, known in enumerate(self._messages):
            if (known["ts"], known.get("channel")) == (message.get("ts"), message.get("channel")):
                self._messages[number] = {**known, **message}
                return DoubleResponse.of_json({"ok": True, "channel": _CHANNEL, "ts": known["ts"]})
        return _error("message_not_found")


def _error(code: str) -> DoubleResponse:
    return DoubleResponse.of_json({"ok": False, "error": code})


DOUBLE: Final = SlackDouble
