"""What the functions do is what their roles allow, call by call, and nothing more is allowed."""

import base64
import json
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import urlsplit

import pytest
from pydantic import JsonValue

from signalbox.models.delivery import KeepBodies
from signalbox.models.task import ChangeType
from signalbox.runtime.registry import connector_names, providers
from tests.fakes.certificates import FakeAuthority
from tests.integration.aws import Stack
from tests.integration.cloud_map import register_in_cloud_map
from tests.integration.faults import Call, crash_after, unreachable
from tests.integration.installation import Installation, installed
from tests.integration.operators import Operators
from tests.integration.slack import FakeSlack
from tests.integration.template import ACCOUNT, REGION, template

LARGE: Final = base64.b64encode(Random(1).randbytes(600_000)).decode()
NEEDS: Final = {
    "SQS.SendMessageBatch": "sqs:SendMessage",
    "S3.PUT": "s3:PutObject",
    "S3.GET": "s3:GetObject",
    "S3.DELETE": "s3:DeleteObject",
    "Route53AutoNaming.DiscoverInstances": "servicediscovery:DiscoverInstances",
}

LOGS: Final = frozenset({"logs:CreateLogStream", "logs:PutLogEvents"})
QUEUE: Final = frozenset({"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"})
STREAM: Final = frozenset(
    {
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    }
)
BY_LAMBDA: Final = {
    "ApiFunction": LOGS,
    "DashboardFunction": LOGS,
    "DispatcherFunction": LOGS | STREAM | {"sqs:SendMessage"},
    "MaintenanceFunction": LOGS,
    "DeferredFunction": LOGS | STREAM,
    "RedeliveryFunction": LOGS,
    "GatewayFunction": LOGS,
    "HealthChecksFunction": LOGS,
    "RealtimeFunction": LOGS,
    "FanoutFunction": LOGS | STREAM,
    "DeadLettersFunction": LOGS | QUEUE,
    **{f"{name}WebhookFunction": LOGS for name in providers()},
    **{f"{name}ConnectorFunction": LOGS | QUEUE for name in connector_names()},
}
"""What Lambda does in a function's name: it writes its logs, reads for it, and gives up for it."""

MODELS: Final = {
    "WebhookFunction": "githubWebhookFunction",
    "ConnectorFunction": "slackConnectorFunction",
}
"""The function that stands here for all of its kind, whose roles one loop of the template makes."""

_HEADERS: Final = {"ssm:GetParameter"}
UNSEEN: Final = {
    "DashboardFunction": _HEADERS,
    "DeadLettersFunction": _HEADERS,
    "RealtimeFunction": {"execute-api:ManageConnections"} | _HEADERS,
    "FanoutFunction": {"execute-api:ManageConnections"} | _HEADERS,
}
"""What is not called here: frames are no calls of an SDK, and no endpoint of OTLP has headers."""

_GRANTS: Final = {"ssm:PutParameter"}
OWN_ACTIONS: Final = {
    **{f"{name}ConnectorFunction": _GRANTS for name in ("jira", "linear", "slack", "webhook")},
    "awsConnectorFunction": {"events:PutEvents", "sns:Publish"},
    "emailConnectorFunction": {"ses:SendEmail", "ses:SendRawEmail"},
}
"""What a function may do that others of its kind may not.

It renews access tokens and stores them, or calls what a parameter lists.
"""


def _action(call: Call) -> str:
    service, _, name = call.operation.partition(".")
    return NEEDS.get(call.operation, f"{service.removesuffix('Streams').lower()}:{name}")


def _resources(call: Call) -> list[str]:
    """The ARNs that a call is made on."""
    if call.service == "S3":
        url = urlsplit(call.url)
        return [f"arn:aws:s3:::{url.netloc.partition('.')[0]}{url.path}"]
    place = f"{REGION}:{ACCOUNT}"
    found: list[str] = []
    match json.loads(call.body):
        case {"TableName": table, "IndexName": index}:
            found = [f"arn:aws:dynamodb:{place}:table/{table}/index/{index}"]
        case {"TableName": table}:
            found = [f"arn:aws:dynamodb:{place}:table/{table}"]
        case {"RequestItems": tables}:
            found = [f"arn:aws:dynamodb:{place}:table/{table}" for table in tables]
        case {"StreamArn": stream}:
            found = [str(stream)]
        case {"ShardIterator": iterator}:
            found = [str(iterator).partition("|")[0]]
        case {"QueueUrl": url}:
            found = [f"arn:aws:sqs:{place}:{str(url).rpartition('/')[2]}"]
        case {"Name": name}:
            found = [f"arn:aws:ssm:{place}:parameter{name}"]
        case {"NamespaceName": _}:
            found = ["*"]  # this action can only be allowed on everything
    assert found, f"nobody knows what {call} is made on"
    return found


def _allowed(stack: Stack, call: Call) -> bool:
    """Whether statements of the function's role name the action and everything it is made on."""
    patterns = [
        pattern
        for statement in stack.statements(call.by)
        if _action(call) in statement.action
        for pattern in statement.resource
    ]
    return all(
        any(fnmatchcase(resource, pattern) for pattern in patterns) for resource in _resources(call)
    )


def _everything(box: Installation, folder: Path) -> None:
    """All that the functions can be made to do."""
    box.subscribe(*ChangeType)
    for number, text in enumerate(("/agent one", "/agent two", "/agent three priority=high")):
        box.comment(text, delivery=f"d-{number}")
    box.comment("/agent one", delivery="d-0")
    box.comment(f"/agent large\n\n{LARGE}", delivery="large")
    box.driver.settle()
    for saying in ("heartbeat", "fail", "release", "complete"):
        if hold := box.worker.claim():
            getattr(box.worker, saying)(hold)
        box.driver.settle()
    for path in ("/ready", "/api/v1/tasks?limit=1", "/api/v1/queue"):
        assert box.get(path).status == 200
    box.faults.on("HTTP.POST", unreachable, times=6)
    box.faults.on("DynamoDB.PutItem", crash_after, by="DispatcherFunction")
    box.live()
    Operators(box).everything()
    box.use_refreshed_bot()
    box.comment("/agent in order", delivery="in order")
    box.live()
    box.comment("/agent buried", delivery="buried")
    box.driver.settle()
    box.send("NormalDeadLetters", *box.empty("NormalQueue"))
    box.drive(stream=False)
    box.comment("/agent alone", delivery="alone")
    box.live()
    _deferred(box)
    box.use_github_log()
    box.github.dropping = True
    box.github.deliver("dropped")
    box.redeliver()
    _gateway(box, folder)
    _live_updates(box)
    _relations(box)


def _relations(box: Installation) -> None:
    """A task runs after another one: by the dispatcher, and by maintenance where that fails."""
    for failures in (0, 40):
        first = box.operate("POST", "/api/v1/tasks", {"title": "First"}).word("id")
        second: JsonValue = {"title": "Second", "after": [first]}
        assert box.operate("POST", "/api/v1/tasks", second).status == 201
        box.driver.settle()
        if failures:
            box.faults.on(
                "DynamoDB.DeleteItem", unreachable, times=failures, by="DispatcherFunction"
            )
        box.live()


def _live_updates(box: Installation) -> None:
    """A connection subscribes, and is gone when the first frame is sent."""
    assert box.watch("CONNECT") == 200
    for topic in ("tasks", "queue", "deliveries"):
        assert box.watch("MESSAGE", {"type": "subscribe", "topic": topic}) == 200
    assert box.watch("MESSAGE", {"type": "unsubscribe", "topic": "deliveries"}) == 200
    box.drive(fanout=True)
    for verb in ("pause", "resume"):
        assert box.operate("POST", f"/api/v1/queue/low/{verb}").status == 200
    box.comment("/agent live", delivery="live")
    box.driver.settle()
    assert box.watch("DISCONNECT") == 200


def _gateway(box: Installation, folder: Path) -> None:
    """Instances of services do not answer, so that one is ejected; all are checked."""
    authority = FakeAuthority(folder)
    box.keep_secrets("services/stock/ca", authority.certificate)
    box.keep_secrets("services/stock/certificate", authority.client_pem())
    register_in_cloud_map("stock", "127.0.0.1", 1)
    Operators(box).gateway()
    assert box.proxy("/api/gateway/jwks.json") == 200
    for _ in range(5):
        assert box.proxy("/api/orders/42") == 502
    assert box.proxy("/api/stock/42") == 502
    box.check_health()


def _deferred(box: Installation) -> None:
    """A permission that there is no time to ask for, and bursts with large bodies.

    Of these no body stays, whether a repetition, a replay or the schedule interprets it.
    """
    box.ask_github()
    box.comment("/agent late", delivery="late", waited=5)
    box.driver.settle()
    box.comment("/agent late", delivery="later", waited=5)
    box.cap_bursts(keep_bodies=KeepBodies.NONE)
    box.comment("/agent in time", delivery="in time")
    for delivery in ("repeated", "replayed", "over the cap"):
        assert box.comment(f"/agent {delivery}\n\n{LARGE}", delivery=delivery)
    box.clock.advance(seconds=300)
    assert box.comment(f"/agent repeated\n\n{LARGE}", delivery="repeated")
    Operators(box).replay("replayed")
    box.interpret_deferred()


@pytest.fixture(scope="module")
def everything(slack: FakeSlack, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation that was made to do everything, and is no more."""
    with installed(slack) as box:
        _everything(box, tmp_path_factory.mktemp("certificates"))
    return box


def test_every_call_is_one_that_the_role_of_its_function_allows(everything: Installation) -> None:
    forbidden = {
        (call.by, _action(call), *_resources(call))
        for call in everything.faults.calls
        if call.service != "HTTP" and not _allowed(everything.stack, call)
    }

    assert forbidden == set()


def _model(function: str) -> str:
    """The function whose calls say what this one needs: itself, or the model of its kind."""
    return next((MODELS[kind] for kind in MODELS if function.endswith(kind)), function)


@pytest.mark.parametrize("function", sorted(set(map(_model, BY_LAMBDA))))
def test_every_action_that_a_role_allows_is_used(everything: Installation, function: str) -> None:
    used = {_action(call) for call in everything.faults.calls if call.by == function}

    used |= BY_LAMBDA[function] | UNSEEN.get(function, set())
    assert _actions(everything.stack, function) - used == set()


@pytest.mark.parametrize("function", BY_LAMBDA)
def test_functions_of_a_kind_are_allowed_the_same_actions(stack: Stack, function: str) -> None:
    assert _common_actions(stack, function) == _common_actions(stack, _model(function))


def _common_actions(stack: Stack, function: str) -> set[str]:
    """What a function may do as others of its kind; it may also do what is its own."""
    actions, own = _actions(stack, function), OWN_ACTIONS.get(function, set())
    assert own <= actions
    return actions - own


def _actions(stack: Stack, function: str) -> set[str]:
    return {each for statement in stack.statements(function) for each in statement.action}


@pytest.mark.parametrize("function", template().of_type("AWS::Serverless::Function"))
def test_lambda_may_do_what_it_does_in_the_name_of_a_function(stack: Stack, function: str) -> None:
    streams, queues = stack.stream_mappings(function), stack.queue_mappings(function)
    needed = {(action, stack.name("FunctionLogs.Arn")) for action in LOGS}
    needed |= {(action, mapping.queue) for mapping in queues for action in QUEUE}
    for mapping in streams:
        needed |= {(action, mapping.stream) for action in STREAM}
        if mapping.destination_config:
            needed.add(("sqs:SendMessage", mapping.destination_config.on_failure.destination))

    allowed = {
        (action, resource)
        for statement in stack.statements(function)
        for action in statement.action
        for resource in statement.resource
    }

    assert needed <= allowed
    assert {action for action, _ in needed} == BY_LAMBDA[function]
