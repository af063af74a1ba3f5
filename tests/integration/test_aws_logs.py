from collections.abc import Iterator

import pytest

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table
from signalbox.aws.logs import DynamoLogs
from signalbox.aws.notifications import DynamoNotifications
from signalbox.aws.tasks import DynamoTasks
from signalbox.models.errors import Unavailable
from signalbox.models.ids import TaskId
from signalbox.models.log import BATCH_BYTES, BATCH_LINES, LINE_LENGTH, Batch, next_chunk
from tests.builders import NOW, a_notification, a_task
from tests.contract.logs import LogStoreContract, a_chunk
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.faults import Action, Faults, broken, lost_answer, throttled, unreachable


@pytest.fixture
def faults(stack: Stack) -> Iterator[Faults]:
    del stack
    with Faults().installed() as faults, faults.watching():
        yield faults


@pytest.fixture
def table(stack: Stack) -> Table:
    return Table(client=stack.clients.dynamodb, name=stack.name("TasksTable"))


class TestDynamoLogs(LogStoreContract):
    @pytest.fixture
    def store(self, table: Table) -> DynamoLogs:
        return DynamoLogs(table=table)

    def test_a_chunk_whose_answer_was_lost_is_recognised(
        self, store: DynamoLogs, faults: Faults
    ) -> None:
        task = a_task().id
        faults.on("DynamoDB.PutItem", lost_answer)

        assert store.add(task, a_chunk(), None)
        assert not store.add(task, a_chunk(), None)

    @pytest.mark.parametrize("trouble", [throttled, broken, unreachable])
    def test_a_table_that_is_down_is_unavailable(
        self, store: DynamoLogs, faults: Faults, trouble: Action
    ) -> None:
        faults.on("DynamoDB.Query", trouble, times=3)

        with pytest.raises(Unavailable):
            store.last(TaskId("tsk_one"))

    def test_chunks_are_forgotten_in_time_or_never(self, store: DynamoLogs, table: Table) -> None:
        task = a_task().id
        store.add(task, a_chunk(), NOW)
        store.add(task, a_chunk(first=4), None)

        items = [
            table.get(
                {"pk": {"S": table_keys.task_pk(task)}, "sk": {"S": table_keys.log_sk(place)}}
            )
            for place in (1, 4)
        ]

        assert [item and item.get("ttl") for item in items] == [
            {"N": str(int(NOW.timestamp()))},
            None,
        ]

    def test_logs_tasks_and_notifications_do_not_meet(
        self, store: DynamoLogs, table: Table
    ) -> None:
        task = a_task()
        note = a_notification(task)
        DynamoTasks(table=table, clock=FakeClock()).create(task)
        DynamoNotifications(table=table).create(note)
        store.add(task.id, a_chunk(), None)

        assert DynamoTasks(table=table, clock=FakeClock()).get(task.id) == task
        assert list(DynamoNotifications(table=table).of_task(task.id)) == [note]
        assert list(store.after(task.id, 0)) == [a_chunk()]

    @pytest.mark.parametrize("sign", ["x", "\x1b", '"', "é", "漢", "🚦"])
    def test_the_largest_batch_fits_into_an_item(self, store: DynamoLogs, sign: str) -> None:
        line = sign * min(LINE_LENGTH, BATCH_BYTES // BATCH_LINES // len(sign.encode()))
        lines = (line,) * BATCH_LINES
        chunk = next_chunk(None, Batch(seq=1, attempt=1, fence=1, lines=lines), NOW)
        assert chunk

        store.add(TaskId("tsk_one"), chunk, None)

        assert len(chunk.model_dump_json().encode()) < 400_000
        assert store.last(TaskId("tsk_one")) == chunk

    def test_polling_the_end_of_a_long_log_reads_one_page(
        self, store: DynamoLogs, faults: Faults
    ) -> None:
        task = a_task().id
        for first in range(1, 60):
            store.add(task, a_chunk(first=first, count=1), None)
        faults.clear()

        assert list(store.after(task, 59)) == []
        assert faults.operations == ["DynamoDB.Query"]
