"""Calls of Trello's REST API, and what its answers mean.

https://developer.atlassian.com/cloud/trello/rest/api-group-cards/
https://developer.atlassian.com/cloud/trello/guides/rest-api/rate-limits/
"""

from collections.abc import Sequence
from dataclasses import field, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

from pydantic import Field, TypeAdapter, ValidationError

from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse, json_request
from signalbox.egress.references import TargetGone
from signalbox.egress.responses import send_error
from signalbox.models.base import DEFERRED, JsonObject, PartialModel
from signalbox.models.frozen import frozen

_SUCCESS: Final = range(200, 300)
_WINDOW: Final = timedelta(seconds=10)
"""Trello counts requests in windows of ten seconds, and does not say when one ends."""

_CARDS: Final = 200
_COMMENTS: Final = 50
_CHECKLIST: Final = "Arguments"
_MAX_ANSWER: Final = 5_000_000
_KNOWN: Final = frozenset(
    {
        "API_KEY_LIMIT_EXCEEDED",
        "API_TOKEN_LIMIT_EXCEEDED",
        "expired token",
        "invalid id",
        "invalid key",
        "invalid token",
        "invalid value for desc",
        "invalid value for idLabels",
        "invalid value for idList",
        "invalid value for name",
        "invalid value for text",
        "unauthorized card permission requested",
        "unauthorized permission requested",
    }
)
"""Errors of Trello that may be shown; most are the whole body of an answer, as text."""

_Id = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]


class _Object(PartialModel):
    id: _Id


class _Card(_Object):
    desc: str = ""


class _CommentData(PartialModel):
    text: str = ""


class _Comment(_Object):
    data: _CommentData = _CommentData()


class _Item(PartialModel):
    name: str


class _Checklist(_Object):
    name: str
    items: tuple[_Item, ...] = Field(default=(), alias="checkItems")


class _Error(PartialModel):
    error: str = ""


T = TypeVar("T")

_OBJECT: Final = TypeAdapter(_Object)
_CARD_LIST: Final = TypeAdapter(tuple[_Card, ...], config=DEFERRED)
_COMMENT_LIST: Final = TypeAdapter(tuple[_Comment, ...], config=DEFERRED)
_CHECKLISTS: Final = TypeAdapter(tuple[_Checklist, ...], config=DEFERRED)


@frozen
class TrelloApi:
    """The API. `base` is its URL up to the version.

    Every method raises what `judge` raises.
    """

    base: str
    authorization: str = field(repr=False)
    http: HttpClient

    def signed(self, request: HttpRequest) -> HttpRequest:
        """Return a request with its whole URL and the credentials."""
        headers = {
            **request.headers,
            "Accept": "application/json",
            "Authorization": self.authorization,
        }
        return replace(request, url=f"{self.base}{request.url}", headers=headers)

    def create_card(self, fields: JsonObject) -> str:
        """Create a card and return its id."""
        return self._call(card_request(fields), _OBJECT).id

    def find_card(self, list_id: str, text: str) -> str | None:
        """Return the id of a card with this text in its description, None if there is none."""
        query = urlencode({"fields": "desc", "limit": _CARDS})
        cards = self._call(_get(f"/lists/{list_id}/cards?{query}"), _CARD_LIST)
        return next((card.id for card in cards if text in card.desc), None)

    def add_comment(self, card: str, text: str) -> str:
        """Comment on a card and return the id of the comment."""
        return self._call(comment_request(card, text), _OBJECT).id

    def edit_comment(self, card: str, comment: str, text: str) -> None:
        """Replace the text of a comment."""
        path = f"/cards/{card}/actions/{comment}/comments"
        self._send(replace(json_request(path, {"text": text}), method="PUT"))

    def find_comment(self, card: str, text: str) -> str | None:
        """Return the id of the first of the latest comments with this text, None without one."""
        query = urlencode({"filter": "commentCard", "limit": _COMMENTS})
        comments = self._call(_get(f"/cards/{card}/actions?{query}"), _COMMENT_LIST)
        found = [each.id for each in comments if text in each.data.text]
        return found[-1] if found else None

    def move(self, card: str, list_id: str) -> None:
        """Move a card to a list."""
        self._send(replace(json_request(f"/cards/{card}", {"idList": list_id}), method="PUT"))

    def complete_checklist(self, card: str, items: Sequence[str]) -> None:
        """Let a card have our checklist, with the items that it does not have yet."""
        path = f"/cards/{card}/checklists"
        lists = [each for each in self._call(_get(path), _CHECKLISTS) if each.name == _CHECKLIST]
        if lists:
            checklist, present = lists[0].id, {item.name for item in lists[0].items}
        else:
            request = json_request(path, {"name": _CHECKLIST})
            checklist, present = self._call(request, _OBJECT).id, set()
        for item in items:
            if item not in present:
                self._send(json_request(f"/checklists/{checklist}/checkItems", {"name": item}))

    def check_credentials(self) -> None:
        """Return if Trello accepts the credentials."""
        self._send(_get("/members/me?fields=id"))

    def _call(self, request: HttpRequest, form: TypeAdapter[T]) -> T:
        answer = self._send(request)
        try:
            return form.validate_json(answer.body)
        except ValidationError:
            pass
        reason = f"Trello answered {answer.status} with something else than expected"
        raise send_error(HTTPStatus.BAD_GATEWAY, reason, None)

    def _send(self, request: HttpRequest) -> HttpResponse:
        answer = self.http(self.signed(request))
        judge(answer)
        return answer


def card_request(fields: JsonObject) -> HttpRequest:
    """Return the request that creates a card, with a path for its URL."""
    return json_request("/cards", fields)


def comment_request(card: str, text: str) -> HttpRequest:
    """Return the request that comments on a card, with a path for its URL."""
    return json_request(f"/cards/{card}/actions/comments", {"text": text})


def judge(answer: HttpResponse) -> None:
    """Return if Trello did what it was asked to.

    Raises:
        TargetGone: There is no such card, list or comment.
        SecretRefused: The key or token is not valid, or may not do it.
        SendRefused: Trello will never do it.
        SendDelayed: Trello may do it later.
    """
    if answer.status in _SUCCESS:
        return
    reason = f"Trello answered {answer.status} {_known_error(answer.body)}".strip()
    if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise TargetGone(reason)
    is_limit = answer.status == HTTPStatus.TOO_MANY_REQUESTS
    raise send_error(answer.status, reason, answer.retry_after or (_WINDOW if is_limit else None))


def _known_error(body: bytes) -> str:
    """Return the error in a body, empty if it is another text."""
    try:
        text = _Error.model_validate_json(body).error
    except ValidationError:
        text = body.decode("ascii", "replace").strip()
    return text if text in _KNOWN else ""


def _get(path: str) -> HttpRequest:
    return HttpRequest(method="GET", url=path, max_answer=_MAX_ANSWER)
