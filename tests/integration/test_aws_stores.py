"""The stores over DynamoDB, SQS, SSM and S3 keep the promises of the ports, and cost little."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice

import pytest
from aws_lambda_powertools.utilities.parameters import SSMProvider

from signalbox.aws.config import DynamoConfig, DynamoKeys
from signalbox.aws.deliveries import DynamoDeliveries
from signalbox.aws.dynamo import Table
from signalbox.aws.queues import QueueUrls, SqsNotices, SqsTasks
from signalbox.aws.secrets import SsmSecrets
from signalbox.aws.tasks import DynamoAgenda, DynamoNotifications, DynamoTasks
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.task import Priority, TaskStatus, cancelled
from signalbox.services.ports import Window
from tests.builders import NOW, a_notification, a_source, a_task, held
from tests.contract.queues import TaskQueueContract
from tests.contract.settings import (
    NAME,
    ConfigStoreContract,
    KeyStoreContract,
    PutSecrets,
    PutThing,
    SecretStoreContract,
)
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
    partly_failed,
    throttled,
    unreachable,
)

DOWN = pytest.mark.parametrize("trouble", [throttled, broken, unreachable])


@pytest.fixture
def faults(stack: Stack) -> Iterator[Faults]:
    del stack
    with Faults().installed() as faults, faults.watching():
        yield faults


@pytest.fixture
def tasks_table(stack: Stack) -> Table:
    return Table(client=stack.clients.dynamodb, name=stack.name("TasksTable"))


@pytest.fixture
def config_table(stack: Stack) -> Table:
    return Table(client=stack.clients.dynamodb, name=stack.name("ConfigTable"))


class TestDynamoTasks(TaskStoreContract):
    @pytest.fixture
    def store(self, tasks_table: Table) -> DynamoTasks:
        return DynamoTasks(table=tasks_table)

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
        assert faults.operations.count("DynamoDB.Query") <= 4
        assert set(faults.operations) == {"DynamoDB.Query"}


class TestDynamoNotifications(NotificationStoreContract):
    @pytest.fixture
    def store(self, tasks_table: Table) -> DynamoNotifications:
        return DynamoNotifications(table=tasks_table)


class TestDynamoAgenda(AgendaContract):
    @pytest.fixture
    def tasks(self, tasks_table: Table) -> DynamoTasks:
        return DynamoTasks(table=tasks_table)

    @pytest.fixture
    def notes(self, tasks_table: Table) -> DynamoNotifications:
        return DynamoNotifications(table=tasks_table)

    @pytest.fixture
    def agenda(self, tasks_table: Table) -> DynamoAgenda:
        return DynamoAgenda(table=tasks_table)

    def test_an_agenda_costs_the_same_however_much_is_at_rest(
        self, tasks: DynamoTasks, agenda: DynamoAgenda, faults: Faults
    ) -> None:
        for _ in range(150):
            tasks.create(a_task(created_at=NOW + timedelta(hours=1)))
        faults.clear()

        assert list(agenda.overdue(NOW)) == []
        assert faults.operations == ["DynamoDB.Query"] * 2


class TestDynamoDeliveries(DeliveryStoreContract):
    @pytest.fixture
    def store(self, stack: Stack) -> DynamoDeliveries:
        return DynamoDeliveries(
            table=Table(client=stack.clients.dynamodb, name=stack.name("DeliveriesTable")),
            bucket=stack.name("BodiesBucket"),
            s3=stack.clients.s3,
        )


class TestDynamoConfig(ConfigStoreContract):
    @pytest.fixture
    def store(self, config_table: Table, clock: FakeClock) -> DynamoConfig:
        return DynamoConfig(table=config_table, clock=clock)

    @pytest.fixture
    def put(self, store: DynamoConfig) -> PutThing:
        return store.put

    def test_what_was_read_is_remembered_for_half_a_minute(
        self, store: DynamoConfig, config_table: Table, clock: FakeClock, faults: Faults
    ) -> None:
        store.sources()
        DynamoConfig(table=config_table, clock=clock).put(a_source())
        faults.clear()
        clock.advance(seconds=29)
        remembered = list(store.sources())
        clock.advance(seconds=2)

        assert remembered == []
        assert list(store.sources()) == [a_source()]
        assert faults.operations == ["DynamoDB.Query"]

    def test_what_was_removed_is_gone(self, store: DynamoConfig) -> None:
        store.put(a_source())

        store.remove(a_source())

        assert list(store.sources()) == []


class TestDynamoKeys(KeyStoreContract):
    @pytest.fixture
    def store(self, config_table: Table) -> DynamoKeys:
        return DynamoKeys(table=config_table)


class TestSsmSecrets(SecretStoreContract):
    @pytest.fixture
    def store(self, stack: Stack, clock: FakeClock) -> SsmSecrets:
        return _secrets(stack, clock)

    @pytest.fixture
    def put(self, stack: Stack, clock: FakeClock) -> PutSecrets:
        return _secrets(stack, clock).put

    def test_secrets_are_kept_encrypted_under_the_prefix_of_the_stack(
        self, stack: Stack, put: PutSecrets
    ) -> None:
        put(NAME, ["new", "old"])

        kept = stack.clients.ssm.get_parameter(Name=f"/signalbox/test/{NAME}")["Parameter"]

        assert kept["Type"] == "SecureString"

    def test_secrets_that_are_there_are_not_overwritten_by_new_ones(
        self, store: SsmSecrets
    ) -> None:
        assert store.put_new(NAME, ["first"])
        assert not store.put_new(NAME, ["second"])

        assert list(store.secrets(NAME)) == ["first"]

    def test_what_was_read_serves_for_an_hour_while_the_parameter_store_is_down(
        self, store: SsmSecrets, put: PutSecrets, clock: FakeClock, faults: Faults
    ) -> None:
        put(NAME, ["known"])
        store.secrets(NAME)
        faults.on("SSM.GetParameter", broken, times=1_000)
        clock.advance(timedelta(minutes=59))
        served = list(store.refreshed(NAME))
        clock.advance(timedelta(minutes=2))

        assert served == ["known"]
        with pytest.raises(Unavailable):
            store.refreshed(NAME)

    @DOWN
    def test_secrets_nobody_has_read_are_unavailable_while_the_parameter_store_is_down(
        self, store: SsmSecrets, put: PutSecrets, faults: Faults, trouble: Action
    ) -> None:
        put(NAME, ["unknown"])
        faults.on("SSM.GetParameter", trouble, times=3)

        with pytest.raises(Unavailable):
            store.secrets(NAME)

    @pytest.mark.parametrize("odd", ["plain", '{"a": 1}', "[1]", '"text"', "null"])
    def test_a_parameter_that_is_no_list_of_texts_is_unavailable(
        self, stack: Stack, store: SsmSecrets, odd: str
    ) -> None:
        stack.clients.ssm.put_parameter(
            Name=f"/signalbox/test/{NAME}", Value=odd, Type="SecureString"
        )

        with pytest.raises(Unavailable):
            store.secrets(NAME)


class TestSqsTasks(TaskQueueContract):
    @pytest.fixture
    def queue(self, stack: Stack) -> SqsTasks:
        urls = {
            priority: QueueUrls(
                queue=stack.name(f"{priority.value.title()}Queue"),
                dead_letters=stack.name(f"{priority.value.title()}DeadLetters"),
            )
            for priority in Priority
        }
        return SqsTasks(sqs=stack.clients.sqs, urls=urls)

    def test_a_batch_taken_in_part_is_unavailable(self, queue: SqsTasks, faults: Faults) -> None:
        faults.on("SQS.SendMessageBatch", partly_failed)

        with pytest.raises(Unavailable):
            queue.send(Priority.LOW, [a_task().id for _ in range(3)])

    def test_a_message_that_is_none_of_ours_is_left_to_the_dead_letters(
        self, stack: Stack, queue: SqsTasks
    ) -> None:
        task = a_task().id
        stack.clients.sqs.send_message(QueueUrl=stack.name("LowQueue"), MessageBody="nonsense")
        queue.send(Priority.LOW, [task])

        received = [queue.receive(Priority.LOW, hidden=30, wait=0) for _ in range(2)]

        assert [each.task for each in received if each] == [task]

    def test_hiding_for_longer_than_sqs_allows_is_no_matter(
        self, queue: SqsTasks, clock: FakeClock
    ) -> None:
        queue.send(Priority.LOW, [a_task().id])
        message = queue.receive(Priority.LOW, hidden=43_200, wait=0)
        clock.advance(timedelta(hours=11))

        assert message
        queue.hide(Priority.LOW, message.receipt, 43_200)

    def test_a_wait_ends_in_vain_when_its_time_is_up(
        self, queue: SqsTasks, clock: FakeClock
    ) -> None:
        assert queue.receive(Priority.LOW, hidden=30, wait=20) is None
        assert clock() - NOW >= timedelta(seconds=20)

    @DOWN
    @pytest.mark.parametrize(
        ("operation", "act"),
        [
            ("SendMessageBatch", lambda queue: queue.send(Priority.LOW, [a_task().id])),
            ("ReceiveMessage", lambda queue: queue.receive(Priority.LOW, hidden=1, wait=0)),
            ("ChangeMessageVisibility", lambda queue: queue.hide(Priority.LOW, "receipt", 1)),
            ("DeleteMessage", lambda queue: queue.delete(Priority.LOW, "receipt")),
            ("GetQueueAttributes", lambda queue: queue.depths()),
        ],
    )
    def test_a_queue_that_is_down_is_unavailable(
        self,
        queue: SqsTasks,
        faults: Faults,
        trouble: Action,
        operation: str,
        act: Callable[[SqsTasks], object],
    ) -> None:
        faults.on(f"SQS.{operation}", trouble, times=3)

        with pytest.raises(Unavailable):
            act(queue)


def test_a_notice_goes_to_the_queue_of_its_connector(stack: Stack) -> None:
    note = a_notification()
    notices = SqsNotices(sqs=stack.clients.sqs, urls={"slack": stack.name("SlackQueue")})

    notices.send("slack", note)

    (message,) = stack.clients.sqs.receive_message(QueueUrl=stack.name("SlackQueue"))["Messages"]
    assert note.id in message["Body"]
    assert note.change.data.title not in message["Body"]


def test_a_connector_without_a_queue_is_unavailable(stack: Stack) -> None:
    notices = SqsNotices(sqs=stack.clients.sqs, urls={})

    assert not notices.serves("slack")
    with pytest.raises(Unavailable):
        notices.send("slack", a_notification())


def _secrets(stack: Stack, clock: FakeClock) -> SsmSecrets:
    provider = SSMProvider(boto3_client=stack.clients.ssm)
    return SsmSecrets(provider=provider, prefix="/signalbox/test", clock=clock)
