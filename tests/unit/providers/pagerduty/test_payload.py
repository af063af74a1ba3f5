import pytest
from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid
from signalbox.providers.pagerduty.payload import Data, WebhookEvent, read, type_of

TYPE = "incident.triggered"


def a_payload(data: JsonValue, **event: JsonValue) -> JsonValue:
    return {"event": {"event_type": TYPE, "data": data} | event}


def test_what_only_informs_may_be_of_any_type() -> None:
    odd: JsonValue = {
        "title": 5,
        "html_url": [],
        "service": "Timetable API",
        "priority": "P1",
        "urgency": {},
        "teams": [1],
        "incident": 7,
        "state": [],
    }

    event = read(a_payload(odd, agent="Mira", occurred_at="soon", client=[]))

    assert event == WebhookEvent(event_type=TYPE, data=Data())


def test_what_is_not_named_is_ignored_and_what_is_named_may_be_null() -> None:
    nulls: JsonValue = dict.fromkeys(Data.model_fields)

    event = read(a_payload(nulls, agent=None, occurred_at=None, new=1))

    assert event == WebhookEvent(event_type=TYPE, data=Data())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "event.data: Input should be a valid dictionary"),
        ([], "event.data: Input should be a valid dictionary"),
        ({"id": 7}, "event.data.id: Input should be a valid string"),
        ({"id": ""}, "event.data.id: String should have at least 1 character"),
        ({"id": "x" * 65}, "event.data.id: String should have at most 64 characters"),
        ({"content": {}}, "event.data.content: Input should be a valid string"),
    ],
)
def test_the_reason_says_where_the_payload_is_wrong(data: JsonValue, reason: str) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        read(a_payload(data))

    assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize(
    "type_", [None, 1, "", "incident", "Incident.triggered", "incident.", "a" * 65 + ".b", "é.b"]
)
def test_an_event_without_a_type_is_refused(type_: JsonValue) -> None:
    with pytest.raises(PayloadInvalid, match=r"^event\.event_type: "):
        type_of({"event": {"event_type": type_}})


@pytest.mark.parametrize("document", [None, [], "x", {}, {"event": None}, {"messages": []}])
def test_a_payload_without_an_event_is_refused(document: JsonValue) -> None:
    with pytest.raises(PayloadInvalid):
        type_of(document)


@pytest.mark.parametrize("type_", ["pagey.ping", "incident.responder.added", "incident.a_b.c.d"])
def test_the_type_is_read_whatever_else_is_wrong(type_: str) -> None:
    assert type_of({"event": {"event_type": type_, "data": 1, "agent": []}}) == type_
