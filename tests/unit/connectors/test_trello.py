import json
from collections.abc import Sequence

import pytest
from pydantic import JsonValue

from cli.doubles.double import DoubleRequest
from cli.doubles.trello import TrelloDouble
from signalbox.connectors.trello import Settings, Trello, source_card
from signalbox.connectors.trello.api import judge
from signalbox.connectors.trello.message import card_fields, comment_text, steps
from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.models.change import task_view
from signalbox.models.command_grammar import is_marked
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import Task
from tests.builders import (
    NOW,
    a_change,
    a_connection,
    a_notification,
    a_notification_of,
    a_result,
    a_task,
    an_alert,
    an_origin,
    done,
    held,
)
from tests.fakes.doubles import DOUBLE_URL
from tests.fakes.references import clients
from tests.fakes.targets import FakeTarget

CONNECTOR = Trello(clients())
LIST = "5f0000000000000000000001"
SECRET = "0123456789abcdef:ATTA0123456789"
LINK = "aB3dE6gH"


class Board(FakeTarget[TrelloDouble]):
    """A board that a connection leads to, with a card of a person."""

    root = "/1"

    def __init__(self, **settings: JsonValue) -> None:
        double = TrelloDouble()
        double.add_card(LINK)
        facts = {**double.settings(DOUBLE_URL), "lists": {}, "checklist": False, **settings}
        super().__init__(double, Trello, facts)

    def task(self, **changes: object) -> Task:
        """A task of a comment on the card of a person."""
        url = f"https://trello.com/c/{LINK}#comment-5f0000000000000000000009"
        return a_task(origin=an_origin(provider="trello"), url=url, **changes)

    @property
    def lists(self) -> Sequence[str]:
        """The ids of the lists: To do, Doing, Done."""
        lists = self.double.settings("")["lists"]
        assert isinstance(lists, dict)
        return [str(self.double.settings("")["list_id"]), *(str(each) for each in lists.values())]

    @property
    def shown(self) -> Sequence[str]:
        """All but the card of a person."""
        return self.double.shown()[1:]


def test_a_card_says_what_a_task_asks_for() -> None:
    task = a_task(branch="main", description="It fails\nsince yesterday.")

    card = card_fields(a_notification(task), LIST, ["5f0000000000000000000002"])

    request, state, links, marker = str(card["desc"]).split("\n\n")
    assert card["idList"] == LIST
    assert card["name"] == "Fix the login"
    assert card["idLabels"] == ["5f0000000000000000000002"]
    assert request == "It fails\nsince yesterday."
    assert state == (
        "**New task** · Kind: fix · Priority: normal · Repository: octo/hello · Branch: main"
        " · Author: octocat"
    )
    assert links == r"[Source](https://github.com/octo/hello/issues/1#issuecomment-1)"
    assert marker.startswith(f"<!-- signalbox:{task.id} ntf_")
    assert "due" not in card


def test_a_card_is_due_when_its_task_is() -> None:
    assert card_fields(a_notification(a_task(due=NOW)), LIST)["due"] == "2026-03-01T12:00:00+00:00"


def test_a_comment_says_what_became_of_it() -> None:
    task = a_task(attempt=1, reason="a reason", result=a_result())

    text = comment_text(a_notification_of(task, "succeeded"))

    assert text.startswith("**Task succeeded** · Kind: fix")
    assert "**Reason:** a reason\n\n**Result:** fixed" in text
    assert "[Result](https://example.com/pull/2)" in text


def test_the_progress_of_a_running_task_is_shown() -> None:
    assert "**Progress:** half" in comment_text(
        a_notification_of(a_task(progress="half"), "updated")
    )


def test_the_message_of_a_template_replaces_our_words() -> None:
    notification = a_notification().model_copy(update={"text": "Look:\nfixed"})

    text = comment_text(notification)

    assert text.startswith("Look:\nfixed\n\n<!-- ")


@pytest.mark.parametrize(
    "text", [comment_text(a_notification()), str(card_fields(a_notification(), LIST)["desc"])]
)
def test_our_texts_are_recognised_when_they_return(text: str) -> None:
    assert is_marked(text)


def test_foreign_text_is_only_text() -> None:
    task = a_task(description="# [x](https://e.example) @octocat ghp_0123456789abcdef0123")

    desc = str(card_fields(a_notification(task), LIST)["desc"])

    assert desc.startswith(r"\# \[x\]\(https://e.example\) @" + "\u200boctocat \\[masked\\]")


def test_the_steps_of_a_task_are_its_arguments() -> None:
    task = a_task(arguments=("login", "login", " ", "a\nb", *map(str, range(40))))

    assert steps(task_view(task))[:3] == ["login", "a b", "0"]
    assert len(steps(task_view(task))) == 20


@pytest.mark.parametrize(
    ("url", "card"),
    [
        (f"https://trello.com/c/{LINK}", LINK),
        (f"https://trello.com/c/{LINK}/7-fix-the-login", LINK),
        (f"https://trello.com/c/{LINK}#comment-1", LINK),
        (f"https://trello.com.evil.example/c/{LINK}", None),
        ("https://trello.com/c/../1/members", None),
        (None, None),
    ],
)
def test_the_card_of_a_task_is_in_its_url(url: str | None, card: str | None) -> None:
    task = a_task(origin=an_origin(provider="trello"), url=url)

    assert source_card(task_view(task)) == card


def test_the_url_of_another_provider_is_no_card() -> None:
    assert source_card(task_view(a_task(url=f"https://trello.com/c/{LINK}"))) is None


def test_a_task_has_one_card_and_one_comment() -> None:
    board = Board()
    task = a_task()

    board.send(a_notification(task))
    board.send(a_notification_of(held(task), "started"))
    board.send(a_notification_of(done(task), "succeeded"))

    [card] = board.shown
    assert card.startswith("[To do] Fix the login")
    assert card.count("comment: ") == 1
    assert "comment: **Task succeeded**" in card


def test_each_change_can_have_a_comment_of_its_own() -> None:
    board = Board(comments="each")
    task = a_task()

    board.send(a_notification(task))
    board.send(a_notification_of(held(task), "started"))
    board.send(a_notification_of(done(task), "succeeded"))

    [card] = board.shown
    assert card.count("comment: ") == 2


def test_a_card_moves_with_its_task() -> None:
    board = Board(comments="none")
    _, doing, finished = board.lists
    lists: JsonValue = {"started": doing, "succeeded": finished}
    board.connection = board.connection.model_copy(
        update={"settings": {**board.connection.settings, "lists": lists}}
    )
    task = a_task()

    board.send(a_notification(task))
    board.send(a_notification_of(done(task), "succeeded"))
    board.send(a_notification_of(held(task), "started"))

    [card] = board.shown
    assert card.startswith("[Done]")
    assert "comment: " not in card


@pytest.mark.parametrize(
    ("comments", "begin"), [("update", "**Task succeeded"), ("each", "**New task")]
)
def test_a_task_of_a_card_is_shown_there(comments: str, begin: str) -> None:
    board = Board(comments=comments)
    task = board.task()

    board.send(a_notification(task))
    board.send(a_notification_of(done(task), "succeeded"))

    [card] = board.double.shown()
    assert f"comment: {begin}" in card
    assert card.count("comment: ") == (1 if comments == "update" else 2)


def test_the_double_has_the_card_of_any_webhook() -> None:
    board = Board()
    task = a_task(origin=an_origin(provider="trello"), url="https://trello.com/c/4K7LwAKx")

    board.send(a_notification(task))

    assert "comment: **New task**" in board.double.shown()[-1]


def test_a_new_card_can_have_a_checklist() -> None:
    board = Board(checklist=True)
    task = a_task(arguments=("login", "logout"))

    board.send(a_notification(task))
    board.send(a_notification_of(done(task), "succeeded"))

    assert "Arguments: login, logout" in board.shown[0]
    assert board.calls.count("POST /checklists/5f0000000000000000000003/checkItems") == 2


def test_a_checklist_that_is_not_complete_is_completed() -> None:
    board = Board(checklist=True)
    notification = a_notification(a_task(arguments=("login", "logout")))

    again = board.send_lost(notification, lambda request: request.path.endswith("/checkItems"))
    board.send(again)

    assert "Arguments: login, logout" in board.shown[0]


def test_a_task_without_arguments_has_no_checklist() -> None:
    board = Board(checklist=True)

    board.send(a_notification(a_task(arguments=())))

    assert "Arguments" not in board.shown[0]


def test_a_card_whose_creation_was_not_answered_is_found() -> None:
    board = Board(lists={"succeeded": Board().lists[2]})

    again = board.send_lost(a_notification())
    board.send(again)

    assert len(board.shown) == 1


@pytest.mark.parametrize("comments", ["update", "each"])
def test_a_comment_that_was_not_answered_is_found(comments: str) -> None:
    board = Board(comments=comments)

    again = board.send_lost(a_notification(board.task()))
    board.send(again)

    assert board.double.shown()[0].count("comment: ") == 1


def test_a_deleted_card_is_created_again() -> None:
    board = Board()
    task = a_task()
    board.send(a_notification(task))

    board.double.delete()
    board.send(a_notification_of(done(task), "succeeded"))

    [card] = board.double.shown()
    assert "**Task succeeded**" in card


def test_a_deleted_comment_is_written_again() -> None:
    board = Board()
    task = board.task()
    board.send(a_notification(task))

    board.double.delete(comments_only=True)
    board.send(a_notification_of(done(task), "succeeded"))

    assert "comment: **Task succeeded**" in board.double.shown()[0]


def test_a_test_without_a_list_checks_the_credentials() -> None:
    board = Board(list_id=None)
    task = a_task(origin=an_origin(provider="signalbox"), url=None)
    change = a_change(task).model_copy(update={"type": "signalbox.test"})

    board.send(a_notification(task, change=change))

    assert board.calls == ["GET /members/me"]


def test_an_incident_without_a_list_is_refused() -> None:
    with pytest.raises(SendRefused, match="no list_id"):
        Board(list_id=None).send(an_alert())


def test_a_task_of_another_provider_needs_a_list() -> None:
    board = Board(list_id=None)

    with pytest.raises(SendRefused, match="no list_id"):
        board.send(a_notification())

    assert board.calls == []


def test_what_is_rendered_for_a_task_of_a_card_is_a_comment() -> None:
    request = CONNECTOR.render(a_notification(Board().task()), Settings(), SECRET)

    assert request.url == f"https://api.trello.com/1/cards/{LINK}/actions/comments"
    with pytest.raises(SendRefused, match="no list_id"):
        CONNECTOR.render(a_notification(), Settings(), SECRET)


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (400, b"invalid value for idList", SendRefused, "400 invalid value for idList"),
        (400, b"a secret", SendRefused, "answered 400"),
        (401, b"invalid token", SecretRefused, "401 invalid token"),
        (404, b"The requested resource was not found.", SendRefused, "answered 404"),
        (429, b'{"error": "API_TOKEN_LIMIT_EXCEEDED"}', SendDelayed, "API_TOKEN_LIMIT_EXCEEDED"),
        (503, b"", SendDelayed, "answered 503"),
    ],
)
def test_an_answer_is_judged(
    status: int, body: bytes, error: type[SendRefused | SendDelayed], reason: str
) -> None:
    with pytest.raises(error) as raised:
        judge(HttpResponse(status=status, body=body))

    assert raised.value.reason.endswith(reason)


def test_the_credentials_are_in_no_text_of_the_api() -> None:
    assert "ATTA" not in repr(CONNECTOR._api(Settings(), SECRET))


def test_an_answer_without_an_id_is_no_success() -> None:
    class Other(HttpClient):
        def __call__(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse(status=200, body=b"{}")

    connector = Trello(clients(Other(trusted=[DOUBLE_URL])))

    with pytest.raises(SendDelayed, match="something else"):
        connector.send(a_notification(), Board().connection, [SECRET])


@pytest.mark.parametrize("secret", ["", "a-token", "key:", f"{SECRET} ", f'{SECRET}"', "a:b:c"])
def test_a_secret_without_key_and_token_cannot_work(secret: str) -> None:
    with pytest.raises(Conflict, match="KEY:TOKEN"):
        CONNECTOR.check_secret(a_connection(connector="trello", settings={}), secret)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"list_id": "To do"}, "list_id"),
        ({"lists": {"begun": LIST}}, "lists"),
        ({"lists": {"started": "Doing"}}, "lists"),
        ({"labels": ["bug"]}, "labels"),
        ({"api_url": "https://trello.example/1"}, "api_url"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, JsonValue], name: str) -> None:
    with pytest.raises(SettingsInvalid, match=name):
        CONNECTOR.check(a_connection(connector="trello", settings=settings))


@pytest.mark.parametrize(
    ("field", "value"),
    [("idList", LIST[:-1] + "9"), ("name", ""), ("name", "x" * 16_385), ("desc", "x" * 16_385)],
)
def test_the_double_refuses_what_trello_refuses(field: str, value: str) -> None:
    double = TrelloDouble()
    card = card_fields(a_notification(), str(double.settings("")["list_id"])) | {field: value}
    key, _, token = double.secret("").partition(":")
    headers = {"authorization": f'OAuth oauth_consumer_key="{key}", oauth_token="{token}"'}

    answer = double.respond(
        DoubleRequest(
            method="POST", path="/1/cards", headers=headers, body=json.dumps(card).encode()
        )
    )

    assert (answer.status, answer.body.decode()) == (400, f"invalid value for {field}")
