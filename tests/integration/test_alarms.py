"""What an alarm on a metric of ours listens for is what the functions really say."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
from pydantic import JsonValue

from signalbox.models.task import ChangeType
from signalbox.runtime.registry import connector_names, providers
from tests.builders import a_connection
from tests.fakes.context import FakeContext
from tests.functions.system import event
from tests.integration.aws import Stack
from tests.integration.faults import Call, Send, unreachable
from tests.integration.installation import Installation
from tests.integration.operators import Operators
from tests.integration.template import Alarm, resolved

Heard = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions of a metric; to CloudWatch other dimensions are another metric."""

OURS: Final = "Signalbox/"
KINDS: Final = {"provider": "a provider", "connector": "a connector"}
"""One loop of the template makes the alarms of all providers, and one those of all connectors."""

ENOUGH: Final = 7
"""So many failures open a circuit, whichever process sees them."""


def _listened_for(stack: Stack) -> Iterator[Heard]:
    """The metrics of ours that the template's alarms look at."""
    for properties in stack.template.of_type("AWS::CloudWatch::Alarm").values():
        known = resolved(properties, stack.names)
        assert isinstance(known, dict)
        for each in Alarm.of(known).watched:
            dimensions = (_dimension(one.name, str(one.value)) for one in each.metric.dimensions)
            if str(each.metric.namespace).startswith(OURS):
                yield str(each.metric.namespace), each.metric.metric_name, frozenset(dimensions)


def _dimension(name: str, value: str) -> tuple[str, str]:
    """A dimension, in which each provider and connector that there is stands for its kind."""
    vendors = {"provider": providers().keys(), "connector": connector_names()}
    return name, KINDS[name] if value in vendors.get(name, ()) else value


def _said(output: str) -> Iterator[Heard]:
    """The metrics among the lines that the functions have printed."""
    for line in filter(lambda text: text.startswith("{"), output.splitlines()):
        response: dict[str, Any] = json.loads(line)
        for directive in response.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in directive["Metrics"]:
                for names in directive["Dimensions"]:
                    dimensions = frozenset(_dimension(name, response[name]) for name in names)
                    yield directive["Namespace"], metric["Name"], dimensions


def _put(box: Installation, table: str, **item: str) -> None:
    box.stack.clients.dynamodb.put_item(
        TableName=box.stack.name(table), Item={key: {"S": value} for key, value in item.items()}
    )


def _odd_things(box: Installation) -> None:
    """A message, a change and a subscription that nobody can read."""
    box.send("slackQueue", "not JSON")
    _put(box, "TasksTable", pk="TASK#odd", sk="TASK", doc="{}")
    _put(box, "ConfigTable", pk="SUBSCRIPTION", sk="odd", doc="{}")
    box.comment(delivery="read")
    box.driver.settle()
    box.stack.clients.dynamodb.delete_item(
        TableName=box.stack.name("ConfigTable"),
        Key={"pk": {"S": "SUBSCRIPTION"}, "sk": {"S": "odd"}},
    )
    box.clock.advance(seconds=60)


def _forged(box: Installation) -> None:
    assert not box.comment(delivery="forged", secret="not the secret")


def _late(box: Installation) -> None:
    """GitHub has waited for an answer for longer than it does."""
    sent = event("POST", "/api/v1/webhooks/github", {}, b"{}")
    context = sent["requestContext"]
    assert isinstance(context, dict)
    context["timeEpoch"] = int((box.clock() - timedelta(minutes=1)).timestamp() * 1000)
    box.functions["githubWebhookFunction"](sent, FakeContext(box.clock))


def _outage_of_slack(box: Installation) -> None:
    """Its circuit opens, and three days later notifications are dead."""
    box.subscribe(ChangeType.CREATED)
    box.faults.on("HTTP.POST", unreachable, times=100)
    for number in range(ENOUGH):
        box.comment(f"/agent do {number}", delivery=f"d-{number}")
    for _ in range(ENOUGH):
        box.driver.settle()
        box.clock.advance(seconds=5)
    box.clock.advance(timedelta(hours=73))
    box.driver.settle()


def _refused(box: Installation) -> None:
    """A connection has a secret that is none of Slack's."""
    operators, place = Operators(box), "/api/v1/connections/extra"
    extra = a_connection(id="extra", settings={}).model_dump(mode="json")
    operators.ask("PUT", place, extra)
    box.keep_secrets("connections/extra", "what Slack never takes")
    operators.ask("POST", f"{place}/test")
    box.driver.settle()


def _unhealed(box: Installation) -> None:
    """A task is overdue, and the queues do not answer."""
    box.drive(stream=False)
    box.comment("/agent wait", delivery="overdue")
    box.clock.advance(timedelta(minutes=3))
    box.faults.on("SQS.SendMessageBatch", unreachable, times=100, by="MaintenanceFunction")
    box.heal()


def _not_requested(box: Installation) -> None:
    """GitHub does not accept the token for more than an hour."""
    box.use_github_log()
    box.github.token = "another"
    box.redeliver()
    box.clock.advance(timedelta(hours=1))
    box.redeliver()


def _pending(box: Installation) -> None:
    """A deferred delivery waits for the function that interprets it."""
    box.cap_bursts()
    box.comment("/agent one", delivery="one")
    box.comment("/agent two", delivery="two")
    box.interpret_deferred()


def _rejected_again_and_again(box: Installation) -> None:
    """So many webhooks are forged that it is an incident."""
    box.heal()
    for number in range(10):
        box.comment(delivery=f"forged-{number}", secret="not the secret")
    box.heal()


def _down(box: Installation) -> None:
    """No instance of a service may be called, and then the configuration cannot be read."""
    Operators(box).gateway()
    box.check_health()
    box.faults.on("DynamoDB.Query", unreachable, times=100, by="HealthChecksFunction")
    box.clock.advance(timedelta(minutes=1))
    box.check_health()


def _unaudited(box: Installation) -> None:
    """An operator changes something, and the table of the audit log does not answer."""

    def without_audit(call: Call, send: Send) -> JsonValue:
        audited = box.stack.name("AuditTable").encode() in call.body
        answer: JsonValue = unreachable(call, send) if audited else send()
        return answer

    box.faults.on("DynamoDB.PutItem", without_audit, times=100, by="ApiFunction")
    Operators(box).ask("POST", "/api/v1/queue/low/resume")


def test_functions_say_every_metric_of_ours_that_an_alarm_listens_for(
    box: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    troubles = (
        _odd_things,
        _forged,
        _rejected_again_and_again,
        _late,
        _outage_of_slack,
        _refused,
        _unhealed,
        _unaudited,
        _not_requested,
        _pending,
        _down,
    )

    for trouble in troubles:
        trouble(box)

    listened_for = set(_listened_for(box.stack))
    response = set(_said(capsys.readouterr().out))
    assert {name for _, name, _ in listened_for} >= {"MessagesFailed", "Notifications"}
    assert listened_for - response == set()


def test_maintenance_that_moves_on_all_it_finds_says_nothing_to_an_alarm(
    box: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    box.drive(stream=False)
    box.comment("/agent wait", delivery="overdue")
    box.clock.advance(timedelta(minutes=3))

    box.heal()

    assert box.depth("NormalQueue") == 1
    assert "NotReconciled" not in {name for _, name, _ in _said(capsys.readouterr().out)}
