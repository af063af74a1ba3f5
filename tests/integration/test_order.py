"""The order of notifications over DynamoDB."""

import pytest

from signalbox.aws.dynamo_table import Table
from signalbox.aws.notifications import DynamoNotifications
from signalbox.aws.sequences import DynamoSequences
from signalbox.models.delivery_policy import DeliveryOrder
from signalbox.models.errors import Unavailable
from signalbox.services.notifications.order import NotificationOrder
from signalbox.services.notifications.wait_in_order import WaitInOrder
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from tests.builders import a_connection, a_subscription, a_task, done
from tests.contract.sequences import ENTRY, TEAM, SequenceStoreContract
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.delivery import a_delivery
from tests.fakes.edges import FakeConnector
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeTaskStore
from tests.integration.aws import Stack
from tests.integration.faults import Faults, throttled


@pytest.fixture
def table(stack: Stack) -> Table:
    return Table(client=stack.clients.dynamodb, name=stack.name("StateTable"))


class TestDynamoSequences(SequenceStoreContract):
    @pytest.fixture
    def store(self, table: Table, clock: FakeClock) -> DynamoSequences:
        return DynamoSequences(table=table, clock=clock)

    def test_without_an_answer_no_position_is_given(
        self, store: DynamoSequences, faults: Faults
    ) -> None:
        faults.on("DynamoDB.UpdateItem", throttled, times=10)

        with pytest.raises(Unavailable):
            store.append(TEAM, ENTRY)


@pytest.mark.parametrize("order", [DeliveryOrder.TASK, DeliveryOrder.CONNECTION])
def test_messages_that_arrive_the_wrong_way_round_are_sent_in_order(
    order: DeliveryOrder, stack: Stack, table: Table, clock: FakeClock
) -> None:
    tasks = Table(client=stack.clients.dynamodb, name=stack.name("TasksTable"))
    notifications = DynamoNotifications(table=tasks)
    queue, connector = FakeNotices("slack"), FakeConnector(name="slack")
    config = FakeConfigStore(a_connection(order=order), a_subscription())
    places = NotificationOrder(
        notifications=notifications,
        sequences=DynamoSequences(table=table, clock=clock),
        clock=clock,
    )
    dispatch = DispatchChanges(
        tasks=FakeTaskStore(),
        queue=FakeTaskQueue(clock),
        clock=clock,
        notify=NotifyChanges(
            notifications=notifications,
            notification_queue=queue,
            config=config,
            stack="test",
            order=places,
            clock=clock,
        ),
    )
    deliver = a_delivery(
        connector=connector,
        notifications=notifications,
        config=config,
        clock=clock,
        order=WaitInOrder(order=places, notifications=notifications, clock=clock),
    )
    finished = done(a_task())
    dispatch(finished, [finished.last_step])
    messages = [note for _, note in queue.sent]

    for note in [*reversed(messages)] * len(messages):
        deliver(note.task_id, note.id)

    assert [sent.id for sent, _, _ in connector.sent] == [note.id for note in messages]
    assert len(messages) == 3
