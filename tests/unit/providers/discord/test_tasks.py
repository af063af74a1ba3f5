from datetime import UTC, datetime
from typing import Any

import pytest

from signalbox.models.event import Author, Event
from signalbox.providers.discord.provider import Discord
from tests.samples import request_of, sample

_CHANNEL = "https://discord.com/channels/290926798626357999/645027906669510667"
_PLACE: dict[str, Any] = {"repository": "290926798626357999/645027906669510667"}
_MIRA = Author(name="53908232506183680")


def event_in(name: str) -> Event:
    recorded = sample("discord", name)
    [event] = Discord().parse(request_of("discord", recorded.headers, recorded.raw)).events
    return event


def event_from(body: str) -> Event:
    [event] = Discord().parse(request_of("discord", {}, body.encode())).events
    return event


def test_a_command_is_read_with_its_channel() -> None:
    event = event_in("application_command")

    assert event == Event(
        type="application_command",
        title="/run the slow tests priority=high",
        detail="run",
        author=_MIRA,
        occurred_at=event.occurred_at,
        url=_CHANNEL,
        text="/run the slow tests priority=high",
        writer=_MIRA,
        mention="/run",
        **_PLACE,
    )
    assert event.occurred_at
    assert (event.occurred_at.year, event.occurred_at.tzinfo) == (2024, UTC)


def test_a_message_command_links_to_its_message() -> None:
    event = event_in("application_command.message")

    assert event.detail == "Agent"
    assert (
        event.title == "Agent: Build 2207 of railway failed on main See the log of the slow tests"
    )
    assert event.url == f"{_CHANNEL}/1235999999999999999"


@pytest.mark.parametrize(
    ("name", "detail"), [("message_component", "retest:nightly"), ("modal_submit", "new_timetable")]
)
def test_a_component_and_a_modal_are_named_by_their_custom_id(name: str, detail: str) -> None:
    event = event_in(name)

    assert (event.type, event.title, event.detail) == (name, detail, detail)
    assert (event.url, event.author) == (_CHANNEL, _MIRA)


def test_an_authorization_is_read_with_its_server_and_user() -> None:
    assert event_in("application_authorized") == Event(
        type="application_authorized",
        title="application_authorized: mira",
        author=_MIRA,
        occurred_at=datetime(2024, 10, 18, 14, 42, 53, 64_834, tzinfo=UTC),
        repository="290926798626357999",
    )


def test_an_entitlement_is_read_with_its_user() -> None:
    event = event_in("entitlement_create")

    assert (event.title, event.author) == ("entitlement_create", _MIRA)


@pytest.mark.parametrize(
    ("place", "url", "repository"),
    [
        ('"channel_id":"5"', "https://discord.com/channels/@me/5", "5"),
        ('"guild_id":"4"', None, "4"),
        ('"guild_id":"4","channel_id":"5/../6"', None, "4"),
        ('"context":1', None, None),
    ],
)
def test_an_interaction_outside_of_a_server_has_the_place_that_there_is(
    place: str, url: str | None, repository: str | None
) -> None:
    event = event_from(f'{{"type":2,"data":{{"name":"run"}},{place}}}')

    assert (event.url, event.repository) == (url, repository)


@pytest.mark.parametrize("snowflake", ["x", "", "9" * 21])
def test_what_is_no_id_is_no_time(snowflake: str) -> None:
    event = event_from(f'{{"type":2,"data":{{"name":"run"}},"id":"{snowflake}"}}')

    assert event.occurred_at is None


def test_the_time_of_an_event_is_that_of_its_id() -> None:
    event = event_from('{"type":2,"data":{"name":"run"},"id":"175928847299117063"}')

    assert event.occurred_at == datetime(2016, 4, 30, 11, 18, 25, 796_000, tzinfo=UTC)
    latest = event_from(f'{{"type":2,"data":{{"name":"run"}},"id":"{"9" * 20}"}}')
    assert latest.occurred_at
    assert latest.occurred_at.year == 2770


def test_an_event_without_data_is_read() -> None:
    event = event_from('{"type":1,"event":{"type":"APPLICATION_DEAUTHORIZED","data":[]}}')

    assert event == Event(type="application_deauthorized", title="application_deauthorized")
