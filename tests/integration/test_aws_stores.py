"""The stores over DynamoDB, SQS, SSM and S3 keep the promises of the ports, and cost little."""

import random
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from signalbox.aws import table_keys
from signalbox.aws.compression import compress, unpack_record
from signalbox.aws.concurrency import DynamoConcurrency
from signalbox.aws.deliveries import DynamoDeliveries
from signalbox.aws.dependents import DynamoDependents
from signalbox.aws.dynamo_table import Table
from signalbox.aws.held import DynamoHeldIndex
from signalbox.aws.notifications import DynamoNotifications
from signalbox.aws.protocols import DynamoApi
from signalbox.aws.tasks import DynamoDueIndex, DynamoTasks
from signalbox.models.delivery import KeepBodies, reinterpreted
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.lifecycle import cancelled
from signalbox.models.task import TaskStatus
from signalbox.services.pagination import Window
from tests.builders import NOW, a_deferred, a_delivery, a_notification, a_task, held
from tests.contract.concurrency import ConcurrencyStoreContract
from tests.contract.dependents import DependentIndexContract
from tests.contract.held import HeldIndexContract
from tests.contract.stores import (
    AgendaContract,
    DeliveryStoreContract,
    NotificationStoreContract,
)
from tests.contract.tasks import TaskStoreContract
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.faults import (
    Action,
    Faults,
    broken,
    lost_answer,
    throttled,
    unprocessed,
    unreachable,
)

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item

DOWN = pytest.mark.parametrize("trouble", [throttled, broken, unreachable])


@pytest.fixture
def tasks_table(stack: Stack, dynamodb: DynamoApi) -> Table:
    return Table(client=dynamodb, name=stack.name("TasksTable"))


@pytest.fixture
def config_table(stack: Stack, dynamodb: DynamoApi) -> Table:
    return Table(client=dynamodb, name=stack.name("ConfigTable"))


class TestDynamoTasks(TaskStoreContract):
    @pytest.fixture
    def store(self, tasks_table: Table) -> DynamoTasks:
        return DynamoTasks(table=tasks_table, clock=FakeClock())

    def test_what_a_later_version_added_is_passed_over(
        self, store: DynamoTasks, tasks_table: Table
    ) -> None:
        task = a_task()
        store.create(task)
        kept = tasks_table.get({"pk": {"S": f"TASK#{task.id}"}, "sk": {"S": "TASK"}})
        assert kept is not None
        doc = unpack_record(kept["doc"])
        assert isinstance(doc, bytes)
        later = doc.replace(b'"provider"', b'"later": [1], "provider"', 1).decode()
        tasks_table.put({**kept, "doc": {"S": later}})

        found = store.get(task.id)

        assert found == task
        store.replace(found, found.model_copy(update={"version": 2}))

    def test_a_creation_whose_answer_was_lost_is_recognised(
        self, store: DynamoTasks, faults: Faults
    ) -> None:
        task = a_task()
        faults.on("DynamoDB.PutItem", lost_answer)

        assert store.create(task)
        assert faults.count("DynamoDB.PutItem") == 2
        assert not store.create(task)

    def test_a_replacement_whose_answer_was_lost_is_recognised(
        self, store: DynamoTasks, faults: Faults
    ) -> None:
        task = a_task()
        store.create(task)
        faults.on("DynamoDB.PutItem", lost_answer)

        store.replace(task, held(task))

        assert store.get(task.id) == held(task)

    def test_somebody_elses_replacement_is_not_taken_for_ours(
        self, store: DynamoTasks, faults: Faults
    ) -> None:
        task = a_task()
        store.create(task)
        store.replace(task, held(task))
        faults.on("DynamoDB.PutItem", lost_answer)

        with pytest.raises(WriteConflict):
            store.replace(task, cancelled(task, None, NOW, by="somebody"))

    @DOWN
    @pytest.mark.parametrize(
        ("operation", "act"),
        [
            ("PutItem", lambda store: store.create(a_task())),
            ("PutItem", lambda store: store.replace(a_task(), a_task())),
            ("GetItem", lambda store: store.get(a_task().id)),
            ("Query", lambda store: list(store.newest([TaskStatus.PENDING], Window()))),
        ],
    )
    def test_a_table_that_is_down_is_unavailable(
        self,
        store: DynamoTasks,
        faults: Faults,
        trouble: Action,
        operation: str,
        act: Callable[[DynamoTasks], object],
    ) -> None:
        faults.on(f"DynamoDB.{operation}", trouble, times=3)

        with pytest.raises(Unavailable):
            act(store)

    @pytest.mark.parametrize("size", [10, 200])
    def test_a_page_reads_as_much_of_a_large_table_as_of_a_small_one(
        self, store: DynamoTasks, faults: Faults, size: int
    ) -> None:
        for number in range(size):
            store.create(a_task(created_at=NOW + timedelta(seconds=number)))
        faults.clear()

        page = list(islice(store.newest([TaskStatus.PENDING], Window(chunk=5)), 5))

        assert len(page) == 5
        assert faults.operations.count("DynamoDB.Query") <= 2 * table_keys.SHARDS
        assert set(faults.operations) == {"DynamoDB.Query"}

    def test_a_window_that_ends_before_it_begins_is_never_asked_for(
        self, store: DynamoTasks, faults: Faults
    ) -> None:
        window = Window(since=NOW, until=NOW - timedelta(days=1))

        assert list(store.newest([TaskStatus.PENDING], window)) == []
        assert faults.calls == []  # DynamoDB would refuse it, moto would not

    def test_a_read_that_is_not_done_at_once_is_asked_for_again_after_a_pause(
        self, stack: Stack, tasks_table: Table, faults: Faults
    ) -> None:
        pauses: list[float] = []
        table = Table(client=stack.clients.dynamodb, name=tasks_table.name, sleep=pauses.append)
        store, task = DynamoTasks(table=table, clock=FakeClock()), a_task()
        store.create(task)
        faults.on("DynamoDB.BatchGetItem", unprocessed, times=3)

        assert store.batch_get([task.id]) == {task.id: task}
        assert len(pauses) == 3

    def test_a_read_that_is_never_done_is_unavailable_without_a_word_of_the_table(
        self, stack: Stack, tasks_table: Table, faults: Faults
    ) -> None:
        pauses: list[float] = []
        table = Table(client=stack.clients.dynamodb, name=tasks_table.name, sleep=pauses.append)
        faults.on("DynamoDB.BatchGetItem", unprocessed, times=100)

        with pytest.raises(Unavailable) as down:
            DynamoTasks(table=table, clock=FakeClock()).batch_get([a_task().id])

        assert down.value.reason == "the store did not answer in full"
        assert faults.count("DynamoDB.BatchGetItem") == 10
        assert 0 < sum(pauses) < 4


class TestDynamoNotifications(NotificationStoreContract):
    @pytest.fixture
    def store(self, tasks_table: Table) -> DynamoNotifications:
        return DynamoNotifications(table=tasks_table)


class TestDynamoDependents(DependentIndexContract):
    @pytest.fixture
    def index(self, tasks_table: Table) -> DynamoDependents:
        return DynamoDependents(table=tasks_table, clock=FakeClock())


class TestDynamoConcurrency(ConcurrencyStoreContract):
    @pytest.fixture
    def store(self, tasks_table: Table) -> DynamoConcurrency:
        return DynamoConcurrency(table=tasks_table, clock=FakeClock())


class TestDynamoAgenda(AgendaContract):
    @pytest.fixture
    def tasks(self, tasks_table: Table) -> DynamoTasks:
        return DynamoTasks(table=tasks_table, clock=FakeClock())

    @pytest.fixture
    def notes(self, tasks_table: Table) -> DynamoNotifications:
        return DynamoNotifications(table=tasks_table)

    @pytest.fixture
    def due_index(self, tasks_table: Table) -> DynamoDueIndex:
        return DynamoDueIndex(table=tasks_table)

    def test_an_agenda_costs_the_same_however_much_is_at_rest(
        self, tasks: DynamoTasks, due_index: DynamoDueIndex, faults: Faults
    ) -> None:
        for _ in range(150):
            tasks.create(a_task(created_at=NOW + timedelta(hours=1)))
        faults.clear()

        assert list(due_index.overdue(NOW)) == []
        assert faults.operations == ["DynamoDB.Query"] * table_keys.DUE_SHARDS


class TestDynamoHeldIndex(HeldIndexContract):
    @pytest.fixture
    def notes(self, tasks_table: Table) -> DynamoNotifications:
        return DynamoNotifications(table=tasks_table)

    @pytest.fixture
    def index(self, tasks_table: Table) -> DynamoHeldIndex:
        return DynamoHeldIndex(table=tasks_table)

    def test_a_minute_without_held_notifications_costs_a_query_for_each_shard(
        self, notes: DynamoNotifications, index: DynamoHeldIndex, faults: Faults
    ) -> None:
        for _ in range(20):
            notes.create(a_notification())
        faults.clear()

        assert list(index.connections()) == []
        assert faults.operations == ["DynamoDB.Query"] * table_keys.SHARDS


class TestDynamoDeliveries(DeliveryStoreContract):
    @pytest.fixture
    def store(self, stack: Stack, dynamodb: DynamoApi) -> DynamoDeliveries:
        return DynamoDeliveries(
            table=Table(client=dynamodb, name=stack.name("DeliveriesTable")),
            bucket=stack.name("BodiesBucket"),
            s3=lambda: stack.clients.s3,
        )

    def test_a_large_body_that_is_not_kept_is_deleted_from_the_bucket(
        self, store: DynamoDeliveries, stack: Stack
    ) -> None:
        first = a_deferred(keep_bodies=KeepBodies.NONE, size=400_000)
        ended = first.deferral.model_copy(update={"due_at": None})
        store.create(first, random.Random(1).randbytes(400_000))
        before = stack.clients.s3.list_objects_v2(Bucket=store.bucket)["KeyCount"]

        store.replace(first, first.model_copy(update={"version": 2, "deferral": ended}))

        after = stack.clients.s3.list_objects_v2(Bucket=store.bucket)["KeyCount"]
        assert before - after == 1

    @pytest.mark.parametrize("dictionary", [None, "bodies/slack.1", "bodies/github.1"])
    def test_a_body_of_any_age_can_be_read(
        self, store: DynamoDeliveries, dictionary: str | None
    ) -> None:
        delivery, body = a_delivery(), b'{"action": "created"}'
        store.create(delivery, b"{}")
        kept = store.table.get({"pk": {"S": delivery.id}})
        assert kept is not None
        older = {name: value for name, value in kept.items() if name != "dictionary"}
        named: Item = {"dictionary": {"S": dictionary}} if dictionary else {}
        store.table.put({**older, **named, "body": {"B": compress(body, dictionary)}})

        assert store.get_stored(delivery.id).body == body

    def test_reading_anew_whose_answer_was_lost_is_recognised(
        self, store: DynamoDeliveries, faults: Faults
    ) -> None:
        first = a_delivery()
        second = reinterpreted(first, first.model_copy(update={"notes": ("changed",)}))
        store.create(first, b"{}")
        faults.on("DynamoDB.UpdateItem", lost_answer)

        store.replace(first, second)

        assert store.get(first.id) == second

    def test_only_a_delivery_that_comes_again_costs_another_write(
        self, store: DynamoDeliveries, faults: Faults
    ) -> None:
        delivery = a_delivery()

        store.create(delivery, b"{}")
        first = list(faults.operations)
        store.create(delivery, b"{}")
        store.record_duplicate(delivery.id, NOW)

        assert first == ["DynamoDB.PutItem"]
        assert faults.operations[1:] == ["DynamoDB.PutItem", "DynamoDB.UpdateItem"]
