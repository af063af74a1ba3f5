"""Every change of the tables is counted once: by whom, how often, and whatever fails meanwhile."""

import json
from datetime import timedelta

import pytest

from signalbox.aws.counters import DynamoCounters
from signalbox.aws.deliveries import DynamoDeliveries
from signalbox.aws.dynamo_table import Table
from signalbox.aws.notifications import DynamoNotifications
from signalbox.aws.rejected_requests import DynamoRejectedRequests
from signalbox.aws.streams import DynamoStreamFeed, count_delivery_record, count_task_record
from signalbox.aws.tasks import DynamoTasks
from signalbox.models.deferral import attempt_started, with_deferral
from signalbox.models.delivery import reinterpreted
from signalbox.models.ids import LeaseId, RequestId
from signalbox.models.lifecycle import extended, leased, succeeded
from signalbox.models.notification import begun, delivered
from signalbox.models.rejected_request import RejectedRequest
from signalbox.models.task import TaskResult
from signalbox.services.metrics import CountChanges
from signalbox.services.ports.metrics import StreamPage
from tests.builders import NOW, a_deferred, a_delivery, a_lease, a_notification, a_task
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.faults import (
    Action,
    Call,
    Crash,
    Faults,
    Send,
    broken,
    crash_after,
    crash_before,
    lost_answer,
    meanwhile,
    throttled,
    unreachable,
)
from tests.integration.faults import _response as answered

LATER = NOW + timedelta(seconds=42)


def plenty() -> float:
    return 60.0


def empty(call: Call, _: Send) -> object:
    """A page without records, whose next iterator is the one that was given."""
    iterator = json.loads(call.body)["ShardIterator"]
    return answered(call, 200, {"Records": [], "NextShardIterator": iterator})


def ended(call: Call, send: Send) -> object:
    """A description of the stream in which every shard is closed."""
    answer = json.loads(send().content)
    for shard in answer["StreamDescription"]["Shards"]:
        shard["SequenceNumberRange"]["EndingSequenceNumber"] = "9" * 21
    return answered(call, 200, answer)


def trimmed(call: Call, _: Send) -> object:
    return answered(call, 400, {"__type": "TrimmedDataAccessException", "message": "trimmed"})


def last(call: Call, send: Send) -> object:
    """The last page of a shard."""
    return answered(call, 200, {"Records": json.loads(send().content)["Records"]})


def table(stack: Stack, name: str) -> Table:
    return Table(client=stack.clients.dynamodb, name=stack.name(name))


@pytest.fixture
def tasks(stack: Stack) -> DynamoTasks:
    return DynamoTasks(table=table(stack, "TasksTable"), clock=FakeClock())


@pytest.fixture
def counters(stack: Stack) -> DynamoCounters:
    return DynamoCounters(table=table(stack, "StateTable"), feeds=["tasks", "deliveries"])


@pytest.fixture
def count(stack: Stack, counters: DynamoCounters, clock: FakeClock) -> CountChanges:
    return counting(stack, counters, clock)


def counting(stack: Stack, counters: DynamoCounters, clock: FakeClock) -> CountChanges:
    tells = {"Tasks": count_task_record, "Deliveries": count_delivery_record}
    feeds = [
        DynamoStreamFeed(
            client=stack.clients.streams,
            arn=stack.name(f"{name}Table.StreamArn"),
            name=name.lower(),
            counts=counts,
            clock=clock,
        )
        for name, counts in tells.items()
    ]
    return CountChanges(feeds=feeds, counters=counters)


def test_the_life_of_a_task_is_counted(
    tasks: DynamoTasks, counters: DynamoCounters, count: CountChanges
) -> None:
    new = a_task()
    running = leased(new, a_lease(), NOW)
    beating = extended(running, LeaseId("lse_one"), 1, LATER, "half way", NOW)
    done = succeeded(beating, LeaseId("lse_one"), 1, TaskResult(), LATER)
    tasks.create(new)
    tasks.replace(new, running)
    tasks.replace(running, beating)
    tasks.replace(beating, done)

    behind = count(plenty)

    assert not behind
    assert counters.totals() == {
        "tasks|succeeded": 1,
        "steps|created": 1,
        "steps|started": 1,
        "steps|succeeded": 1,
        "runs|60": 1,
        "runs|ms": 42_000,
    }


def test_a_deferred_delivery_is_counted_when_it_arrives_and_when_it_is_interpreted(
    stack: Stack, counters: DynamoCounters, count: CountChanges
) -> None:
    store = DynamoDeliveries(
        table=table(stack, "DeliveriesTable"), bucket="", s3=lambda: stack.clients.s3
    )
    pending = a_deferred()
    started = with_deferral(pending, attempt_started(pending.deferral, NOW))
    store.create(pending, b"{}")
    store.replace(pending, started)
    store.replace(started, reinterpreted(started, a_delivery(key=pending.key)))

    count(plenty)

    assert counters.totals() == {"requests|github|pending": 1, "deferred|github|accepted": 1}


def test_a_task_that_has_expired_is_no_longer_there(
    stack: Stack, tasks: DynamoTasks, counters: DynamoCounters, count: CountChanges
) -> None:
    task = a_task()
    tasks.create(task)
    table(stack, "TasksTable").delete({"pk": {"S": f"TASK#{task.id}"}, "sk": {"S": "TASK"}})

    count(plenty)

    assert counters.totals() == {"steps|created": 1}


def test_attempts_to_notify_are_counted(
    stack: Stack, counters: DynamoCounters, count: CountChanges
) -> None:
    notifications = DynamoNotifications(table=table(stack, "TasksTable"))
    notification = a_notification()
    attempt = begun(notification, NOW, LATER)
    notifications.create(notification)
    notifications.replace(notification, attempt)
    notifications.replace(attempt, delivered(attempt, LATER))

    count(plenty)

    assert counters.totals() == {"notifications|slack|delivered": 1}


def test_requests_of_providers_are_counted_by_what_became_of_them(
    stack: Stack, counters: DynamoCounters, count: CountChanges
) -> None:
    kept = table(stack, "DeliveriesTable")
    refused = RejectedRequest(
        provider="github",
        source="default",
        outcome="signature_invalid",
        at=NOW,
        request_id=RequestId("r-1"),
        acks=(3,),
    )
    DynamoDeliveries(table=kept, bucket="", s3=lambda: stack.clients.s3).create(a_delivery(), b"{}")
    DynamoRejectedRequests(table=kept)(refused)

    count(plenty)

    assert counters.totals() == {
        "requests|github|accepted": 1,
        "requests|github|signature_invalid": 1,
        "acks|github|0.01": 1,
        "acks|github|ms": 3,
    }


def test_a_delivery_that_comes_again_is_counted_each_time_and_reading_it_anew_is_not(
    stack: Stack, counters: DynamoCounters, count: CountChanges
) -> None:
    store = DynamoDeliveries(
        table=table(stack, "DeliveriesTable"), bucket="", s3=lambda: stack.clients.s3
    )
    kept = a_delivery()
    store.create(kept, b"{}")
    store.record_duplicate(kept.id, NOW)
    store.record_duplicate(kept.id, LATER)
    store.replace(kept, reinterpreted(kept, kept))

    count(plenty)

    assert counters.totals() == {"requests|github|accepted": 1, "requests|github|duplicate": 2}


@pytest.mark.parametrize("trouble", [lost_answer, throttled, broken, unreachable])
@pytest.mark.parametrize("number", range(1, 14))
def test_no_trouble_at_any_call_counts_a_change_twice_or_never(
    *,
    tasks: DynamoTasks,
    counters: DynamoCounters,
    count: CountChanges,
    faults: Faults,
    number: int,
    trouble: Action,
) -> None:
    tasks.create(a_task())
    tasks.create(a_task())
    faults.clear()
    faults.at(number, trouble)

    count(plenty)
    count(plenty)

    assert counters.totals() == {"tasks|pending": 2, "steps|created": 2}


@pytest.mark.parametrize("death", [crash_before, crash_after])
@pytest.mark.parametrize("number", range(1, 14))
def test_a_death_at_any_call_counts_no_change_twice_or_never(
    *,
    stack: Stack,
    tasks: DynamoTasks,
    counters: DynamoCounters,
    clock: FakeClock,
    faults: Faults,
    number: int,
    death: Action,
) -> None:
    tasks.create(a_task())
    faults.clear()
    faults.at(number, death)

    with pytest.raises(Crash):
        counting(stack, counters, clock)(plenty)
    tasks.create(a_task())
    counting(stack, counters, clock)(plenty)

    assert counters.totals() == {"tasks|pending": 2, "steps|created": 2}


def test_two_who_count_at_once_count_every_change_once(
    *, stack: Stack, tasks: DynamoTasks, counters: DynamoCounters, clock: FakeClock, faults: Faults
) -> None:
    tasks.create(a_task())
    other = counting(stack, counters, clock)
    faults.on("DynamoDB.UpdateItem", meanwhile(lambda: other(plenty)))

    behind = counting(stack, counters, clock)(plenty)

    assert not behind
    assert counters.totals() == {"tasks|pending": 1, "steps|created": 1}


def test_what_it_costs_does_not_grow_with_the_number_of_changes(
    tasks: DynamoTasks, count: CountChanges, faults: Faults
) -> None:
    count(plenty)
    costs = []
    for number in (1, 50):
        for _ in range(number):
            tasks.create(a_task())
        faults.clear()
        count(plenty)
        costs.append(sorted(faults.operations))

    assert costs[0] == costs[1]
    assert costs[0].count("DynamoDB.UpdateItem") == 1


def test_changes_behind_a_few_empty_pages_are_counted(
    tasks: DynamoTasks, counters: DynamoCounters, count: CountChanges, faults: Faults
) -> None:
    tasks.create(a_task())
    faults.on("DynamoDBStreams.GetRecords", empty, times=4)

    count(plenty)

    assert counters.totals() == {"tasks|pending": 1, "steps|created": 1}


def test_who_counts_again_reads_on_behind_the_empty_pages(
    tasks: DynamoTasks, counters: DynamoCounters, count: CountChanges, faults: Faults
) -> None:
    tasks.create(a_task())
    faults.on("DynamoDBStreams.GetRecords", empty, times=5)
    count(plenty)
    before = counters.totals()
    faults.clear()

    count(plenty)

    assert before == {}
    assert counters.totals() == {"tasks|pending": 1, "steps|created": 1}
    assert faults.count("DynamoDBStreams.GetShardIterator") == 0


def test_an_idle_shard_costs_one_page_each_time(
    tasks: DynamoTasks, count: CountChanges, faults: Faults
) -> None:
    tasks.create(a_task())
    count(plenty)
    faults.clear()

    count(plenty)

    assert faults.count("DynamoDBStreams.GetRecords") == 2
    assert faults.count("DynamoDBStreams.GetShardIterator") == 0


def test_what_somebody_else_has_counted_meanwhile_is_not_counted_again(
    *, stack: Stack, tasks: DynamoTasks, counters: DynamoCounters, clock: FakeClock
) -> None:
    one, other = counting(stack, counters, clock), counting(stack, counters, clock)
    one(plenty)
    tasks.create(a_task())
    other(plenty)
    tasks.create(a_task())

    one(plenty)

    assert counters.totals() == {"tasks|pending": 2, "steps|created": 2}


def test_an_iterator_that_may_have_expired_is_asked_for_anew(
    count: CountChanges, clock: FakeClock, faults: Faults
) -> None:
    count(plenty)
    clock.advance(seconds=601)
    faults.clear()

    behind = count(plenty)

    assert not behind
    assert faults.count("DynamoDBStreams.GetShardIterator") == 2


def test_a_shard_that_has_ended_and_still_shows_empty_pages_is_behind(
    tasks: DynamoTasks, counters: DynamoCounters, count: CountChanges, faults: Faults
) -> None:
    tasks.create(a_task())
    faults.on("DynamoDBStreams.DescribeStream", ended, times=4)
    faults.on("DynamoDBStreams.GetRecords", empty, times=5)
    faults.on("DynamoDBStreams.GetRecords", last, times=3)

    first, then = count(plenty), count(plenty)

    assert (set(first), set(then)) == ({"tasks"}, set())
    assert counters.totals() == {"tasks|pending": 1, "steps|created": 1}


def test_nothing_is_written_while_nothing_happens(count: CountChanges, faults: Faults) -> None:
    count(plenty)

    assert faults.count("DynamoDB.UpdateItem") == 0
    assert faults.count("DynamoDB.Scan") == 0


def test_a_record_that_nobody_can_read_stops_no_counting(
    stack: Stack, tasks: DynamoTasks, counters: DynamoCounters, count: CountChanges
) -> None:
    table(stack, "TasksTable").put(
        {"pk": {"S": "TASK#odd"}, "sk": {"S": "TASK"}, "version": {"N": "1"}, "doc": {"S": "{"}}
    )
    tasks.create(a_task())

    count(plenty)

    assert counters.totals() == {"tasks|pending": 1, "steps|created": 1}


def test_a_place_that_the_stream_has_forgotten_is_a_gap_and_counting_goes_on(
    *, stack: Stack, tasks: DynamoTasks, counters: DynamoCounters, clock: FakeClock, faults: Faults
) -> None:
    tasks.create(a_task())
    counting(stack, counters, clock)(plenty)
    faults.on("DynamoDBStreams.GetShardIterator", trimmed)

    behind = counting(stack, counters, clock)(plenty)

    assert not behind
    assert counters.totals()["gaps|tasks"] == 1


def test_a_place_that_is_forgotten_while_nothing_happens_is_no_gap_to_who_counts_all_the_while(
    *,
    tasks: DynamoTasks,
    counters: DynamoCounters,
    count: CountChanges,
    clock: FakeClock,
    faults: Faults,
) -> None:
    tasks.create(a_task())
    count(plenty)
    faults.on("DynamoDBStreams.GetShardIterator", trimmed, times=100)

    for _ in range(20):
        clock.advance(seconds=60)
        count(plenty)
    tasks.create(a_task())
    count(plenty)

    assert counters.totals() == {"tasks|pending": 2, "steps|created": 2}


def test_a_shard_that_has_ended_is_read_to_its_end_and_never_again(
    tasks: DynamoTasks, counters: DynamoCounters, count: CountChanges, faults: Faults
) -> None:
    tasks.create(a_task())
    faults.on("DynamoDBStreams.GetRecords", last, times=2)

    count(plenty)
    faults.clear()
    count(plenty)

    assert counters.totals() == {"tasks|pending": 1, "steps|created": 1}
    assert faults.count("DynamoDBStreams.GetRecords") == 0


def test_the_place_of_a_shard_that_is_long_gone_is_forgotten(
    counters: DynamoCounters, count: CountChanges, clock: FakeClock
) -> None:
    born = {days: int((clock() - timedelta(days=days)).timestamp() * 1000) for days in (1, 4)}
    shards = {days: f"shardId-{at:020}-cafe" for days, at in born.items()}
    for shard in shards.values():
        counters.advance("tasks", StreamPage(shard=shard, before=None, after="end", counts={}))

    count(plenty)

    assert shards[1] in counters.positions("tasks")
    assert shards[4] not in counters.positions("tasks")
    assert counters.totals() == {}


def test_a_shard_that_is_gone_before_it_was_read_to_its_end_is_a_gap(
    counters: DynamoCounters, count: CountChanges, clock: FakeClock
) -> None:
    born = int((clock() - timedelta(days=4)).timestamp() * 1000)
    shard = f"shardId-{born:020}-cafe"
    counters.advance("tasks", StreamPage(shard=shard, before=None, after="1100", counts={}))

    count(plenty)

    assert counters.totals() == {"gaps|tasks": 1}
