"""Trello: a card for each task, or comments on the card that a task came from.

The secret is `KEY:TOKEN`. It is sent in a header, so that no URL has it.

https://developer.atlassian.com/cloud/trello/rest/api-group-cards/
https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/
"""

import re
from typing import Annotated, Final

from pydantic import Field
from typing_extensions import override

from signalbox.connectors.trello.api import TrelloApi, card_request, comment_request, judge
from signalbox.connectors.trello.message import card_fields, comment_text, steps
from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.egress.task_text import change_word
from signalbox.egress.tracker import CommentMode, ShowAtTracker, Tracker
from signalbox.models.base import Model
from signalbox.models.change import TaskView
from signalbox.models.command_grammar import MARKER
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import ChangeType

_API: Final = "https://api.trello.com/1"
_SECRET: Final = re.compile(r"([0-9A-Za-z]{8,64}):([0-9A-Za-z_-]{8,256})", re.ASCII)
_FORM: Final = "the secret is not KEY:TOKEN, the API key and a token of one account"
_CARD: Final = re.compile(r"https://trello\.com/c/([0-9A-Za-z]{8,24})(?:[/#?]|\Z)", re.ASCII)
_NO_CARD: Final = "the task is not from a card, and the connection has no list_id"

TrelloId = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]


class Settings(Model):
    """Where cards are. All ids are of one board.

    Cards are created in the list `list_id`, for tasks that did not come from a card. `lists` are
    the lists that changes move a card to. `labels` are ids. With `checklist`, a new card has the
    arguments of its task as a checklist. `api_url` is for local use: it must be a trusted origin.
    """

    list_id: TrelloId | None = None
    lists: dict[Annotated[ChangeType, Field(strict=False)], TrelloId] = Field(default_factory=dict)
    labels: Annotated[tuple[TrelloId, ...], Field(max_length=20, strict=False)] = ()
    comments: CommentMode = "update"
    checklist: bool = False
    api_url: str = _API


class Trello(HttpConnector[Settings]):
    """A connector that creates a card once, comments on it, and moves it to a list."""

    name = "trello"
    settings_model = Settings

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        if not _SECRET.fullmatch(secret):
            raise Conflict(_FORM)

    @override
    def settings(self, connection: Connection) -> Settings:
        settings = super().settings(connection)
        if settings.api_url != _API and not self.http.trusts(settings.api_url):
            raise SettingsInvalid("api_url is not at a trusted origin")
        return settings

    @override
    def render(self, notification: Notification, settings: Settings, secret: str) -> HttpRequest:
        api = self._api(settings, secret)
        card = source_card(notification.change.data)
        if card:
            return api.signed(comment_request(card, comment_text(notification)))
        if settings.list_id is None:
            raise SendRefused(_NO_CARD)
        return api.signed(card_request(card_fields(notification, settings.list_id)))

    @override
    def judge(self, answer: HttpResponse) -> None:
        judge(answer)

    @override
    def deliver(self, notification: Notification, settings: Settings, secret: str) -> None:
        api = self._api(settings, secret)
        card = source_card(notification.change.data)
        word = change_word(notification.change)
        show = ShowAtTracker(
            references=self.references,
            notification=notification,
            tracker=_TrelloTracker(api=api, notification=notification, settings=settings),
            comments=settings.comments,
            place=next((list_ for each, list_ in settings.lists.items() if each == word), None),
        )
        if card:
            show.on_item(card)
        elif settings.list_id:
            is_new = show.as_item()
            if settings.checklist and (is_new or notification.attempts):
                self._check_list(api, notification)
        elif not notification.change.is_test:
            raise SendRefused(_NO_CARD)
        else:
            api.check_credentials()

    def _check_list(self, api: TrelloApi, notification: Notification) -> None:
        """Complete the checklist of a card, of which an earlier attempt may have made a part."""
        card, items = self.references.find(notification), steps(notification.change.data)
        if card and items:
            api.complete_checklist(card, items)

    def _api(self, settings: Settings, secret: str) -> TrelloApi:
        parts = _SECRET.fullmatch(secret)
        if parts is None:
            raise SecretRefused(_FORM)
        key, token = parts.groups()
        authorization = f'OAuth oauth_consumer_key="{key}", oauth_token="{token}"'
        return TrelloApi(base=settings.api_url, authorization=authorization, http=self.http)


@frozen
class _TrelloTracker(Tracker):
    api: TrelloApi
    notification: Notification
    settings: Settings

    @override
    def find(self) -> str | None:
        lists = (self.settings.list_id, *self.settings.lists.values())
        text = f"{MARKER}{self.notification.task_id}"
        for list_id in dict.fromkeys(filter(None, lists)):
            if card := self.api.find_card(list_id, text):
                return card
        return None

    @override
    def create(self) -> str:
        list_id = self.settings.list_id or ""
        fields = card_fields(self.notification, list_id, self.settings.labels)
        return self.api.create_card(fields)

    @override
    def find_comment(self, item: str, text: str) -> str | None:
        return self.api.find_comment(item, text)

    @override
    def add_comment(self, item: str) -> str:
        return self.api.add_comment(item, comment_text(self.notification))

    @override
    def edit_comment(self, item: str, comment: str) -> None:
        self.api.edit_comment(item, comment, comment_text(self.notification))

    @override
    def move(self, item: str, place: str) -> None:
        self.api.move(item, place)


def source_card(task: TaskView) -> str | None:
    """Return the short link of the card that a task came from."""
    card = _CARD.match(task.url or "") if task.provider == "trello" else None
    return card[1] if card else None


CONNECTOR: Final = Trello
