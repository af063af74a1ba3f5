import json
from datetime import timedelta
from typing import Final

import pytest

from signalbox.http.routing import json_response
from signalbox.http.schemas.tasks import TaskList
from signalbox.models.change import (
    Change,
    TaskView,
    change_for,
    is_expired,
    task_row,
    task_summary,
    task_view,
)
from signalbox.models.lifecycle import dispatched
from signalbox.models.relations import TaskRelations
from signalbox.models.task import ChangeType, Task, TaskApproval
from tests.builders import (
    NOW,
    STACK,
    a_change,
    a_lease,
    a_result,
    a_task,
    an_id,
    an_origin,
    done,
    held,
)


def test_a_change_is_a_cloudevents_envelope() -> None:
    task = a_task()

    envelope = json.loads(a_change(task).model_dump_json())

    assert envelope.pop("data")["id"] == task.id
    assert envelope == {
        "specversion": "1.0",
        "id": f"{task.id}.{NOW.timestamp():.0f}.1",
        "source": f"/signalbox/{STACK}",
        "type": "signalbox.task.created",
        "subject": task.id,
        "time": "2026-03-01T12:00:00Z",
        "datacontenttype": "application/json",
    }


def test_each_step_has_an_envelope_of_its_own_that_is_always_the_same() -> None:
    task = done(a_task())

    changes = [change_for(task, step, STACK) for step in task.history]

    assert [change.change_type for change in changes] == [
        ChangeType.CREATED,
        ChangeType.STARTED,
        ChangeType.SUCCEEDED,
    ]
    assert len({change.id for change in changes}) == 3
    assert changes == [change_for(task, step, STACK) for step in task.history]


@pytest.mark.parametrize("task", [a_task(), held(a_task()), done(a_task())])
def test_nobody_but_its_worker_sees_a_lease(task: Task) -> None:
    lease = a_lease()

    for seen in (task_view(task), task_summary(task), a_change(task)):
        text = seen.model_dump_json()
        assert lease.id not in text
        assert lease.receipt not in text


def test_a_view_says_who_holds_the_task_and_until_when() -> None:
    seen = task_view(held(a_task()))

    assert (seen.worker, seen.lease_expires_at) == ("worker-1", a_lease().expires_at)


def test_a_finished_task_is_held_by_nobody() -> None:
    seen = task_view(done(a_task()))

    assert (seen.worker, seen.lease_expires_at, seen.finished_at) == (None, None, NOW)


def test_a_summary_is_part_of_the_view() -> None:
    task = held(a_task())
    summary, view = task_summary(task), task_view(task)

    assert summary.model_dump().items() <= view.model_dump().items()
    assert isinstance(view, TaskView)


EVERYTHING: Final = a_task(
    description="d",
    due=NOW,
    branch="main",
    commit="abc",
    not_before=NOW,
    progress="half",
    reason="why",
    result=a_result(),
    approval=TaskApproval(seconds=60, expires_at=NOW, requester="octocat", by="mona"),
    origin=an_origin(event="issues.opened", request_id="req_1", hops=2, planned_at=NOW),
    relations=TaskRelations(
        after=(an_id(),), waits_for=(an_id(),), group="deploys", limited_by="kind:fix"
    ),
)
SHAPES: Final = [a_task(), held(a_task()), done(a_task()), EVERYTHING]


@pytest.mark.parametrize("task", SHAPES)
def test_a_view_and_a_summary_are_as_if_they_had_been_validated(task: Task) -> None:
    for seen in (task_view(task), task_summary(task)):
        validated = type(seen).model_validate(seen.__dict__)

        assert seen == validated
        assert seen.model_dump_json() == validated.model_dump_json()
        assert list(seen.__dict__) == list(validated.__dict__)
        assert seen.model_fields_set == validated.model_fields_set
        assert repr(seen) == repr(validated)


@pytest.mark.parametrize("task", SHAPES)
def test_a_view_has_what_the_task_has_and_what_it_came_from(task: Task) -> None:
    seen = task_view(task)

    same = Task.model_fields.keys() & TaskView.model_fields.keys() - {"waits_for", "limited_by"}
    assert {name: getattr(seen, name) for name in same} == {
        name: getattr(task, name) for name in same
    }
    for name in ("provider", "source", "event", "delivery_id", "delivery_key", "request_id"):
        assert getattr(seen, name) == getattr(task.origin, name)
    assert (seen.hops, seen.planned_at) == (task.origin.hops, task.origin.planned_at)


@pytest.mark.parametrize("task", SHAPES)
@pytest.mark.parametrize("title", ["Fix", '"\\/\u007f\u2028\N{GRINNING FACE}é\u200b<&>\t\n'])
def test_a_row_of_a_list_is_the_same_bytes_as_its_summary(task: Task, title: str) -> None:
    summary = task_summary(task.model_copy(update={"title": title}))

    row = task_row("p", summary.model_dump_json())

    page = json_response({"items": [row.summary], "next": None})
    assert page.body == TaskList(items=(summary,)).model_dump_json()


def test_a_row_has_the_fields_that_its_record_is_without() -> None:
    summary = task_summary(a_task())
    absent = {"not_before", "waits_for", "limited_by"}

    row = task_row("p", summary.model_dump_json(exclude=absent))

    assert row.summary == summary.model_dump(mode="json")


def test_a_row_is_without_the_fields_that_only_a_later_version_knows() -> None:
    document = task_summary(a_task()).model_dump(mode="json")

    row = task_row("p", json.dumps({"colour": "red", **document, "size": 3}))

    assert row.summary == document
    assert list(row.summary) == list(document)


@pytest.mark.parametrize("document", ["", "{", "[]", "null", "{}", '{"id":"tsk_one"}'])
def test_what_is_no_summary_is_no_row(document: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        task_row("p", document)


@pytest.mark.parametrize("seconds", [-0.000001, 0, 0.5])
def test_a_row_expires_when_its_task_does(seconds: float) -> None:
    summary = task_summary(done(a_task(created_at=NOW.replace(microsecond=250))))
    now = NOW.replace(microsecond=250) + timedelta(days=1, seconds=seconds)

    row = task_row("p", summary.model_dump_json())

    assert row.is_expired(now) is is_expired(summary, now) is (seconds >= 0)


def test_a_row_of_an_open_task_does_not_expire() -> None:
    row = task_row("p", task_summary(a_task()).model_dump_json())

    assert not row.is_expired(NOW + timedelta(days=9_999))


@pytest.mark.parametrize("task", [a_task(), held(a_task()), done(a_task())])
def test_a_change_survives_its_journey_through_json(task: Task) -> None:
    change = a_change(task)

    assert Change.model_validate_json(change.model_dump_json()) == change


def test_the_mark_of_a_finished_task_changes_nothing_that_a_list_shows() -> None:
    ended = done(a_task())

    assert task_summary(dispatched(ended, NOW)) == task_summary(ended)
    assert task_summary(ended).expires_at == NOW + timedelta(days=1)
