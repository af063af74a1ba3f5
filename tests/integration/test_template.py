"""The stack of the tests is the stack of the template."""

from signalbox.models.task import Priority
from tests.integration.aws import STACK, Stack


def test_every_table_has_its_indexes_and_the_tasks_have_a_stream(stack: Stack) -> None:
    table = stack.clients.dynamodb.describe_table(TableName=stack.name("TasksTable"))["Table"]

    assert {"listing", "due"} <= {index["IndexName"] for index in table["GlobalSecondaryIndexes"]}
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_every_queue_gives_up_to_its_own_dead_letters(stack: Stack) -> None:
    for priority in Priority:
        logical = f"{priority.value.title()}Queue"
        attributes = stack.clients.sqs.get_queue_attributes(
            QueueUrl=stack.name(logical), AttributeNames=["RedrivePolicy"]
        )["Attributes"]

        assert f"{priority.value.title()}DeadLetters" in attributes["RedrivePolicy"]


def test_a_function_finds_its_tables_and_queues_in_its_environment(stack: Stack) -> None:
    environment = stack.environment("DispatcherFunction")

    assert environment["SIGNALBOX_STACK"] == STACK
    assert environment["SIGNALBOX_TASKS_TABLE"] == stack.name("TasksTable")
    assert environment["SIGNALBOX_QUEUE_HIGH"] == stack.name("HighQueue")


def test_the_dispatcher_is_called_by_the_stream_of_tasks(stack: Stack) -> None:
    (mapping,) = stack.stream_mappings("DispatcherFunction")

    assert mapping.stream == stack.name("TasksTable.StreamArn")
    assert mapping.bisect_batch_on_function_error
    assert mapping.destination_config
    assert mapping.destination_config.on_failure.destination == stack.name(
        "DispatcherDeadLetters.Arn"
    )


def test_the_slack_connector_is_called_by_its_queue(stack: Stack) -> None:
    (mapping,) = stack.queue_mappings("SlackConnectorFunction")

    assert mapping.queue == stack.name("SlackQueue.Arn")
    assert mapping.function_response_types == ("ReportBatchItemFailures",)
