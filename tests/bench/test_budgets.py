"""The budgets that do not depend on the machine, kept in every run of the tests."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

from cli.cost_estimate import HEARTBEAT_USAGE, INDEX_PARTITION_UNITS
from cli.template import TEMPLATE
from signalbox.aws.table_keys import DUE_SHARDS, SHARDS, SOURCE_SHARDS
from signalbox.models.costs import (
    ACCESS_LOG_BYTES,
    ALARM_METRICS,
    PLATFORM_LOG_BYTES,
    POLLED_QUEUES,
    USAGE,
    VENDOR_ALARM_METRICS,
    CostItem,
)
from signalbox.models.prices import HTTP_API, INVOCATION, LOG_BYTE, READ_UNIT, SQS, WRITE_UNIT
from tests.bench import figures, life, recorded
from tests.bench.costs import PROVISIONED
from tests.bench.flatness import flatness
from tests.bench.life import LifeStep, RecordedLife
from tests.bench.partitions import partition_loads
from tests.bench.stub import Cloud
from tests.integration.aws import deployed
from tests.integration.template import template, translated


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with deployed() as stack:
        variables = stack.environment("ApiFunction")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_a_webhook_costs_one_call_for_its_task_and_one_for_its_delivery() -> None:
    table = figures.operations(5)

    assert table.missed == 0, table.rows


def test_every_item_is_one_write_unit_at_every_step_of_its_life() -> None:
    written = [item for step in one_life() for item in step.items]

    own = {(item.name, item.units) for item in written}
    assert own == {("task", 1), ("delivery", 1), ("notification", 1), ("rate limit", 1)}


def test_the_life_of_a_webhook_costs_no_more_write_units_than_it_did() -> None:
    units = defaultdict[str, float](float)
    for step in one_life():
        units[step.name] += step.write_units

    assert units == {
        "webhook": 5,
        "dispatch": 8,
        "notify": 6,
        "claim": 4,
        "heartbeat": 1,
        "complete": 3,
    }


def test_a_busy_worker_saves_a_request_and_no_write_of_a_task() -> None:
    separate = life.recorded_lives(life.BATCH, runs=4)
    busy = life.recorded_lives(life.BATCH, runs=4, busy=True)

    requests = [sum(step.requests for step in steps) for steps in (separate, busy)]
    units = {step.name: step.write_units for step in (*separate, *busy)}
    assert requests == [4, 2], "webhook, claim, heartbeat, complete; webhook, both at once"
    # what remains are the shares of the lots of requests
    assert 0 < units["claim"] + units["complete"] - units[life.COMPLETE_AND_CLAIM] < 0.5


def test_the_api_computes_costs_from_what_the_real_functions_take() -> None:
    taken = life.recorded_lives(life.BATCH, runs=4)
    ends = (CostItem.WEBHOOKS, CostItem.TASKS, CostItem.CLAIMS, CostItem.COMPLETIONS)
    usage = [USAGE[item] for item in (*ends, CostItem.NOTIFICATIONS, CostItem.NOTIFICATIONS)]

    billed = life.parts([step for step in taken if step.name != "heartbeat"])
    beats = life.parts([step for step in taken if step.name == "heartbeat"])

    def dollars(price: float, amounts: Iterable[float]) -> pytest.Approx[float]:
        return pytest.approx(price * sum(amounts), rel=0.1)

    assert billed["HTTP API"] == dollars(HTTP_API, (each.requests for each in usage))
    assert billed["Lambda, invocations"] == dollars(
        INVOCATION, (each.invocations for each in usage)
    )
    assert billed["DynamoDB, writes"] == dollars(WRITE_UNIT, (each.write_units for each in usage))
    assert billed["DynamoDB, reads"] == dollars(READ_UNIT, (each.reads for each in usage))
    assert billed["SQS"] == dollars(SQS, (each.queue_calls for each in usage))
    assert billed["Logs"] == dollars(LOG_BYTE, (each.all_log_bytes for each in usage))
    assert beats["HTTP API"] == dollars(HTTP_API, [HEARTBEAT_USAGE.requests])
    # the request that counts a lot of the worker's requests writes one unit more
    assert billed["DynamoDB, writes"] + beats["DynamoDB, writes"] == dollars(
        WRITE_UNIT, (each.write_units for each in (*usage, HEARTBEAT_USAGE))
    )
    assert beats["DynamoDB, reads"] == dollars(READ_UNIT, [HEARTBEAT_USAGE.reads])
    # one that comes soon after its claim hides no message for longer
    assert beats["SQS"] == 0 < HEARTBEAT_USAGE.queue_calls
    assert beats["Logs"] == dollars(LOG_BYTE, [HEARTBEAT_USAGE.all_log_bytes])


def test_what_aws_logs_is_counted_as_it_is_long() -> None:
    context = {
        "requestTime": "29/Nov/2026:09:17:31 +0000",
        "requestId": "KZ4bYh0xIAMEPrQ=",
        "identity.sourceIp": "140.82.115.12",
        "httpMethod": "POST",
        "routeKey": "POST /api/v1/webhooks/github",
        "status": "202",
        "responseLength": "95",
        "responseLatency": "18",
        "integrationErrorMessage": "-",
    }
    [api] = template().of_type("AWS::Serverless::HttpApi").values()
    settings = api["AccessLogSettings"]
    assert isinstance(settings, dict)
    line = str(settings["Format"])
    for name, value in context.items():
        line = line.replace(f"$context.{name}", value)
    request = "RequestId: 8286a188-ba32-4475-8077-530cd35c09a9"
    report = (
        f"REPORT {request}\tDuration: 15.51 ms\tBilled Duration: 16 ms\t"
        "Memory Size: 512 MB\tMax Memory Used: 78 MB\t\n"
    )
    lines = f"START {request} Version: $LATEST\nEND {request}\n{report}"

    assert "$" not in line
    assert len(line) == pytest.approx(ACCESS_LOG_BYTES, rel=0.05)
    assert len(lines) == pytest.approx(PLATFORM_LOG_BYTES, rel=0.05)


def test_provisioned_capacity_changes_what_the_units_of_tables_cost_and_nothing_else() -> None:
    steps = one_life()

    on_demand, provisioned = life.parts(steps), life.parts(steps, units=PROVISIONED)

    changed = {name for name, dollars in on_demand.items() if provisioned[name] != dollars}
    assert changed == {"DynamoDB, writes", "DynamoDB, reads"}
    for name in changed:
        assert provisioned[name] / on_demand[name] == pytest.approx(0.4127, abs=0.0001)


def test_the_api_computes_costs_from_the_alarms_and_queues_that_there_are() -> None:
    resources = json.loads(translated(TEMPLATE))["Resources"].values()
    of_type: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    watched: Counter[str | None] = Counter()
    for resource in resources:
        properties = resource["Properties"]
        of_type[resource["Type"]].append(properties)
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            metrics = sum("MetricStat" in part for part in properties.get("Metrics", ())) or 1
            watched[resource.get("Condition")] += metrics
    polled = {
        json.dumps(mapping["EventSourceArn"])
        for mapping in of_type["AWS::Lambda::EventSourceMapping"]
        if "StartingPosition" not in mapping
    }

    assert (watched.total(), len(polled)) == (ALARM_METRICS, POLLED_QUEUES)
    assert watched["HasVendorAlarms"] == VENDOR_ALARM_METRICS


def test_a_thousand_webhooks_a_second_need_no_more_than_most_of_a_partition() -> None:
    shards = {
        "TasksTable.due due": DUE_SHARDS,
        "TasksTable.notifications well": SHARDS,
        "DeliveriesTable.by_source github/default": SOURCE_SHARDS,
    } | {f"TasksTable.listing {status}": SHARDS for status in ("pending", "running", "succeeded")}
    units: defaultdict[str, float] = defaultdict(float)
    for load in partition_loads(lives=2, shared_by=1):
        units[load.key.rpartition("#")[0]] += load.units

    needed = {name: units[name] / number for name, number in shards.items()}

    assert all(0 < share <= INDEX_PARTITION_UNITS for share in needed.values()), needed


def test_a_page_of_a_list_costs_the_same_however_long_the_list_is() -> None:
    table = figures.lists()

    assert table.missed == 0, table.rows


def test_a_claim_maintenance_and_the_metrics_cost_the_same_however_many_tasks_there_are() -> None:
    table = flatness()

    assert table.missed == 0, table.rows


def test_nothing_that_is_counted_is_a_tenth_more_than_recorded() -> None:
    found = recorded.in_new_process()

    slower = recorded.worse(found, json.loads(recorded.RECORD.read_text()))

    assert not slower, "`make record` writes the figures anew, if a change has a reason for more"


def test_a_figure_that_is_more_than_a_tenth_over_the_record_is_named() -> None:
    known = {"calls": {"get": 10.0, "list": 10.0}, "of another Python": {"get": 1.0}}
    found = {"calls": {"get": 11.0, "list": 12.0, "new": 1.0}, "other": {"get": 9.0}}

    assert recorded.worse(found, known) == [
        "calls, list: 12, recorded 10",
        "calls, new: 1, recorded 0",
    ]


def one_life() -> list[LifeStep]:
    with Cloud().instead_of_aws() as cloud:
        return list(RecordedLife(cloud).steps())
