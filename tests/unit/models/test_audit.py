"""An entry of the audit log is clean and short, and its hash covers all of it."""

import hashlib
import json

import pytest

from signalbox.models.audit import (
    AuditRecord,
    ChainHead,
    StoredRecord,
    add_days,
    append_to_chain,
    chain_head,
    day_of,
    verify_next,
)
from tests.builders import NOW
from tests.fakes.audit import an_entry

DAY = "2026-03-01"


def test_an_entry_holds_no_secret() -> None:
    entry = an_entry(object="client_secret=verysecretvalue", actor="sbx_live_" + "A" * 61)

    assert "verysecret" not in entry.object
    assert entry.actor == "[masked]"


def test_an_entry_is_one_short_line() -> None:
    entry = an_entry(action="tasks.create\n{}", object="x" * 10_000)

    assert entry.action == "tasks.create {}"
    assert len(entry.object) == 256


def test_the_hash_is_that_of_the_hash_before_and_of_the_row_in_canonical_json() -> None:
    before = ChainHead(day=DAY, number=1, hash="ab" * 32)

    row = append_to_chain(an_entry(), DAY, before)

    facts = json.loads(row.model_dump_json())
    claimed = facts.pop("hash")
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert claimed == hashlib.sha256(f"{'ab' * 32}{text}".encode()).hexdigest()


def test_a_row_carries_on_the_one_before() -> None:
    first = append_to_chain(an_entry(), DAY, None)
    second = append_to_chain(an_entry(), DAY, first.end)

    assert (first.number, first.previous, first.after) == (1, "0" * 64, None)
    assert (second.number, second.previous, second.after) == (2, first.hash, None)


def test_the_first_row_of_a_day_carries_on_the_last_of_an_earlier_one() -> None:
    last = append_to_chain(an_entry(), "2026-02-27", None).end

    row = append_to_chain(an_entry(), DAY, last)

    assert (row.number, row.previous, row.after) == (1, last.hash, last)


@pytest.mark.parametrize("field", list(an_entry().model_dump(mode="json")))
def test_every_part_of_an_entry_is_covered(field: str) -> None:
    row = append_to_chain(an_entry(), DAY, None)
    facts = json.loads(row.model_dump_json())
    facts["entry"][field] = "2026-03-01T12:00:01Z"

    forged = StoredRecord(number="00000001", document=json.dumps(facts))

    assert (
        verify_next(DAY, None, StoredRecord(number="00000001", document=row.model_dump_json()))
        == row.end
    )
    with pytest.raises(Exception, match="00000001 of 2026-03-01 was changed"):
        verify_next(DAY, None, forged)


def test_a_row_of_a_later_version_is_verified_as_well() -> None:
    row = append_to_chain(an_entry(), DAY, None)
    facts = json.loads(row.model_dump_json(exclude={"hash"})) | {"more": [1, {"é": None}]}
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(f"{row.previous}{text}".encode()).hexdigest()
    kept = StoredRecord(number="00000001", document=json.dumps(facts | {"hash": digest}))

    assert verify_next(DAY, None, kept).hash == digest


@pytest.mark.parametrize("document", ["", "{", "[]", '{"hash": 7}', "\ud800", "null"])
def test_a_row_that_cannot_be_read_is_carried_on_all_the_same(document: str) -> None:
    end = chain_head(DAY, StoredRecord(number="00000007", document=document))

    assert (end.number, len(end.hash)) == (7, 64)
    assert append_to_chain(an_entry(), DAY, end).number == 8


@pytest.mark.parametrize("number", ["", "x", "/", "00000000", "9x", "12345678901234567890"])
def test_a_row_of_an_odd_number_is_carried_on_all_the_same(number: str) -> None:
    end = chain_head(DAY, StoredRecord(number=number, document="{}"))

    assert 1 <= end.number <= 99_999_999


def test_a_day_is_that_of_utc() -> None:
    assert day_of(NOW) == DAY
    assert add_days(DAY, -1) == "2026-02-28"
    assert (
        AuditRecord.model_validate_json(
            append_to_chain(an_entry(), DAY, None).model_dump_json()
        ).day
        == DAY
    )
