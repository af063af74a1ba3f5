"""Faults that are survived by how the tables and queues are made, and the restore of tables."""

from collections import Counter

from signalbox.aws.table_keys import SHARDS, shard_of
from signalbox.models.ids import task_id
from signalbox.models.task import TaskStatus
from tests.faults.conftest import Record
from tests.integration.aws import Stack
from tests.integration.installation import installed
from tests.integration.slack import FakeSlack

TABLES = ("TasksTable", "DeliveriesTable", "ConfigTable", "StateTable")


def test_tables_that_were_restored_go_on_where_the_old_ones_were(
    slack: FakeSlack, record_property: Record
) -> None:
    with installed(slack) as lost:
        lost.comment("/agent one", delivery="d-1")
        lost.live()
        lost.comment("/agent two", delivery="d-2")
        items = {
            name: lost.stack.clients.dynamodb.scan(TableName=lost.stack.name(name))["Items"]
            for name in TABLES
        }
    with installed(slack) as box:
        for name in TABLES:
            for item in items[name]:
                box.stack.clients.dynamodb.put_item(TableName=box.stack.name(name), Item=item)
        box.drive(stream=False)
        again = [
            box.comment("/agent one", delivery="d-1"),
            box.comment("/agent two", delivery="d-2"),
        ]
        box.live()
        tasks, notes = box.records

    assert again == [True, True]
    assert [task.status for task in tasks] == [TaskStatus.SUCCEEDED] * 2
    assert sorted(note.status for note in notes) == ["delivered"] * 2
    record_property("happened", "no stream and no messages: both webhooks sent again, 2 tasks")


def test_a_message_stays_hidden_for_six_times_as_long_as_its_function_may_run(
    stack: Stack,
) -> None:
    hidden = {}
    for function in stack.template.of_type("AWS::Serverless::Function"):
        for mapping in stack.queue_mappings(function):
            url = stack.clients.sqs.get_queue_url(QueueName=mapping.queue.rpartition(":")[2])
            found = stack.clients.sqs.get_queue_attributes(
                QueueUrl=url["QueueUrl"], AttributeNames=["VisibilityTimeout"]
            )
            seconds = int(found["Attributes"]["VisibilityTimeout"])
            hidden[mapping.queue] = seconds / stack.timeout(function)

    assert hidden
    assert {queue: factor for queue, factor in hidden.items() if factor < 6} == {}


def test_items_are_spread_evenly_over_the_partitions_of_an_index() -> None:
    shards = Counter(shard_of(task_id("one source", str(number))) for number in range(10_000))

    assert len(shards) == SHARDS
    assert max(shards.values()) < 10_000 / SHARDS * 1.25
