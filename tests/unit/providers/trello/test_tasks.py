from datetime import UTC, datetime

import pytest

from signalbox.ingress.command_text import NO_TEXT, CommandText
from signalbox.models.event import Author, Event
from signalbox.providers.trello.payload import Action
from signalbox.providers.trello.tasks import events_of
from tests.samples import sample

_CARD = "https://trello.com/c/4K7LwAKx"


def events_in(name: str) -> tuple[Event, ...]:
    return events_of(Action.model_validate(sample("trello", name).body["action"]), NO_TEXT)


def event_from(kind: str, **parts: object) -> Event:
    [event] = events_of(Action.model_validate({"type": kind, **parts}), NO_TEXT)
    return event


def test_a_comment_has_the_facts_of_its_card() -> None:
    assert events_in("commentCard") == (
        Event(
            type="commentCard",
            title="Login fails behind the proxy",
            author=Author(name="miraokafor"),
            occurred_at=datetime(2024, 5, 2, 8, 1, 5, 120_000, tzinfo=UTC),
            repository="Railway",
            url=f"{_CARD}#comment-66336b85f0a1b2c3d4e50001",
        ),
    )


@pytest.mark.parametrize("name", ["updateComment", "deleteComment"])
def test_a_later_event_of_a_comment_has_the_url_of_the_comment(name: str) -> None:
    [event] = events_in(name)

    assert event.url == f"{_CARD}#comment-66336b85f0a1b2c3d4e50001"


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("createCard", "To Do"),
        ("addLabelToCard", "agent"),
        ("addMemberToCard", "jonaslind"),
        ("commentCard", None),
    ],
)
def test_an_event_says_what_its_action_leaves_open(name: str, detail: str | None) -> None:
    [event] = events_in(name)

    assert (event.type, event.detail) == (name, detail)


def test_a_card_that_is_moved_has_an_event_for_its_list() -> None:
    whole, moved = events_in("updateCard.list")

    assert (whole.type, whole.detail, whole.url) == ("updateCard", None, _CARD)
    assert (moved.type, moved.detail, moved.url) == ("updateCard.list", "Doing", _CARD)
    assert moved.author == Author(name="jonaslind")


def test_the_text_of_a_change_belongs_to_the_event_of_the_description() -> None:
    changed = Action.model_validate(sample("trello", "updateCard.desc").body["action"])
    writer = Author(name="miraokafor")
    text = CommandText(text="/run", previous_text="", thread="card:5", writer=writer)

    whole, description = events_of(changed, text)

    assert (whole.type, whole.text) == ("updateCard", None)
    assert (description.type, description.text) == ("updateCard.desc", "/run")
    assert (description.previous_text, description.thread) == ("", "card:5")
    assert description.writer == writer


@pytest.mark.parametrize("before", [None, {}, {"name": "x"}, {"closed": False}, {"pos": 1}])
def test_another_change_of_a_card_is_one_event(before: object) -> None:
    event = event_from("updateCard", data={"old": before, "card": {"name": "A card"}})

    assert (event.type, event.title) == ("updateCard", "A card")


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ({"name": "agent", "color": "green"}, "agent"),
        ({"name": "", "color": "green"}, "green"),
        ({"name": None, "color": None}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_label_without_a_name_goes_by_its_colour(label: object, name: str | None) -> None:
    event = event_from("addLabelToCard", data={"label": label})

    assert event.detail == name
    assert event.labels == ((name,) if name else ())


@pytest.mark.parametrize("kind", ["commentCard", "createCard", "addMemberToCard", "updateCard"])
def test_an_action_may_come_without_its_parts(kind: str) -> None:
    assert event_from(kind) == Event(type=kind, title=kind)


def test_a_card_with_an_odd_link_has_no_url() -> None:
    assert event_from("createCard", data={"card": {"shortLink": "a b"}}).url is None
