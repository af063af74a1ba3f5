"""A whole installation in one process: GitHub, the functions, a worker and Slack, around moto."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, cast

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.sqs.models import Message, sqs_backends
from pydantic import JsonValue

from signalbox.auth.api_keys import new_key
from signalbox.aws.compression import unpack_record
from signalbox.aws.config import DynamoConfig, DynamoKeys
from signalbox.aws.dynamo_table import Table
from signalbox.http.events import LambdaResponse
from signalbox.models.delivery import Delivery, KeepBodies
from signalbox.models.notification import Notification
from signalbox.models.rate_limits import Limits, RateLimit
from signalbox.models.source import CommandPermission
from signalbox.models.task import ChangeType, Task
from tests.builders import SECRET, a_connection, a_request, a_source, a_subscription
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.fakes.github_hooks import FakeGitHubHooks
from tests.functions.system import ApiResponse, as_response, event
from tests.integration.aws import Stack, deployed
from tests.integration.event_source import EventSourceDriver
from tests.integration.faults import Crash, Faults
from tests.integration.invoke import Chaos
from tests.integration.process import Process
from tests.integration.queue_source import QueueSource
from tests.integration.simulated import simulated_time
from tests.integration.slack import FakeSlack
from tests.integration.template import ACCOUNT, REGION
from tests.integration.worker import Worker
from tests.samples import sample

LEASE: Final = 60
QUEUES: Final = ("HighQueue", "NormalQueue", "LowQueue", "slackQueue")
NOBODY: Final = "http://127.0.0.1:9"
"""Where no frame can be sent to."""

_STREAM: Final = "DispatcherFunction"
_DEFERRED: Final = "DeferredFunction"
_FANOUT: Final = "FanoutFunction"


class Silence(Exception):
    """The caller got no answer, or one that says to try again."""


class Installation:
    """Everything there is, with what a test may do to it and see of it."""

    def __init__(
        self,
        stack: Stack,
        clock: FakeClock,
        faults: Faults,
        slack: FakeSlack,
        github: FakeGitHubHooks,
        variables: Mapping[str, str],
    ) -> None:
        self.stack, self.clock, self.faults, self.slack = stack, clock, faults, slack
        self.github = github
        github.receive = lambda guid: 202 if self.comment(delivery=guid) else 503
        environment = {
            "SIGNALBOX_TRUSTED_ORIGINS": f"{slack.url},{github.url}",
            "SIGNALBOX_GATEWAY_NETWORKS": "127.0.0.0/8",
            "SIGNALBOX_WEBSOCKET_ENDPOINT": NOBODY,
            **variables,
        }
        self.functions = {
            name: Process(name, stack, clock, faults, environment)
            for name in stack.template.of_type("AWS::Serverless::Function")
        }
        table = Table(client=stack.clients.dynamodb, name=stack.name("ConfigTable"))
        self._config = DynamoConfig(table=table, clock=clock)
        self._configure()
        self.make_keys()
        self.worker = Worker(ask=self.api, seconds=LEASE)
        self.driver = self.drive()

    def drive(
        self,
        *,
        stream: bool = True,
        deferred: bool = True,
        fanout: bool = False,
        chaos: Chaos | None = None,
    ) -> EventSourceDriver:
        """Lets the mappings of the template call the functions, those of streams on request.

        Mostly nobody is connected for live updates, which nothing else waits for.
        """
        idle = {_STREAM: not stream, _DEFERRED: not deferred, _FANOUT: not fanout}
        called = {name: each for name, each in self.functions.items() if not idle.get(name)}
        self.driver = EventSourceDriver(self.stack, called, self.clock, chaos)
        return self.driver

    @property
    def worker_key(self) -> str:
        """The API key of the worker."""
        return self._key

    def make_keys(self) -> None:
        """Give the worker and the operator new keys."""
        self._key, self._operator = self._new_key("worker"), self._new_key("operator")

    def use_bot(self) -> None:
        """Notify Slack with a bot token, which can read earlier messages."""
        settings: dict[str, JsonValue] = {"channel": "C1", "api_url": f"{self.slack.url}/api"}
        self._config.put(a_connection(settings=settings))
        self.keep_secrets("connections/team-slack", "xoxb-secret")

    def use_refreshed_bot(self) -> None:
        """Notify Slack by tokens that are renewed, in order and at a limited rate."""
        auth: JsonValue = {
            "type": "oauth2_refresh",
            "token_url": self.slack.token_url,
            "client_id": "client",
        }
        settings: JsonValue = {"channel": "C1", "api_url": f"{self.slack.url}/api"}
        policy = {"order": "connection", "rate_limit": {"rate": 10, "per": "second"}}
        self._config.put(a_connection(settings=settings, auth=auth, **policy))
        self.keep_secrets(
            "connections/team-slack", '{"client_secret": "client-secret", "refresh_token": "r-1"}'
        )
        self.clock.advance(seconds=301)  # secrets are cached for five minutes

    def subscribe(self, *changes: ChangeType) -> None:
        """Choose the changes that are sent to Slack."""
        self._config.put(a_subscription(changes=changes))

    def comment(
        self,
        text: str = "/agent fix the login",
        *,
        delivery: str = "d-1",
        secret: str = SECRET,
        waited: int = 0,
    ) -> bool:
        """GitHub delivers a comment, and has waited for some seconds; whether it was accepted."""
        body = sample("github", "issue_comment.created").body
        comment = body["comment"]
        assert isinstance(comment, dict)
        payload = body | {"comment": comment | {"body": text}}
        request = a_request(payload, delivery=delivery, secret=secret)
        sent = event("POST", request.path, request.headers, request.body)
        context = sent["requestContext"]
        assert isinstance(context, dict)
        context["timeEpoch"] = int((self.clock().timestamp() - waited) * 1000)
        try:
            return self._answer("githubWebhookFunction", sent).status == 202
        except (Silence, Crash):
            return False

    def work(self) -> bool:
        """A worker asks for a task and does it, patiently; whether it got one."""
        try:
            hold = self.worker.claim()
        except (Silence, Crash):
            return False
        if hold is None:
            return False
        for _ in range(3):
            try:
                self.worker.complete(hold)
            except (Silence, Crash):
                continue
            break
        return True

    def api(self, path: str, body: dict[str, JsonValue]) -> ApiResponse:
        """What the API answers to a worker. Raises Silence."""
        headers = {"content-type": "application/json", "x-api-key": self._key}
        return self._answer("ApiFunction", event("POST", path, headers, json.dumps(body).encode()))

    def get(self, path: str) -> ApiResponse:
        """What the API answers to an operator. Raises Silence."""
        sent = event("GET", path, {"x-api-key": self._operator}, b"")
        return self._answer("ApiFunction", sent)

    def operate(self, method: str, path: str, body: JsonValue = None) -> ApiResponse:
        """What the API answers to an operator who takes any version. Raises Silence."""
        headers = {
            "content-type": "application/json",
            "if-match": "*",
            "x-api-key": self._operator,
        }
        content = b"" if body is None else json.dumps(body).encode()
        return self._answer("ApiFunction", event(method, path, headers, content))

    def heal(self) -> None:
        """A minute of maintenance."""
        context = FakeContext(self.clock, timeout=self.stack.timeout("MaintenanceFunction"))
        try:
            self.functions["MaintenanceFunction"]({}, context)
        except (Exception, Crash):  # noqa: BLE001  the schedule calls it again in a minute
            return

    def ask_github(self) -> None:
        """Let GitHub be asked who has write access."""
        settings: dict[str, JsonValue] = {"api_url": self.github.api_url}
        self._config.put(a_source(permission=CommandPermission.REQUIRED, settings=settings))
        self.keep_secrets("tokens/github/default", str(self.github.token))
        self.clock.advance(seconds=31)  # what is configured is cached for half a minute

    def lift_limits(self) -> None:
        """Lets a worker make any number of requests, as time stands still meanwhile."""
        self._config.put(Limits(roles={"worker": RateLimit(count=1_000_000, burst=1_000_000)}))

    def cap_bursts(self, keep_bodies: KeepBodies = KeepBodies.ALL) -> None:
        """Let one delivery in a minute become a task at once."""
        burst: JsonValue = {"rate": 1, "per": "minute"}
        self._config.put(a_source(burst=burst, keep_bodies=keep_bodies))
        self.clock.advance(seconds=31)

    def interpret_deferred(self) -> None:
        """Two minutes of the function that interprets deferred deliveries."""
        for _ in range(2):
            context = FakeContext(self.clock, timeout=self.stack.timeout("DeferredFunction"))
            with suppress(Exception, Crash):  # the schedule calls it again in a minute
                self.functions["DeferredFunction"]({}, context)
            self.clock.advance(seconds=60)

    def use_github_log(self) -> None:
        """Let missed webhooks be requested from GitHub."""
        self._config.put(a_source(settings=self.github.settings))
        self.keep_secrets("tokens/github/default", str(self.github.token))

    def redeliver(self) -> None:
        """Five minutes of the function that requests missed webhooks."""
        context = FakeContext(self.clock, timeout=self.stack.timeout("RedeliveryFunction"))
        try:
            self.functions["RedeliveryFunction"]({}, context)
        except (Exception, Crash):  # noqa: BLE001  the schedule calls it again
            return
        finally:
            self.clock.advance(seconds=300)

    def proxy(self, path: str) -> int:
        """The status that the gateway answers to an anonymous client."""
        sent = event("GET", path, {"host": "api.example.com"}, b"")
        context = FakeContext(self.clock, timeout=self.stack.timeout("GatewayFunction"))
        response = cast("LambdaResponse", self.functions["GatewayFunction"](sent, context))
        return response["statusCode"]

    def watch(self, type_: str, message: dict[str, JsonValue] | None = None) -> int:
        """The status that a WebSocket connection of an operator gets for an event."""
        connection: JsonValue = {"routeKey": "$default", "eventType": type_, "connectionId": "c"}
        sent: dict[str, JsonValue] = {
            "requestContext": connection,
            "headers": {"x-api-key": self._operator},
            "body": json.dumps(message),
        }
        context = FakeContext(self.clock, timeout=self.stack.timeout("RealtimeFunction"))
        response = cast("LambdaResponse", self.functions["RealtimeFunction"](sent, context))
        return response["statusCode"]

    def check_health(self) -> None:
        """A minute of the function that checks the instances of services."""
        context = FakeContext(self.clock, timeout=self.stack.timeout("HealthChecksFunction"))
        self.functions["HealthChecksFunction"]({}, context)

    def bustle(self) -> None:
        """Everything that may happen at the same time does: all of it, by other processes."""
        self.comment()
        self.work()
        self.heal()
        for body in self.bodies("slackQueue"):
            self.send("slackQueue", body)
        for source in self.driver.sources:
            if isinstance(source, QueueSource):
                source.poll()

    def live(self, minutes: int = 60) -> None:
        """Time passes until nothing is left to do."""
        for _ in range(minutes):
            self.driver.settle()
            while self.work():
                self.driver.settle()
            if self.quiet:
                return
            self.clock.advance(seconds=60)
            self.heal()
        raise AssertionError(f"still not quiet: {self.state}")

    @property
    def quiet(self) -> bool:
        """Whether every task and notification has ended and every queue is empty."""
        tasks, notes = self.records
        ended = all(task.finished and task.due_at is None for task in tasks)
        return ended and not any(note.open for note in notes) and not any(map(self.depth, QUEUES))

    @property
    def deliveries(self) -> list[Delivery]:
        """Every delivery there is, in the order of their keys."""
        found = [
            Delivery.model_validate_json(_document(item))
            for item in self._items("DeliveriesTable")
            if not item["pk"].value.startswith("REJECTED#")
        ]
        return sorted(found, key=lambda delivery: delivery.key)

    @property
    def pending(self) -> list[str]:
        """The keys of the deliveries with something left to do."""
        return [delivery.key for delivery in self.deliveries if delivery.due_at]

    @property
    def records(self) -> tuple[list[Task], list[Notification]]:
        """Every task and every notification there is."""
        tasks, notes = [], []
        for item in self._items("TasksTable"):
            if item["sk"].value == "TASK":
                tasks.append(Task.model_validate_json(_document(item)))
            elif item["sk"].value.startswith("NOTIFICATION#"):
                notes.append(Notification.model_validate_json(_document(item)))
        return tasks, notes

    @property
    def state(self) -> str:
        """A few words for the message of a test that failed."""
        tasks, notes = self.records
        depths = {queue: self.depth(queue) for queue in QUEUES}
        return (
            f"tasks {[f'{task.status} after {task.attempt}' for task in tasks]}, "
            f"notifications {[f'{note.status} after {note.number}' for note in notes]}, "
            f"queues {depths}"
        )

    def depth(self, queue: str) -> int:
        """How many messages are in a queue, seen or hidden."""
        return len(self._messages(queue))

    def bodies(self, queue: str) -> list[str]:
        """What is in a queue, seen or hidden."""
        return [message.body for message in self._messages(queue)]

    def send(self, queue: str, *bodies: str) -> None:
        """Puts messages into a queue."""
        for body in bodies:
            self.stack.clients.sqs.send_message(QueueUrl=self.stack.name(queue), MessageBody=body)

    def wear_out(self, queue: str) -> None:
        """Makes what is in a queue as often received as it may be."""
        for message in self._messages(queue):
            message.approximate_receive_count = 1_000_000

    def empty(self, queue: str) -> list[str]:
        """Takes everything out of a queue."""
        taken = self.bodies(queue)
        self._messages(queue).clear()
        return taken

    def _items(self, table: str) -> Iterator[dict[str, DynamoType]]:
        """Everything in a table, without the call of a scan."""
        name = self.stack.name(table)
        for item in dynamodb_backends[ACCOUNT][REGION].tables[name].all_items():
            yield item.attrs

    def _messages(self, queue: str) -> list[Message]:
        name = self.stack.name(f"{queue}.QueueName")
        messages: list[Message] = sqs_backends[ACCOUNT][REGION].queues[name]._messages
        return messages

    def _answer(self, function: str, sent: dict[str, JsonValue]) -> ApiResponse:
        context = FakeContext(self.clock, timeout=self.stack.timeout(function))
        answer = as_response(cast("LambdaResponse", self.functions[function](sent, context)))
        if answer.status >= 500:
            raise Silence(answer.text)
        return answer

    def _configure(self) -> None:
        self.keep_secrets("sources/github/default", SECRET)
        self.keep_secrets("connections/team-slack", self.slack.hook)
        self._config.put(a_source())
        self._config.put(a_connection(settings={}))
        self.subscribe(ChangeType.SUCCEEDED)

    def _new_key(self, role: str) -> str:
        made = new_key(
            "live", name=role, roles=(role,), scopes=(), created_by="t", now=self.clock()
        )
        DynamoKeys(table=self._config.table).put(made.stored)
        return made.text

    def keep_secrets(self, name: str, *secrets: str) -> None:
        self.stack.clients.ssm.put_parameter(
            Name=f"/signalbox/{self.stack.name('AWS::StackName')}/{name}",
            Value=json.dumps(secrets),
            Type="SecureString",
            Overwrite=True,
        )


@contextmanager
def installed(
    slack: FakeSlack, variables: Mapping[str, str] | None = None
) -> Iterator[Installation]:
    """An installation of its own, with faults to be chosen, and more variables of its functions."""
    clock = FakeClock()
    slack.received.clear()
    with (
        deployed() as stack,
        simulated_time(clock),
        Faults().installed() as faults,
        FakeGitHubHooks(clock).running() as github,
    ):
        yield Installation(stack, clock, faults, slack, github, variables or {})


def _document(item: dict[str, DynamoType]) -> str | bytes:
    return unpack_record({item["doc"].type: item["doc"].value})
