"""What comes again: the same delivery, to the same or another configuration."""

import pytest
from pydantic import JsonValue

from signalbox.models.errors import NotFound
from signalbox.models.ids import DeliveryId, TaskId
from signalbox.models.task import TaskStatus
from signalbox.services.pagination import Window
from tests.builders import a_source
from tests.functions.system import ApiResponse, System

OLD = "2024-05-02T08:00:05Z"
FRESH = "2026-03-01T12:00:00Z"
AGES = pytest.mark.parametrize("written", [OLD, FRESH], ids=["old", "fresh"])
EVENTS = ("issue_comment.created",)


def configured(system: System, **source: object) -> None:
    system.wiring.config.put(a_source(**source))


def commented(system: System, written: str, text: str = "@signalbox run tests") -> ApiResponse:
    comment: JsonValue = {"id": 7, "body": text, "created_at": written, "updated_at": written}
    return system.post("issue_comment.created", comment=comment)


def kept(system: System, answer: ApiResponse) -> list[TaskId]:
    return list(system.wiring.deliveries.get(DeliveryId(answer.word("delivery_id"))).task_ids)


def tasks(system: System) -> int:
    return len(list(system.wiring.tasks.newest(list(TaskStatus), Window())))


@AGES
def test_a_delivery_that_comes_again_leaves_its_task_as_it_is(system: System, written: str) -> None:
    first = commented(system, written)
    before = system.wiring.tasks.get(kept(system, first)[0])
    claim: JsonValue = {"worker": "w1"}
    system.wiring.dispatch(before, before.history)
    system.ask("POST", "/api/v1/queue/claim", claim, key=system.key("worker"))

    again = commented(system, written)

    [task] = system.tasks_of(again)
    assert again.json_body["duplicate"] is True
    assert (task.status, tasks(system)) == (TaskStatus.RUNNING, 1)


@AGES
def test_where_less_is_taken_now_the_answer_still_tells_what_is_kept(
    system: System, written: str
) -> None:
    first = commented(system, written)
    configured(system, commands=("agent",))

    again = commented(system, written)

    assert again.json_body == first.json_body | {"duplicate": True}
    assert again.json_body["task_ids"] == kept(system, first)


@AGES
def test_where_more_is_taken_now_it_is_made_and_the_answer_tells_all(
    system: System, written: str
) -> None:
    first = commented(system, written)
    configured(system, events=EVENTS)

    more, again = commented(system, written), commented(system, written)

    assert (more.json_body["duplicate"], again.json_body["duplicate"]) == (False, True)
    assert more.json_body["task_ids"] == again.json_body["task_ids"] == kept(system, first)
    assert [task.kind for task in system.tasks_of(more)] == ["run", "issue_comment.created"]


@AGES
def test_where_other_things_are_taken_now_the_answer_tells_both(
    system: System, written: str
) -> None:
    configured(system, commands=("run",))
    commented(system, written, "/run a\n/agent b")
    configured(system, commands=("agent",))

    answer = commented(system, written, "/run a\n/agent b")

    assert [task.kind for task in system.tasks_of(answer)] == ["run", "agent"]
    assert answer.json_body["duplicate"] is False


def test_where_more_is_taken_now_what_has_expired_is_not_made_again(system: System) -> None:
    first = commented(system, OLD)
    [expired] = kept(system, first)
    system.wiring.tasks_table.delete({"pk": {"S": f"TASK#{expired}"}, "sk": {"S": "TASK"}})
    configured(system, events=EVENTS)

    answer = commented(system, OLD)

    assert answer.json_body["task_ids"] == kept(system, first)
    assert (kept(system, first)[0], len(kept(system, first)), tasks(system)) == (expired, 2, 1)
    with pytest.raises(NotFound):
        system.wiring.tasks.get(expired)


@AGES
@pytest.mark.parametrize("less", [{"mention": "octo-agent"}, {"commands": ("agent",)}])
def test_the_task_of_an_event_is_the_same_whatever_counts_as_a_command(
    system: System, written: str, less: dict[str, object]
) -> None:
    configured(system, events=EVENTS)
    first = commented(system, written)
    configured(system, events=EVENTS, **less)

    again = commented(system, written)

    path = f"/api/v1/deliveries/{first.word('delivery_id')}/replay"
    replayed = system.ask("POST", path, key=system.key("operator"))
    assert again.json_body["task_ids"] == first.json_body["task_ids"]
    assert replayed.rows("created") == []
    assert tasks(system) == 2


def test_a_delivery_is_kept_for_seven_days(system: System) -> None:
    answer = commented(system, FRESH)

    row = system.wiring.deliveries_table.get({"pk": {"S": answer.word("delivery_id")}})
    assert row is not None
    assert int(row["ttl"]["N"]) - system.clock().timestamp() == 7 * 24 * 3600
