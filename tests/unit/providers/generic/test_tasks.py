import json
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author, Event
from signalbox.providers.generic.provider import Generic
from tests.samples import request_of, sample

RAILWAY = "railway"


def event_in(name: str) -> Event:
    recorded = sample("generic", name)
    [event] = Generic().with_settings(recorded.settings).parse(recorded.request()).events
    return event


def event_from(body: JsonValue, **settings: JsonValue) -> Event:
    request = request_of("generic", {}, json.dumps(body).encode())
    [event] = Generic().with_settings({"preset": "plain", **settings}).parse(request).events
    return event


@pytest.mark.parametrize(
    ("name", "type_", "title", "detail"),
    [
        ("standard-webhooks.invoice.paid", "invoice.paid", "invoice.paid", None),
        ("svix.user.created", "user.created", "user.created", None),
        (
            "stripe.invoice.payment_failed",
            "invoice.payment_failed",
            "in_1PBxkP2eZvKYlo2CMTpK0Ybz",
            "open",
        ),
        ("shopify.orders.create", "orders.create", "#9999", None),
        (
            "zendesk.ticket.status_changed",
            "zen.event-type.ticket.status_changed",
            "Timetable stays blank",
            "OPEN",
        ),
        (
            "grafana.alerts.firing",
            "alerts.firing",
            "[FIRING:1] HighLatency Railway (critical railway)",
            "HighLatency",
        ),
        (
            "alertmanager.alerts.resolved",
            "alerts.resolved",
            "Timetable API answers slowly",
            "HighLatency",
        ),
        (
            "datadog.query_alert_monitor",
            "query_alert_monitor",
            "[P1] [Triggered] Latency of the timetable API",
            "Triggered",
        ),
        ("cloudevents.structured", "com.example.build.failed", "timetable #1742", None),
        ("cloudevents.binary", "com.example.build.failed", "timetable #1742", None),
        (
            "sns.notification",
            "notification",
            'ALARM: "TimetableLatency" in EU (Frankfurt)',
            'ALARM: "TimetableLatency" in EU (Frankfurt)',
        ),
        ("plain.form", "build.failed", "Build 1742 failed", None),
    ],
)
def test_an_event_of_a_preset_has_its_type_title_and_detail(
    name: str, type_: str, title: str, detail: str | None
) -> None:
    event = event_in(name)

    assert (event.type, event.title, event.detail) == (type_, title, detail)
    assert bool(event.occurred_at) is (name != "plain.form")


def test_both_modes_of_cloudevents_say_the_same() -> None:
    assert event_in("cloudevents.structured") == event_in("cloudevents.binary")


def test_every_field_of_an_event_can_be_configured() -> None:
    assert event_in("plain.comment") == Event(
        type="comment.created",
        title="Timetable of the winter",
        author=Author(name="mira-okafor"),
        occurred_at=datetime(2024, 5, 2, 8, 0, 5, tzinfo=UTC),
        repository=RAILWAY,
        url="https://wiki.example.com/railway/timetable#comment-311",
        labels=("timetable",),
        text="The table is out of date.\n\n@signalbox run update-table year=2024",
        thread="comment:311",
        writer=Author(name="mira-okafor"),
    )


def test_without_expressions_an_event_is_a_webhook() -> None:
    assert event_from({"a": 1}) == Event(type="webhook", title="webhook")
    assert event_from("any text") == Event(type="webhook", title="webhook")


@pytest.mark.parametrize(
    ("given", "type_"),
    [
        ("orders/create", "orders.create"),
        ("zen:event-type:ticket.created", "zen.event-type.ticket.created"),
        ("Build Failed!", "build.failed"),
        (7, "7"),
        ("a" * 500, "a" * 100),
    ],
)
def test_a_type_is_written_so_that_patterns_can_match_it(given: JsonValue, type_: str) -> None:
    assert event_from({"t": given}, event_type="body.t").type == type_


@pytest.mark.parametrize("given", [None, "", "::", "é", True, {}, []])
def test_an_event_whose_type_is_configured_and_missing_is_refused(given: JsonValue) -> None:
    with pytest.raises(PayloadInvalid, match=r"^the type of the event, by body\.t, is missing$"):
        event_from({"t": given}, event_type="body.t")


def test_everything_is_bounded_and_stands_in_one_line() -> None:
    names = ("title", "detail", "author", "repository", "branch", "labels", "url", "commit")
    expressions: dict[str, JsonValue] = dict.fromkeys(names, "body")

    event = event_from("x\n\u202e\x00" * 2_000, **expressions)

    assert event.url is event.commit is None
    assert event.author
    assert len(event.title) <= 200
    for text in (event.detail, event.repository, event.branch, event.author.name, *event.labels):
        assert text
        assert len(text) <= 255
        assert not {"\n", "\u202e", "\x00"} & set(text)
