import json

import pytest

from signalbox.models.command_grammar import new_commands
from signalbox.models.event import Answer, Author, ParsedPayload
from signalbox.providers.pagerduty.provider import PagerDuty
from tests.samples import names, request_of, sample

NOT_READ = {"pagey.ping", "service.updated"}


def parsed(name: str) -> ParsedPayload:
    recorded = sample("pagerduty", name)
    return PagerDuty().parse(request_of("pagerduty", recorded.headers, recorded.raw))


def parse(payload: object) -> ParsedPayload:
    return PagerDuty().parse(request_of("pagerduty", {}, json.dumps(payload).encode()))


@pytest.mark.parametrize("name", [name for name in names("pagerduty") if name not in NOT_READ])
def test_a_recorded_event_is_read(name: str) -> None:
    found = parsed(name)

    assert found.type == name
    assert [event.type for event in found.events] == [name]
    assert found.events[0].occurred_at
    assert found.events[0].url


def test_every_event_that_is_read_has_a_sample() -> None:
    assert set(names("pagerduty")) - NOT_READ == set(PagerDuty.events)


def test_the_command_in_a_note_is_found_and_belongs_to_the_note() -> None:
    [event] = parsed("incident.annotated").events

    [command] = new_commands(event, mention="signalbox")

    assert (command.name, command.instruction) == ("run", "rollback service=timetable")
    assert event.thread == "note:P2LA89X"
    assert event.author == event.writer == Author(name="Mira Okafor")


def test_a_status_update_is_no_text_for_commands() -> None:
    assert parsed("incident.status_update_published").events[0].text is None


def test_a_ping_is_a_handshake_whatever_its_data() -> None:
    ping = ParsedPayload(type="pagey.ping", handshake=Answer())

    assert parsed("pagey.ping") == ping
    assert parse({"event": {"event_type": "pagey.ping", "data": None}}) == ping


@pytest.mark.parametrize("type_", ["service.updated", "incident.workflow.started"])
def test_an_event_that_is_not_read_is_ignored_whatever_its_data(type_: str) -> None:
    found = parse({"event": {"event_type": type_, "data": []}})

    assert found == ParsedPayload(type=type_, ignored=f"the event {type_} is not read")


def test_our_own_note_is_ignored() -> None:
    note = {"id": "P1", "content": "<!-- signalbox:task=tsk_1 -->"}

    found = parse({"event": {"event_type": "incident.annotated", "data": note}})

    assert found == ParsedPayload(
        type="incident.annotated", ignored="the text is our own, by its marker"
    )
