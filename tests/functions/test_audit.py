import pytest

from signalbox.aws.audit import DynamoAudit
from signalbox.models.errors import Unavailable
from tests.functions.system import System

AUDIT = "/api/v1/audit"


def changed(system: System, times: int) -> str:
    """An admin's key, under which as many tasks were made."""
    key = system.key("admin")
    for number in range(times):
        system.ask("POST", "/api/v1/tasks", {"title": f"Task {number}"}, key=key)
    return key


def test_the_log_is_listed_newest_first_page_by_page(system: System) -> None:
    key = changed(system, 3)

    first = system.ask("GET", f"{AUDIT}?limit=2", key=key)
    second = system.ask("GET", f"{AUDIT}?limit=2&cursor={first.word('next')}", key=key)

    numbers = [row["number"] for row in first.items + second.items]
    assert numbers == [3, 2, 1]
    assert "entry" in first.items[0]


def test_the_log_is_filtered_by_actor_action_object_and_result(system: System) -> None:
    key = changed(system, 1)
    denied = system.key("viewer")
    system.ask("POST", "/api/v1/tasks", {"title": "Not allowed"}, key=denied)
    filters = "action=post&object=/tasks&result=denied"

    found = system.ask("GET", f"{AUDIT}?{filters}&actor=KEY:", key=key)
    others = system.ask("GET", f"{AUDIT}?{filters}&actor=nobody", key=key)

    (row,) = found.items
    assert isinstance(row["entry"], dict)
    assert row["entry"]["result"] == "denied"
    assert others.items == []


def test_an_untouched_day_is_intact(system: System) -> None:
    key = changed(system, 2)
    day = system.clock().date().isoformat()

    answer = system.ask("GET", f"{AUDIT}/{day}/verify", key=key)

    assert answer.json_body == {"day": day, "intact": True, "breach": None}


def test_a_row_that_was_taken_out_is_named(system: System) -> None:
    key = changed(system, 3)
    day = system.clock().date().isoformat()
    table = system.wiring.audit.table
    table.delete({"pk": {"S": f"AUDIT#{day}"}, "sk": {"S": _second(system, day)}})

    answer = system.ask("GET", f"{AUDIT}/{day}/verify", key=key)

    assert answer.json_body["intact"] is False
    assert "2" in str(answer.part("breach"))


def test_a_day_that_has_not_come_is_neither_intact_nor_touched(system: System) -> None:
    key = changed(system, 1)

    answer = system.ask("GET", f"{AUDIT}/2026-03-02/verify", key=key)

    assert (answer.status, answer.word("detail")) == (404, "this day has not come")


def test_an_entry_that_cannot_be_kept_is_counted_and_the_answer_stays(
    system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def append(*_: object) -> None:
        raise Unavailable("the table does not answer")

    monkeypatch.setattr(DynamoAudit, "append", append)

    answer = system.ask("POST", "/api/v1/tasks", {"title": "Task"}, key=system.key("admin"))

    assert answer.status == 201
    assert '"AuditEntriesLost":[1.0]' in capsys.readouterr().out


def test_only_who_may_read_it_reads_it(system: System) -> None:
    assert system.ask("GET", AUDIT, key=system.key("operator")).status == 403


def _second(system: System, day: str) -> str:
    return [kept.number for kept in system.wiring.audit.oldest(day)][1]
