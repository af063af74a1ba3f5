"""An entry of the audit log is clean and short, and its hash covers all of it."""

import hashlib
import json

import pytest

from signalbox.models.audit import End, Kept, Row, chained, day_of, days_from, end_of, followed
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
    before = End(day=DAY, number=1, hash="ab" * 32)

    row = chained(an_entry(), DAY, before)

    facts = json.loads(row.model_dump_json())
    claimed = facts.pop("hash")
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert claimed == hashlib.sha256(f"{'ab' * 32}{text}".encode()).hexdigest()


def test_a_row_carries_on_the_one_before() -> None:
    first = chained(an_entry(), DAY, None)
    second = chained(an_entry(), DAY, first.end)

    assert (first.number, first.previous, first.after) == (1, "0" * 64, None)
    assert (second.number, second.previous, second.after) == (2, first.hash, None)


def test_the_first_row_of_a_day_carries_on_the_last_of_an_earlier_one() -> None:
    last = chained(an_entry(), "2026-02-27", None).end

    row = chained(an_entry(), DAY, last)

    assert (row.number, row.previous, row.after) == (1, last.hash, last)


@pytest.mark.parametrize("field", list(an_entry().model_dump(mode="json")))
def test_every_part_of_an_entry_is_covered(field: str) -> None:
    row = chained(an_entry(), DAY, None)
    facts = json.loads(row.model_dump_json())
    facts["entry"][field] = "2026-03-01T12:00:01Z"

    forged = Kept(number="00000001", document=json.dumps(facts))

    assert followed(DAY, None, Kept(number="00000001", document=row.model_dump_json())) == row.end
    with pytest.raises(Exception, match="00000001 of 2026-03-01 was changed"):
        followed(DAY, None, forged)


def test_a_row_of_a_later_version_is_verified_as_well() -> None:
    row = chained(an_entry(), DAY, None)
    facts = json.loads(row.model_dump_json(exclude={"hash"})) | {"more": [1, {"é": None}]}
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(f"{row.previous}{text}".encode()).hexdigest()
    kept = Kept(number="00000001", document=json.dumps(facts | {"hash": digest}))

    assert followed(DAY, None, kept).hash == digest


@pytest.mark.parametrize("document", ["", "{", "[]", '{"hash": 7}', "\ud800", "null"])
def test_a_row_that_cannot_be_read_is_carried_on_all_the_same(document: str) -> None:
    end = end_of(DAY, Kept(number="00000007", document=document))

    assert (end.number, len(end.hash)) == (7, 64)
    assert chained(an_entry(), DAY, end).number == 8


@pytest.mark.parametrize("number", ["", "x", "/", "00000000", "9x", "12345678901234567890"])
def test_a_row_of_an_odd_number_is_carried_on_all_the_same(number: str) -> None:
    end = end_of(DAY, Kept(number=number, document="{}"))

    assert 1 <= end.number <= 99_999_999


def test_a_day_is_that_of_utc() -> None:
    assert day_of(NOW) == DAY
    assert days_from(DAY, -1) == "2026-02-28"
    assert Row.model_validate_json(chained(an_entry(), DAY, None).model_dump_json()).day == DAY
