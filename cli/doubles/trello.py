"""Trello, as far as cards of one board are created, commented on and moved.

https://developer.atlassian.com/cloud/trello/rest/api-group-cards/
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, DoubleResponse

_KEY: Final = "0123456789abcdef0123456789abcdef"
_TOKEN: Final = "ATTAdouble0123456789"  # noqa: S105  not a secret: the double is in memory
_SHORT_LINK: Final = re.compile(r"[0-9A-Za-z]{8}")
_MAX_TEXT: Final = 16_384
_LISTS: Final = {f"{number:024x}": name for number, name in enumerate(("To do", "Doing", "Done"))}


@dataclass(slots=True, kw_only=True)
class _Card:
    id: str
    list_id: str
    name: str
    desc: str = ""
    comments: dict[str, str] = field(default_factory=dict)
    checklists: dict[str, tuple[str, list[str]]] = field(default_factory=dict)


class TrelloDouble:
    """A board with three lists, one member, and the card of every short link that is asked for."""

    def __init__(self) -> None:
        self._cards: dict[str, _Card] = {}
        self._numbers = 0x5F0000000000000000000000

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection to the board."""
        to_do, doing, done = _LISTS
        lists: JsonValue = {"started": doing, "succeeded": done}
        return {"list_id": to_do, "lists": lists, "checklist": True, "api_url": f"{url}/1"}

    def secret(self, url: str) -> str:  # noqa: ARG002  others need it
        """Return the key and the token."""
        return f"{_KEY}:{_TOKEN}"

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Answer an operation of the REST API."""
        wrong = _wrong_credentials(request.headers.get("authorization", ""))
        return _error(401, wrong) if wrong else self._answer(request, request.json())

    def shown(self) -> Sequence[str]:
        """Return the texts of each card: list, name, description, checklists and comments."""
        return [
            "\n".join(
                (
                    f"[{_LISTS[card.list_id]}] {card.name}",
                    card.desc,
                    *(f"{name}: {', '.join(items)}" for name, items in card.checklists.values()),
                    *(f"comment: {text}" for text in card.comments.values()),
                )
            ).replace("\\", "")
            for card in self._cards.values()
        ]

    def add_card(self, short_link: str) -> None:
        """Create a card as a person does."""
        card = _Card(id=self._new_id(), list_id=next(iter(_LISTS)), name="A card of a person")
        self._cards[short_link] = card

    def delete(self, *, comments_only: bool = False) -> None:
        """Delete all cards, or the comments on them."""
        for card in self._cards.values():
            card.comments.clear()
        if not comments_only:
            self._cards.clear()

    def _answer(self, request: DoubleRequest, values: Mapping[str, JsonValue]) -> DoubleResponse:
        match request.method, request.path.removeprefix("/1/").split("/"):
            case "GET", ["members", "me"]:
                return DoubleResponse.of_json({"id": self._new_id()})
            case "GET", ["lists", list_id, "cards"] if list_id in _LISTS:
                cards: list[JsonValue] = [
                    {"id": card.id, "desc": card.desc}
                    for card in self._cards.values()
                    if card.list_id == list_id
                ]
                return DoubleResponse.of_json(cards)
            case "POST", ["cards"]:
                return self._create(values)
            case method, ["cards", card, *rest] if self._has_card(card):
                return self._on_card(self._cards[card], method, rest, values)
            case "POST", ["checklists", checklist, "checkItems"]:
                return self._add_item(checklist, values.get("name"))
        return _error(404, "The requested resource was not found.")

    def _has_card(self, card: str) -> bool:
        if card not in self._cards and _SHORT_LINK.fullmatch(card):
            self.add_card(card)
        return card in self._cards

    def _new_id(self) -> str:
        self._numbers += 1
        return f"{self._numbers:024x}"

    def _create(self, values: Mapping[str, JsonValue]) -> DoubleResponse:
        list_id, name, desc = (values.get(each) for each in ("idList", "name", "desc"))
        if not isinstance(list_id, str) or list_id not in _LISTS:
            return _error(400, "invalid value for idList")
        if not isinstance(name, str) or not 0 < len(name) <= _MAX_TEXT:
            return _error(400, "invalid value for name")
        if not isinstance(desc, str) or len(desc) > _MAX_TEXT:
            return _error(400, "invalid value for desc")
        card = _Card(id=self._new_id(), list_id=list_id, name=name, desc=desc)
        self._cards[card.id] = card
        return DoubleResponse.of_json({"id": card.id})

    def _on_card(
        self, card: _Card, method: str, rest: list[str], values: Mapping[str, JsonValue]
    ) -> DoubleResponse:
        match method, rest:
            case "PUT", []:
                return _moved(card, values.get("idList"))
            case "GET", ["actions"]:
                comments: list[JsonValue] = [
                    {"id": each, "data": {"text": text}}
                    for each, text in reversed(card.comments.items())
                ]
                return DoubleResponse.of_json(comments)
            case "POST", ["actions", "comments"]:
                return _commented(card, self._new_id(), values.get("text"))
            case "PUT", ["actions", comment, "comments"] if comment in card.comments:
                return _commented(card, comment, values.get("text"))
            case _, ["checklists"]:
                return self._checklists(card, method, values.get("name"))
        return _error(404, "The requested resource was not found.")

    def _checklists(self, card: _Card, method: str, name: JsonValue) -> DoubleResponse:
        if method == "POST":
            checklist = self._new_id()
            card.checklists[checklist] = (str(name), [])
            return DoubleResponse.of_json({"id": checklist})
        found: list[JsonValue] = [
            {"id": each, "name": name, "checkItems": [{"name": item} for item in items]}
            for each, (name, items) in card.checklists.items()
        ]
        return DoubleResponse.of_json(found)

    def _add_item(self, checklist: str, name: JsonValue) -> DoubleResponse:
        for card in self._cards.values():
            if checklist in card.checklists and isinstance(name, str) and name:
                card.checklists[checklist][1].append(name)
                return DoubleResponse.of_json({"id": self._new_id()})
        return _error(404, "The requested resource was not found.")


def _moved(card: _Card, list_id: JsonValue) -> DoubleResponse:
    if not isinstance(list_id, str) or list_id not in _LISTS:
        return _error(400, "invalid value for idList")
    card.list_id = list_id
    return DoubleResponse.of_json({"id": card.id})


def _commented(card: _Card, comment: str, text: JsonValue) -> DoubleResponse:
    if not isinstance(text, str) or not 0 < len(text) <= _MAX_TEXT:
        return _error(400, "invalid value for text")
    card.comments[comment] = text
    return DoubleResponse.of_json({"id": comment})


def _wrong_credentials(authorization: str) -> str:
    if f'oauth_consumer_key="{_KEY}"' not in authorization:
        return "invalid key"
    return "" if f'oauth_token="{_TOKEN}"' in authorization else "invalid token"


def _error(status: int, text: str) -> DoubleResponse:
    return DoubleResponse(status=status, body=text.encode())


DOUBLE: Final = TrelloDouble
