from datetime import UTC, datetime

import pytest

from signalbox.models.event import Author, Event
from signalbox.providers.slack.provider import Slack
from tests.samples import request_of, sample

_CHANNEL = "https://slack.com/app_redirect?team=T024BE7LD&channel=C2147483705"
_MIRA = Author(name="U2147483697")


def event_in(name: str) -> Event:
    recorded = sample("slack", name)
    [event] = Slack().parse(request_of("slack", recorded.headers, recorded.raw)).events
    return event


def at(seconds: int, microsecond: int = 0) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microsecond)


def test_a_message_is_read_with_its_channel() -> None:
    text = "<@U0LAN0Z89> run the slow tests priority=high"

    assert event_in("message") == Event(
        type="message",
        title="run the slow tests priority=high",
        detail="channel",
        author=_MIRA,
        occurred_at=at(1714636805, 200),
        text=text,
        thread="message:C2147483705:1714636805.000200",
        writer=_MIRA,
        mention="<@U0LAN0Z89>",
        repository="T024BE7LD/C2147483705",
        url=f"{_CHANNEL}&message_ts=1714636805.000200",
    )


@pytest.mark.parametrize(
    ("name", "type_", "detail", "title", "author"),
    [
        ("app_mention", "app_mention", None, "run the slow tests priority=high", _MIRA),
        (
            "message.bot_message",
            "message",
            "channel",
            "Build 2207 of railway failed on main",
            Author(name="B024BE7LH", automated=True),
        ),
        ("message_deleted", "message_deleted", "channel", None, None),
        ("reaction_added", "reaction_added", "robot_face", ":robot_face:", _MIRA),
        ("slash_command", "slash_command", "/signalbox", "/signalbox run the slow tests", _MIRA),
    ],
)
def test_an_event_is_read_with_its_facts(
    name: str, type_: str, detail: str | None, title: str | None, author: Author | None
) -> None:
    event = event_in(name)

    assert (event.type, event.detail, event.author) == (type_, detail, author)
    assert title in {event.title, None}
    assert event.repository == "T024BE7LD/C2147483705"
    assert (event.url or "").partition("&message_ts=")[0] == _CHANNEL


def test_an_edit_has_the_text_before_it() -> None:
    event = event_in("message_changed")

    assert event.type == "message_changed"
    assert event.previous_text == "<@U0LAN0Z89> run the slow tests priority=high"
    assert event.occurred_at == at(1714636865, 300)


def test_a_message_shortcut_links_to_its_message() -> None:
    event = event_in("message_action")

    assert event.detail == "agent"
    assert (
        event.title == "agent: Build 2207 of railway failed on main See the log of the slow tests"
    )
    assert event.url == "https://railway.slack.com/archives/C2147483705/p1714636900000400"
    assert event.occurred_at == at(1714637100, 123456)


@pytest.mark.parametrize(
    ("name", "detail", "repository"),
    [
        ("shortcut", "retest", "T024BE7LD"),
        ("block_actions", "retest", "T024BE7LD/C2147483705"),
        ("view_submission", "new_timetable", "T024BE7LD"),
    ],
)
def test_an_interaction_has_the_id_that_the_app_gave_it(
    name: str, detail: str, repository: str
) -> None:
    event = event_in(name)

    assert (event.type, event.detail, event.repository) == (name, detail, repository)


@pytest.mark.parametrize("timestamp", ["", "x", "1e9", "99999999999", "1.1234567", "\u0661"])
def test_an_odd_timestamp_is_no_time(timestamp: str) -> None:
    body = f'{{"type":"event_callback","event":{{"type":"message","event_ts":"{timestamp}"}}}}'

    [event] = Slack().parse(request_of("slack", {}, body.encode())).events

    assert event == Event(type="message", title="message")


@pytest.mark.parametrize(
    ("name", "ts"),
    [
        ("app_mention", "1714636805.000200"),
        ("reaction_added", "1714636900.000400"),
        ("slash_command", ""),
    ],
)
def test_a_link_has_the_message_that_is_answered(name: str, ts: str) -> None:
    assert (event_in(name).url or "").partition("&message_ts=")[2] == ts


def test_a_link_has_the_thread_of_the_message() -> None:
    event = '{"type":"message","channel":"C1","ts":"2.000001","thread_ts":"1.000001"}'
    body = f'{{"type":"event_callback","team_id":"T1","event":{event}}}'

    [found] = Slack().parse(request_of("slack", {}, body.encode())).events

    assert (found.url or "").endswith("&message_ts=2.000001&thread_ts=1.000001")


@pytest.mark.parametrize(
    ("team", "channel", "url"),
    [
        ("T1", "C1", "https://slack.com/app_redirect?team=T1&channel=C1"),
        ("T1&x=1", "C1", None),
        ("T1", "C1/../..", None),
        ("T1", "", None),
    ],
)
def test_a_link_is_made_of_plain_ids_only(team: str, channel: str, url: str | None) -> None:
    event = f'{{"type":"app_mention","channel":"{channel}"}}'
    body = f'{{"type":"event_callback","team_id":"{team}","event":{event}}}'

    [found] = Slack().parse(request_of("slack", {}, body.encode())).events

    assert found.url == url
