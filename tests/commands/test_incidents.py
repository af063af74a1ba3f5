import json
from datetime import timedelta

import pytest

from tests.builders import NOW, an_incident
from tests.commands.conftest import CommandLine
from tests.commands.served import Served
from tests.functions.crud import store_incidents

OPEN = an_incident(id="inc_open")
RESOLVED = an_incident(id="inc_over", resolved_at=NOW + timedelta(hours=1), recurrence=2)


@pytest.fixture(autouse=True)
def _stored(served: Served) -> None:
    store_incidents(served.wiring, RESOLVED, OPEN)


def test_without_a_command_all_incidents_are_listed(signalbox: CommandLine) -> None:
    result = signalbox("incidents")

    lines = [line.split()[:2] for line in result.out.splitlines()]
    assert lines == [["Id", "Status"], ["inc_open", "open"], ["inc_over", "resolved"]]
    assert "webhooks/github/default/signature_invalid" in result.out
    assert "signalbox deliveries rejections --provider github --source default" in result.out


@pytest.mark.parametrize(("status", "id_"), [("open", "inc_open"), ("resolved", "inc_over")])
def test_a_list_can_be_of_one_status(signalbox: CommandLine, status: str, id_: str) -> None:
    result = signalbox("incidents", "list", "--status", status, "--json")

    assert [row["id"] for row in json.loads(result.out)] == [id_]


def test_one_incident_is_shown_with_where_to_look(signalbox: CommandLine) -> None:
    result = signalbox("incidents", "show", "inc_over")

    assert result.code == 0
    assert "resolved, warning" in result.out
    assert "2 times" in result.out
    assert "/api/v1/rejections?provider=github&source=default" in result.out


def test_an_incident_that_does_not_exist_is_an_error(signalbox: CommandLine) -> None:
    result = signalbox("incidents", "show", "inc_none")

    assert result.code == 1
    assert "there is no such incident" in result.err


def test_the_doctor_mentions_open_incidents(signalbox: CommandLine) -> None:
    result = signalbox("doctor", "--json")

    findings = [row for row in json.loads(result.out)["findings"] if row["check"] == "incidents"]
    (finding,) = findings
    assert finding["level"] == "warning"
    assert finding["subject"] == "incident webhooks/github/default/signature_invalid"
    assert "10 since 2026-03-01 12:00:00; the last error: the signature" in finding["text"]
