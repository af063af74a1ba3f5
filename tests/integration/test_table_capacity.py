"""The tables of the template with provisioned capacity, and what scales it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws
from pydantic import JsonValue

from tests.bench.costs import UTILIZATION
from tests.integration.aws import STACK, Stack, make_tables
from tests.integration.template import REGION, Alarm, resolved, template

BUSY: Final = frozenset({"TasksTable", "DeliveriesTable", "StateTable"})
TARGET: Final = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY: Final = "AWS::ApplicationAutoScaling::ScalingPolicy"
TABLE_QUOTA: Final = 40_000
"""Units of a table with its indexes that an account has in each region by default.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
"""
ACCOUNT_QUOTA: Final = 80_000


@pytest.fixture
def provisioned() -> Iterator[dict[str, JsonValue]]:
    """Tables with provisioned capacity in moto, and their names."""
    given: dict[str, JsonValue] = {"AWS::StackName": STACK, "TableCapacity": "PROVISIONED"}
    with mock_aws():
        names = template().values(**given, MinTableCapacity=7, MaxTableCapacity=2_000)
        make_tables(template(), names)
        yield names


def _described(names: dict[str, JsonValue], logical: str) -> dict[str, Any]:
    client = boto3.client("dynamodb", region_name=REGION)
    table: dict[str, Any] = {**client.describe_table(TableName=str(names[logical]))["Table"]}
    return table


def _resolved(type_: str, names: dict[str, JsonValue]) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type, by logical name."""
    return {
        name: {**properties}
        for name, raw in template().of_type(type_).items()
        if isinstance(properties := resolved(raw, names), dict)
    }


def test_every_table_is_billed_by_request_if_nothing_else_is_said(stack: Stack) -> None:
    for logical in template().of_type("AWS::DynamoDB::Table"):
        table = stack.clients.dynamodb.describe_table(TableName=stack.name(logical))["Table"]

        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_nothing_scales_a_table_that_is_billed_by_request() -> None:
    conditions = {
        resource.condition
        for resource in template().resources.values()
        if resource.type in {TARGET, POLICY}
    }

    assert conditions == {"IsProvisioned"}


def test_the_busy_tables_and_each_of_their_indexes_begin_with_the_same_units(
    provisioned: dict[str, JsonValue],
) -> None:
    for logical in template().of_type("AWS::DynamoDB::Table"):
        table = _described(provisioned, logical)
        parts = [table, *table.get("GlobalSecondaryIndexes", ())]
        units = {
            part["ProvisionedThroughput"][f"{unit}CapacityUnits"]
            for part in parts
            for unit in ("Read", "Write")
        }

        assert units == ({7} if logical in BUSY else {0})


def test_reads_and_writes_of_the_busy_tables_and_their_indexes_are_scaled(
    provisioned: dict[str, JsonValue],
) -> None:
    client = boto3.client("application-autoscaling", region_name=REGION)
    targets = _resolved(TARGET, provisioned)
    for properties in targets.values():
        client.register_scalable_target(**properties)
    for name, properties in _resolved(POLICY, provisioned).items():
        reference = template().resources[name].properties["ScalingTargetId"]
        assert isinstance(reference, dict)
        target = targets[str(reference["Ref"])]
        of_target = {key: target[key] for key in ("ResourceId", "ScalableDimension")}
        properties.pop("ScalingTargetId")
        client.put_scaling_policy(ServiceNamespace="dynamodb", **of_target, **properties)

    scaled = client.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    policies = client.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]

    assert {(each["ResourceId"], each["ScalableDimension"]) for each in scaled} == {
        (f"{table}{index}", f"dynamodb:{'index' if index else 'table'}:{unit}CapacityUnits")
        for table, index in _tables_and_indexes(provisioned)
        for unit in ("Read", "Write")
    }
    assert {(each["MinCapacity"], each["MaxCapacity"]) for each in scaled} == {(7, 2_000)}
    assert len(policies) == len(scaled)
    for policy in policies:
        unit = "Read" if "Read" in policy["ScalableDimension"] else "Write"
        assert policy["TargetTrackingScalingPolicyConfiguration"] == {
            "TargetValue": 100 * UTILIZATION,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": f"DynamoDB{unit}CapacityUtilization"
            },
        }


def _tables_and_indexes(names: dict[str, JsonValue]) -> Iterator[tuple[str, str]]:
    for logical in BUSY:
        table = _described(names, logical)
        yield f"table/{table['TableName']}", ""
        for index in table.get("GlobalSecondaryIndexes", ()):
            yield f"table/{table['TableName']}", f"/index/{index['IndexName']}"


def test_an_alarm_watches_the_throttled_requests_of_each_busy_table() -> None:
    watched = {
        (metric.metric.metric_name, str(metric.metric.dimensions[0].value))
        for properties in template().of_type("AWS::CloudWatch::Alarm").values()
        for metric in Alarm.of({**properties}).watched
        if metric.metric.namespace == "AWS/DynamoDB"
    }

    assert watched == {("ThrottledRequests", str({"Ref": table})) for table in BUSY}


def test_the_least_capacity_is_never_above_the_most() -> None:
    least, most = (template().parameters[f"{name}TableCapacity"] for name in ("Min", "Max"))

    assert least.max_value == most.min_value


def test_the_most_capacity_fits_into_the_default_quotas() -> None:
    most = template().parameters["MaxTableCapacity"]
    names = template().values(**{name: name for name in BUSY})
    parts = Counter(
        str(target["ResourceId"]).split("/")[1]
        for target in _resolved(TARGET, names).values()
        if "Write" in str(target["ScalableDimension"])
    )

    assert most.max_value
    assert max(parts.values()) * most.max_value <= TABLE_QUOTA
    assert parts.total() * int(str(most.default)) <= ACCOUNT_QUOTA
