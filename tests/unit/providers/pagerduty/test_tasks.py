from datetime import UTC, datetime

import pytest

from signalbox.ingress.command_text import NO_TEXT, CommandText
from signalbox.models.event import Author, Event
from signalbox.providers.pagerduty.payload import WebhookEvent
from signalbox.providers.pagerduty.tasks import event_of
from tests.samples import sample

MIRA = Author(name="Mira Okafor")
INCIDENT = "https://octo-org.pagerduty.com/incidents/Q0PGR0VU2ABCDE"


def event_in(name: str) -> Event:
    return event_of(WebhookEvent.model_validate(sample("pagerduty", name).body["event"]), NO_TEXT)


def event_from(**data: object) -> Event:
    facts = {"event_type": "incident.triggered", "data": data}
    return event_of(WebhookEvent.model_validate(facts), NO_TEXT)


def test_an_incident_has_its_priority_as_detail_and_counts_as_its_urgency() -> None:
    assert event_in("incident.priority_updated") == Event(
        type="incident.priority_updated",
        title="Timetable API answers slowly",
        detail="P1",
        counts_as=("high",),
        author=MIRA,
        occurred_at=datetime(2024, 5, 2, 8, 4, 5, 677_000, tzinfo=UTC),
        repository="Timetable API",
        url=INCIDENT,
        labels=("P1", "high", "Railway"),
    )


def test_an_incident_without_a_priority_has_its_urgency_as_detail() -> None:
    event = event_in("incident.triggered")

    assert (event.detail, event.labels) == ("high", ("high", "Railway"))
    assert event.author == Author(name="Timetable API", automated=True)


def test_an_event_that_nobody_caused_has_no_author() -> None:
    assert event_in("incident.escalated").author is None


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("incident.annotated", None),
        ("incident.status_update_published", None),
        ("incident.responder.added", "pending"),
        ("incident.responder.replied", "accepted"),
    ],
)
def test_what_belongs_to_an_incident_has_its_title_and_url(name: str, detail: str | None) -> None:
    event = event_in(name)

    assert (event.title, event.url) == ("Timetable API answers slowly", INCIDENT)
    assert (event.detail, event.repository, event.labels) == (detail, None, ())


def test_an_event_of_little_says_little() -> None:
    assert event_from() == Event(type="incident.triggered", title="incident.triggered")


def test_everything_is_bounded_and_stands_in_one_line() -> None:
    long = "x\n\u202e\x00" * 2_000
    named = {"summary": long}

    event = event_from(
        title=long, service=named, priority=named, urgency=long, teams=[named] * 200, html_url=long
    )

    assert len(event.title) <= 200
    assert len(event.labels) == 100
    assert event.url is None
    for text in (event.repository, event.detail, *event.counts_as, *event.labels):
        assert text
        assert len(text) <= 255
        assert not {"\n", "\u202e", "\x00"} & set(text)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://pagerduty.com/a", "/a", ""])
def test_only_web_urls_are_kept(url: str) -> None:
    assert event_from(html_url=url).url is None


def test_the_text_of_an_event_is_its_note() -> None:
    event = WebhookEvent.model_validate({"event_type": "incident.annotated", "data": {}})
    text = CommandText(text="/run", thread="note:P1", writer=MIRA)

    made = event_of(event, text)

    assert (made.text, made.thread, made.writer) == ("/run", "note:P1", MIRA)
