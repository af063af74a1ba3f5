"""A server has a poller for everything that the template calls functions for."""

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from cli.errors import CommandError
from cli.server.assembly import AssembledServer, ServerOptions
from cli.server.deployment import Deployment
from cli.server.local_cloud import stateful_template
from cli.server.plan import ServerPlan, resources_of
from cli.server.stopping import Stopping
from cli.server.stream_batches import StreamChange
from signalbox.runtime.settings import Settings
from signalbox.runtime.wiring import Wiring
from tests.integration.template import translated

if TYPE_CHECKING:
    from cli.server.stream_poller import StreamPoller
    from cli.stack import Stack

SETTINGS = {
    f"SIGNALBOX_{name.upper()}": "1"
    for name, field in Settings.model_fields.items()
    if field.is_required()
}


class NamedStack:
    name = "signalbox-test"


class SentMessages:
    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send_message(self, **request: Any) -> None:
        self.sent.append(request)


@pytest.fixture(scope="module")
def plan() -> ServerPlan:
    return ServerPlan.read(translated())


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")


def a_server(
    plan: ServerPlan, *, endpoint: str = "https://live", without: str = "", **options: Any
) -> AssembledServer:
    names: dict[str, str] = {}
    for queue, _ in resources_of(plan.document, "AWS::SQS::Queue"):
        names |= {queue: f"https://sqs/{queue}", f"{queue}.Arn": f"arn:aws:sqs:r:1:{queue}"}
    for table, _ in resources_of(plan.document, "AWS::DynamoDB::Table"):
        names[f"{table}.StreamArn"] = f"arn:stream/{table}"
    names.pop(without, None)
    settings = Settings.model_validate(SETTINGS | {"SIGNALBOX_WEBSOCKET_ENDPOINT": endpoint})
    return AssembledServer(
        deployment=Deployment(
            stack=cast("Stack", NamedStack()), plan=plan, names=names, environment={}
        ),
        options=ServerOptions(**options),
        stopping=Stopping(30),
        wired=Wiring(settings=settings),
    )


def test_every_mapping_and_schedule_has_a_poller_of_its_own(plan: ServerPlan) -> None:
    pollers = a_server(plan).application().readiness.pollers

    names = {poller.name for poller in pollers}
    assert len(names) == len(pollers) == len(plan.sources) + len(plan.schedules)
    assert {
        "DispatcherFunction#TasksTable",
        "slackConnectorFunction#slackQueue",
        "DeadLettersFunction#HighDeadLetters",
        "MaintenanceFunction#schedule",
    } <= names


def test_without_websocket_connections_nobody_sends_live_updates(plan: ServerPlan) -> None:
    pollers = a_server(plan, endpoint="").application().readiness.pollers

    assert pollers
    assert not any(poller.name.startswith("Fanout") for poller in pollers)


def test_a_server_for_requests_polls_nothing_and_one_that_polls_has_no_routes(
    plan: ServerPlan,
) -> None:
    http = a_server(plan, polls=False).application()
    workers = a_server(plan, serves=False).application()

    assert http.readiness.pollers == ()
    assert http.routes.match("POST", "/api/v1/webhooks/github")
    assert workers.readiness.pollers
    assert workers.routes.match("POST", "/api/v1/webhooks/github") is None
    assert workers.gateway is None


def test_a_stack_without_one_of_the_queues_is_named(plan: ServerPlan) -> None:
    with pytest.raises(CommandError, match="signalbox-test has no slackQueue; was another version"):
        a_server(plan, without="slackQueue").application()


def test_changes_that_are_given_up_are_reported_to_the_queue_of_their_mapping(
    plan: ServerPlan,
) -> None:
    server, queue = a_server(plan), SentMessages()
    server.wired.__dict__["sqs"] = queue
    pollers = {poller.name: poller for poller in server.application().readiness.pollers}
    changes = [StreamChange(sequence=text, written_at=0, record={}) for text in ("1", "2")]

    for name in ("DispatcherFunction#TasksTable", "FanoutFunction#TasksTable"):
        mapping = cast("StreamPoller", pollers[name])._mapping
        mapping.give_up("shard", changes, "RetryAttemptsExhausted", 11)

    (sent,) = queue.sent  # live updates have no such queue
    assert sent["QueueUrl"] == "https://sqs/DispatcherDeadLetters"
    report = json.loads(sent["MessageBody"])
    assert report["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert report["DDBStreamBatchInfo"] == {
        "streamArn": "arn:stream/TasksTable",
        "shardId": "shard",
        "batchSize": 2,
        "startSequenceNumber": "1",
        "endSequenceNumber": "2",
    }


def test_a_local_server_deploys_what_has_state_and_nothing_else(plan: ServerPlan) -> None:
    document = json.loads(stateful_template(plan, "http://127.0.0.1:4600"))

    kinds = {resource["Type"] for resource in document["Resources"].values()}
    assert kinds == {"AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::S3::Bucket"}
    assert document["Outputs"]["ApiUrl"] == {"Value": "http://127.0.0.1:4600"}
    assert {"ConfigTable", "AuditTable", "KeyEnvironment"} <= document["Outputs"].keys()
