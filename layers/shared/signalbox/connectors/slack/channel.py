"""The channel of a bot: post, update and find messages.

https://docs.slack.dev/reference/methods/chat.update
https://docs.slack.dev/reference/methods/reactions.add
https://docs.slack.dev/reference/methods/conversations.history
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from pydantic import Field, JsonValue, TypeAdapter

from signalbox.connectors.slack.responses import AlreadyDone, judge, message_id
from signalbox.egress.http_client import HttpRequest, HttpResponse, json_request
from signalbox.egress.responses import SecretRefused
from signalbox.models.base import DEFERRED, JsonObject, PartialModel
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.frozen import frozen

_PAGE: Final = 100
_PAGES: Final = 10
_MAX_HISTORY: Final = 1_000_000
_json: Final[TypeAdapter[JsonValue]] = TypeAdapter(JsonValue, config=DEFERRED)


class _Metadata(PartialModel):
    next_cursor: str = ""


class _Message(PartialModel):
    ts: str = ""
    blocks: JsonValue = None

    def holds(self, text: str) -> bool:
        """Return whether our ids are in the message."""
        return text.encode() in _json.dump_json(self.blocks)


class _History(PartialModel):
    response_metadata: _Metadata = Field(default_factory=_Metadata)
    messages: list[_Message] = Field(default_factory=list)


@frozen
class Channel:
    """A channel as a bot sees it. `name` is its id or name; a message has the id `channel:ts`."""

    call: Callable[[HttpRequest], HttpResponse]
    url: str
    token: str
    name: str

    def find(
        self, text: str, span: tuple[datetime, datetime] | None, under: str = ""
    ) -> str | None:
        """Return the id of the message with a text that was posted between two times.

        With `under`, the id of a message, it is looked for in the thread of that message. None also
        if the token may not read the channel. Apps outside Slack's Marketplace get 15 messages a
        page and one page a minute, so a limited number of pages is read, for as long as Slack
        allows it. A message that is not found is sent: a repeated message does less harm than a
        lost one.

        Raises:
            SendDelayed: The first page cannot be read now.
            SecretRefused: The token is not valid.
        """
        if span is None:
            return None
        oldest, latest = (f"{at.timestamp()}" for at in span)
        query = {"channel": self.name, "oldest": oldest, "latest": latest, "limit": f"{_PAGE}"}
        method = "conversations.history"
        if under:
            method, query["ts"] = "conversations.replies", under.partition(":")[2]
        for answer in self._pages(method, query):
            if text.encode() in answer.body:
                return f"{self.name}:{_ts(answer, text)}"
        return None

    def post(self, message: JsonObject, under: str = "") -> str:
        """Post a message, with `under` in the thread of that message, and return its id.

        Raises:
            SendRefused: Slack will never accept it.
            SendDelayed: Slack may accept it later.
        """
        thread: JsonObject = {"thread_ts": under.partition(":")[2]} if under else {}
        return message_id(self._ask("chat.postMessage", {**message, **thread}).body)

    def update(self, message_id: str, message: JsonObject) -> None:
        """Replace a message.

        Raises:
            TargetGone: It was deleted.
            SendRefused: Slack will never accept it.
            SendDelayed: Slack may accept it later.
        """
        channel, _, ts = message_id.partition(":")
        self._ask("chat.update", {**message, "channel": channel, "ts": ts})

    def react(self, message_id: str, emoji: str) -> None:
        """Add a reaction to a message, unless it is there.

        Raises:
            SendRefused: Slack refuses it.
            SendDelayed: Slack may accept it later.
        """
        channel, _, ts = message_id.partition(":")
        try:
            self._ask("reactions.add", {"channel": channel, "timestamp": ts, "name": emoji})
        except AlreadyDone:
            return

    def _ask(self, method: str, message: JsonObject) -> HttpResponse:
        answer = self.call(json_request(f"{self.url}/{method}", message, self._headers))
        judge(answer)
        return answer

    @property
    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def _pages(self, method: str, query: Mapping[str, str]) -> Iterator[HttpResponse]:
        cursor: Mapping[str, str] = {}
        for page in range(_PAGES):
            url = f"{self.url}/{method}?{urlencode({**query, **cursor})}"
            answer = self.call(
                HttpRequest(method="GET", url=url, headers=self._headers, max_answer=_MAX_HISTORY)
            )
            yield answer
            if page and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                return
            cursor = {"cursor": _next_page(answer)}
            if not cursor["cursor"]:
                return


def _ts(answer: HttpResponse, text: str) -> str:
    """Return the `ts` of the message with a text, empty if the page was cut."""
    try:
        page = _History.model_validate_json(answer.body)
    except ValueError:
        return ""
    return next((message.ts for message in page.messages if message.holds(text)), "")


def _next_page(answer: HttpResponse) -> str:
    """Return the cursor of the next page of a history.

    Empty if there is none or it may not be read.

    Raises:
        SendDelayed: It may be read later.
        SecretRefused: The token is not valid.
    """
    try:
        judge(answer)
    except SecretRefused:
        raise
    except SendRefused:
        return ""
    except SendDelayed:
        if len(answer.body) < _MAX_HISTORY:
            raise
        return ""  # what was cut would be cut again
    return _History.model_validate_json(answer.body).response_metadata.next_cursor
