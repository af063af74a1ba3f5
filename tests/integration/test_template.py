"""The stack of the tests is the stack of the template."""

import re
from datetime import timedelta
from typing import Any, Final

import pytest

from signalbox.models.deferral import ATTEMPT_LEASE
from signalbox.models.task import Priority
from signalbox.runtime.registry import connector_names, providers
from signalbox.runtime.settings import Settings
from tests.integration.aws import STACK, Stack
from tests.integration.template import Alarm, resolved, template

ALARMS: Final = template().of_type("AWS::CloudWatch::Alarm")
_OF_ALL_PROVIDERS: Final = (
    "RedeliveryFunction",
    "ApiFunction",
    "DeferredFunction",
    "DispatcherFunction",
    "MaintenanceFunction",
)


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


@pytest.mark.parametrize("function", template().of_type("AWS::Serverless::Function"))
def test_the_variables_of_a_function_are_far_from_what_lambda_takes(
    stack: Stack, function: str
) -> None:
    size = sum(len(f"{name}{value}") for name, value in stack.environment(function).items())

    assert size < 4_096 / 1.5


@pytest.mark.parametrize("connector", connector_names())
def test_the_queue_of_a_connector_is_where_functions_look_for_it(
    stack: Stack, connector: str
) -> None:
    settings = Settings.model_validate(stack.environment("DispatcherFunction"))

    assert settings.connector_queue(connector) == stack.name(f"{connector}Queue")


def test_the_function_of_deferred_deliveries_is_called_by_their_stream_and_every_minute(
    stack: Stack,
) -> None:
    (mapping,) = stack.stream_mappings("DeferredFunction")
    schedules = [event for event in _events("DeferredFunction") if event["Type"] == "Schedule"]

    assert mapping.stream == stack.name("DeliveriesTable.StreamArn")
    assert [event["Properties"]["Schedule"] for event in schedules] == ["rate(1 minute)"]
    assert timedelta(seconds=stack.timeout("DeferredFunction")) < ATTEMPT_LEASE


def test_the_dispatcher_is_called_by_the_stream_of_tasks(stack: Stack) -> None:
    (mapping,) = stack.stream_mappings("DispatcherFunction")

    assert mapping.stream == stack.name("TasksTable.StreamArn")
    assert mapping.bisect_batch_on_function_error
    assert mapping.destination_config
    assert mapping.destination_config.on_failure.destination == stack.name(
        "DispatcherDeadLetters.Arn"
    )


def test_the_slack_connector_is_called_by_its_queue(stack: Stack) -> None:
    (mapping,) = stack.queue_mappings("slackConnectorFunction")

    assert mapping.queue == stack.name("slackQueue.Arn")
    assert mapping.function_response_types == ("ReportBatchItemFailures",)
    assert mapping.scaling_config
    assert mapping.scaling_config.maximum_concurrency == 2


def test_every_queue_for_dead_letters_of_another_queue_is_read(stack: Stack) -> None:
    policies = [
        queue["RedrivePolicy"]
        for queue in template().of_type("AWS::SQS::Queue").values()
        if "RedrivePolicy" in queue
    ]
    targets = {
        str(policy["deadLetterTargetArn"])
        for policy in (resolved(policy, stack.names) for policy in policies)
        if isinstance(policy, dict)
    }

    mappings = stack.queue_mappings("DeadLettersFunction")

    assert len(targets) == len(Priority) + len(connector_names())
    assert {mapping.queue for mapping in mappings} == targets
    assert {mapping.function_response_types for mapping in mappings} == {
        ("ReportBatchItemFailures",)
    }


def test_maintenance_is_called_every_minute() -> None:
    (event,) = _events("MaintenanceFunction")

    assert event["Type"] == "Schedule"
    assert event["Properties"]["Schedule"] == "rate(1 minute)"


def test_missed_webhooks_are_requested_every_five_minutes_and_runs_do_not_overlap(
    stack: Stack,
) -> None:
    (event,) = _events("RedeliveryFunction")

    assert event["Type"] == "Schedule"
    assert event["Properties"]["Schedule"] == "rate(5 minutes)"
    assert stack.timeout("RedeliveryFunction") < 300


def test_a_function_reads_the_tokens_of_its_provider_and_few_those_of_all(stack: Stack) -> None:
    readers = {
        function: resource.partition("/tokens/")[2]
        for function in template().of_type("AWS::Serverless::Function")
        for statement in stack.statements(function)
        if "ssm:GetParameter" in statement.action
        for resource in statement.resource
        if "/tokens/" in resource
    }

    webhooks = {f"{name}WebhookFunction": f"{name}/*" for name in providers()}
    connectors = {f"{name}ConnectorFunction": f"{name}/*" for name in connector_names()}
    assert readers == dict.fromkeys(_OF_ALL_PROVIDERS, "*") | webhooks | connectors


def test_the_function_that_requests_missed_webhooks_reads_no_other_secret(stack: Stack) -> None:
    secrets = [
        resource.partition(":parameter/")[2]
        for statement in stack.statements("RedeliveryFunction")
        if "ssm:GetParameter" in statement.action
        for resource in statement.resource
        if ":parameter/" in resource
    ]

    assert secrets == [f"signalbox/{STACK}/tokens/*", f"signalbox/{STACK}/telemetry/headers"]


def test_every_table_but_the_audit_log_forgets_by_the_attribute_that_is_written() -> None:
    tables = template().of_type("AWS::DynamoDB::Table")

    forgetting = {
        name: properties["TimeToLiveSpecification"]
        for name, properties in tables.items()
        if "TimeToLiveSpecification" in properties
    }

    ttl = {"AttributeName": "ttl", "Enabled": True}
    assert forgetting == dict.fromkeys(tables.keys() - {"AuditTable"}, ttl)


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_rings_above_its_threshold_and_is_silent_without_data(name: str) -> None:
    alarm = Alarm.of(ALARMS[name])

    assert alarm.comparison_operator == "GreaterThanThreshold"
    assert alarm.treat_missing_data == "notBreaching"


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_adds_up_what_is_counted_and_takes_the_most_of_what_is_measured(
    name: str,
) -> None:
    alarm = Alarm.of(ALARMS[name])

    for watched in alarm.watched:
        measured = re.search("Age|Visible", watched.metric.metric_name)
        share = watched.metric.metric_name == "WebhooksFailed"  # 0 or 1 for each request
        assert watched.stat == ("Maximum" if measured else "Average" if share else "Sum")


@pytest.mark.parametrize("name", [name for name in ALARMS if "Metrics" in ALARMS[name]])
def test_an_alarm_of_several_metrics_rings_for_their_sum(name: str) -> None:
    metrics = Alarm.of(ALARMS[name]).metrics

    (total,) = (each for each in metrics if each.return_data)
    parts = ", ".join(f"FILL({each.id}, 0)" for each in metrics if each.metric_stat)
    assert total.expression == f"SUM([{parts}])"


@pytest.mark.parametrize(
    ("runtime", "taken"),
    [
        ("python3.9", False),
        ("python3.10", False),
        ("python3.11", True),
        ("python3.13", True),
        ("python3.20", True),
        ("nodejs22.x", False),
    ],
)
def test_functions_run_on_the_least_python_or_a_newer_one(runtime: str, *, taken: bool) -> None:
    pattern = template().parameters["PythonRuntime"].allowed_pattern

    assert bool(re.fullmatch(pattern, runtime)) is taken


def _events(function: str) -> list[Any]:
    events = template().resources[function].properties["Events"]
    assert isinstance(events, dict)
    return list(events.values())
