"""Look in the history of a channel for a message that an earlier attempt may have posted.

https://docs.slack.dev/reference/methods/conversations.history
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from pydantic import BaseModel, JsonValue, TypeAdapter

from signalbox.connectors.slack.responses import judge
from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.models.errors import SendDelayed, SendRefused

_PAGE: Final = 100
_PAGES: Final = 10
_MAX_HISTORY: Final = 1_000_000
_message: Final = TypeAdapter(JsonValue)


class _Metadata(BaseModel):
    next_cursor: str = ""


class _Message(BaseModel):
    ts: str = ""
    blocks: JsonValue = None

    def holds(self, text: str) -> bool:
        """Return whether our ids are in the message."""
        return text.encode() in _message.dump_json(self.blocks)


class _History(BaseModel):
    response_metadata: _Metadata = _Metadata()
    messages: list[_Message] = []


def find_message(
    call: Callable[[HttpRequest], HttpResponse],
    url: str,
    headers: Mapping[str, str],
    *,
    channel: str,
    span: tuple[datetime, datetime],
    text: str,
) -> str | None:
    """Return the `ts` of the message with a text that was posted between two times.

    None if the token may not read the channel. Apps outside Slack's Marketplace get 15 messages a
    page and one page a minute, so a limited number of pages is read, for as long as Slack allows
    it. A message that is not found is sent: a repeated message does less harm than a lost one.

    Raises:
        SendDelayed: The first page cannot be read now.
        SecretRefused: The token is not valid.
    """
    oldest, latest = (at.timestamp() for at in span)
    asked = {"channel": channel, "oldest": oldest, "latest": latest, "limit": _PAGE}
    for answer in _pages(call, f"{url}/conversations.history", headers, asked):
        if text.encode() in answer.body:
            return _ts(answer, text)
    return None


def _ts(answer: HttpResponse, text: str) -> str | None:
    """Return the `ts` of the message with a text, empty if the page was cut."""
    try:
        page = _History.model_validate_json(answer.body)
    except ValueError:
        return ""
    return next((message.ts for message in page.messages if message.holds(text)), "")


def _pages(
    call: Callable[[HttpRequest], HttpResponse],
    url: str,
    headers: Mapping[str, str],
    asked: Mapping[str, str | float],
) -> Iterator[HttpResponse]:
    cursor = ""
    for page in range(_PAGES):
        query = urlencode(dict(asked) | ({"cursor": cursor} if cursor else {}))
        request = HttpRequest(
            method="GET", url=f"{url}?{query}", headers=headers, max_answer=_MAX_HISTORY
        )
        answer = call(request)
        yield answer
        if page and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return
        cursor = _next_page(answer)
        if not cursor:
            return


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
