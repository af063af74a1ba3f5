from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from signalbox.models.base import Model, Name, UtcDatetime, list_position, sortable_time
from signalbox.models.source import Source
from tests.builders import a_task


class Meeting(Model):
    at: UtcDatetime
    room: Name = "hall"


MOMENTS = st.datetimes(timezones=st.just(UTC))


def test_a_moment_is_told_in_utc() -> None:
    paris = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))

    assert Meeting(at=paris).at.isoformat() == "2026-07-01T10:00:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        '"2026-07-01T12:00:00"',
        '"0001-01-01T00:00:00+14:00"',
        '"9999-12-31T23:59:59-12:00"',
        '"tomorrow"',
        "1782900000",
    ],
)
def test_what_is_no_moment_is_refused_in_our_own_words(text: str) -> None:
    with pytest.raises(ValidationError):
        Meeting.model_validate_json(f'{{"at": {text}}}')


@pytest.mark.parametrize("name", ["", "-a", "A", "a b", "a\n", "é", "a" * 64, "a/b", "a#b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        Meeting(at=datetime.now(UTC), room=name)


def test_a_model_is_closed_and_frozen() -> None:
    meeting = Meeting(at=datetime.now(UTC))

    with pytest.raises(ValidationError):
        Meeting.model_validate({"at": datetime.now(UTC), "more": 1})
    with pytest.raises(ValidationError):
        meeting.room = "other"  # type: ignore[misc]


@given(MOMENTS, MOMENTS)
def test_the_order_of_stamps_is_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (sortable_time(one) < sortable_time(other)) == (one < other)
    assert len(sortable_time(one)) == len(sortable_time(other)) == 27


def test_positions_of_one_moment_are_told_apart_by_their_names() -> None:
    moment = datetime(2026, 7, 1, tzinfo=UTC)

    assert list_position(moment, "a") == "2026-07-01T00:00:00.000000Z#a"
    assert list_position(moment, "a") < list_position(moment, "b")


@pytest.mark.parametrize("update", [None, {}, {"title": "Fix the login", "labels": ("bug",)}])
def test_a_copy_is_the_one_that_pydantic_makes(update: dict[str, Any] | None) -> None:
    task = a_task(description="before")

    copied, expected = task.model_copy(update=update), BaseModel.model_copy(task, update=update)

    assert copied == expected
    assert copied.model_fields_set == expected.model_fields_set
    assert copied.model_dump_json() == expected.model_dump_json()


def test_a_copy_leaves_the_model_as_it_was() -> None:
    task = a_task(title="before")
    named = set(task.model_fields_set)

    task.model_copy(update={"title": "after", "branch": "main"})

    assert (task.title, task.branch, task.model_fields_set) == ("before", None, named)


def test_a_deep_copy_shares_nothing_that_can_change() -> None:
    source = Source(provider="github", settings={"events": ["push"]})

    copied = source.model_copy(deep=True)

    assert copied == source
    assert copied.settings["events"] is not source.settings["events"]
