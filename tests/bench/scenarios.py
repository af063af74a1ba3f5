"""The operations that are measured, over a cloud that answers at once."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Final
from unittest.mock import patch

from pydantic import JsonValue

from cli.dictionaries.github import with_all_members
from signalbox.auth.api_keys import new_key
from signalbox.aws.transport.json_caller import JsonCaller
from signalbox.http.api import ApiHandler
from signalbox.http.events import LambdaResponse
from signalbox.http.webhook import WebhookHandler
from signalbox.models.ids import LeaseId, TaskId
from signalbox.models.lifecycle import leased
from signalbox.models.queue_messages import TaskMessage
from signalbox.models.rate_limits import Limits, RateLimit
from signalbox.models.task import Task
from signalbox.providers.github.provider import GitHub
from signalbox.providers.github.signature import signature
from signalbox.runtime.api import api
from signalbox.runtime.dispatcher import Dispatcher, dispatcher
from signalbox.runtime.webhook import webhook
from signalbox.runtime.wiring import Wiring
from signalbox.services.deliveries.permissions import everybody_may
from tests.bench.load_worker import SECRET, bare_webhook
from tests.bench.stub import Cloud, Json
from tests.builders import NOW, a_lease, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.permissions import everybody_in_time
from tests.functions.system import Context, event
from tests.samples import sample

_COMMENT: Final = b"7777777777"
_LONG_ID: Final = re.compile(r"(?<![0-9])[1-9][0-9]{6,}[1-9](?![0-9])")
_OTHERS: Final = {
    "octo-org": "hooli-xyz",
    "railway": "flux-capacitor",
    "mira-okafor": "emmett-b",
    "jonas-lind": "marty-m",
    "Login fails behind the proxy": "The clock stops at 88",
    "Signing in through the proxy ends in a redirect loop.": "It happens at the tower only.",
}
"""Other names for those of the samples, of which the dictionary is made."""

TASK: Final = TaskId("tsk_aaaaaaaaaaaaaaaaaaaaaaaa")

Scene = Callable[[], LambdaResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: `prepare` puts what it needs in its place, unmeasured."""

    name: str
    run: Scene
    prepare: Callable[[], object] = lambda: None

    def bare(self) -> "Operation":
        """The same calls of AWS by a handler that reads and writes JSON and does nothing else."""
        calls: list[tuple[JsonCaller, str, Mapping[str, JsonValue]]] = []
        make = JsonCaller.__call__

        def recorded(
            caller: JsonCaller, operation: str, request: Mapping[str, JsonValue]
        ) -> dict[str, JsonValue]:
            # without its condition, so that a write succeeds again
            repeated = {k: v for k, v in request.items() if k != "ConditionExpression"}
            calls.append((caller, operation, repeated))
            return make(caller, operation, request)

        self.prepare()
        with patch.object(JsonCaller, "__call__", recorded):
            response = self.run()
        body = response["body"].encode()

        def run() -> LambdaResponse:
            content = json.loads(body)
            for caller, operation, request in calls:
                caller(operation, request)
            return {**response, "body": json.dumps(content)}

        return Operation(name=f"{self.name}, bare", run=run, prepare=self.prepare)


@dataclass(kw_only=True)
class Stage:
    """The functions, and what they find."""

    cloud: Cloud
    clock: FakeClock = field(default_factory=FakeClock)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.wiring = Wiring(clock=self.clock, random=Random(7))
        self.wiring.permission = everybody_may
        self.wiring.permission_within = everybody_in_time
        self.cloud.secrets = json.dumps([SECRET])
        made = new_key(
            "live", name="bench", roles=("admin",), scopes=(), created_by="bench", now=NOW
        )
        self.wiring.keys.put(made.stored)
        self.key = made.text
        self._unlimited()
        self.api: ApiHandler = api(self.wiring)
        self.github: WebhookHandler = webhook(GitHub(), self.wiring)
        self.dispatcher: Dispatcher = dispatcher(self.wiring)
        self.waiting = a_task(id=TASK, description="d" * 400)
        self.held = leased(self.waiting, a_lease(), NOW)
        self.cloud.message = TaskMessage(task_id=TASK).model_dump_json()
        self._body = webhook_body()
        self.comment()

    def operations(self) -> list[Operation]:
        """What is measured."""
        lease: Json = {"lease_id": LeaseId("lse_one"), "fence": 1}
        new: Json = {"title": "Fix the login", "description": "d" * 400, "priority": "high"}
        claim: Json = {"worker": "agent-1", "lease_seconds": 60}
        path = f"/api/v1/tasks/{TASK}"
        waits, holds = self._there(self.waiting), self._there(self.held)
        return [
            Operation(name="create", run=self.asking("POST", "/api/v1/tasks", new)),
            Operation(name="get", run=self.asking("GET", path), prepare=waits),
            Operation(name="list 50", run=self.asking("GET", "/api/v1/tasks?status=pending")),
            Operation(name="list 50 of all", run=self.asking("GET", "/api/v1/tasks")),
            Operation(
                name="claim", run=self.asking("POST", "/api/v1/queue/claim", claim), prepare=waits
            ),
            Operation(
                name="complete",
                run=self.asking("POST", f"{path}/complete", lease),
                prepare=holds,
            ),
            Operation(name="webhook 13 KB", run=self.hook, prepare=self.comment),
        ]

    def asking(self, method: str, path: str, body: JsonValue = None) -> Scene:
        """A request of somebody who may do everything."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "x-api-key": self.key}
        made = event(method, path, headers, content)

        def ask() -> LambdaResponse:
            answer = self.api(made, Context())
            assert answer["statusCode"] < 300, answer["body"]
            return answer

        return ask

    def comment(self) -> None:
        """Makes the next webhook: of a comment that nobody has made before."""
        number = next(self._numbers)
        body = self._body.replace(_COMMENT, str(10**9 + number).encode())
        headers = sample("github", "issue_comment.created").headers | {
            "X-GitHub-Delivery": f"bench-{number}",
            "X-Hub-Signature-256": signature(SECRET, body),
        }
        self._hook = event("POST", "/api/v1/webhooks/github", headers, body)

    def hook(self) -> LambdaResponse:
        """Receives the webhook that was made last."""
        answer = self.github(self._hook, Context())
        assert answer["statusCode"] == 202, answer["body"]
        return answer

    def dispatch(self, *images: Json) -> None:
        """Hands new tasks on, as their stream tells of them."""
        records: JsonValue = [
            {
                "eventID": str(number),
                "eventName": "INSERT",
                "dynamodb": {"Keys": {"pk": image["pk"], "sk": image["sk"]}, "NewImage": image},
            }
            for number, image in enumerate(images)
        ]
        self.dispatcher({"Records": records}, None)

    def bare_hook(self) -> Operation:
        """The least handler of the webhook."""
        handle = bare_webhook(self.wiring)
        return Operation(
            name="webhook 13 KB, bare",
            run=lambda: handle(self._hook, Context()),
            prepare=self.comment,
        )

    def _there(self, task: Task) -> Callable[[], None]:
        """Puts a task where its table keeps it."""
        self.wiring.tasks.create(task)
        place = next(
            (place, item)
            for place, item in self.cloud.items.items()
            if item["pk"] == {"S": f"TASK#{task.id}"}
        )
        del self.cloud.items[place[0]]

        def put() -> None:
            self.cloud.items[place[0]] = place[1]

        return put

    def _unlimited(self) -> None:
        none = RateLimit(count=1_000_000, burst=1_000_000)
        limits = Limits(anonymous=none, refused=none, default=none, roles={"admin": none})
        doc = {"S": limits.model_dump_json()}
        row: Json = {"pk": {"S": "LIMITS"}, "sk": {"S": "default"}, "doc": {**doc}}
        self.cloud.keep(self.wiring.settings.config_table, row)


def webhook_body() -> bytes:
    """A comment of 13 KB, as GitHub sends it."""
    return json.dumps(_payload(), separators=(",", ":")).encode()


def _payload() -> dict[str, JsonValue]:
    """A comment as long as those of GitHub, by other people than those of the samples."""
    body = sample("github", "issue_comment.created").body
    comment, issue = body["comment"], body["issue"]
    assert isinstance(comment, dict)
    assert isinstance(issue, dict)
    at = NOW.isoformat()
    response: Json = {"id": int(_COMMENT), "body": "/agent fix the login"}
    response |= {"created_at": at, "updated_at": at}
    people: JsonValue = [_person(number) for number in range(1, 4)]
    more: Json = {"comment": comment | response, "issue": issue | {"assignees": people}}
    text = json.dumps(with_all_members(body | more), separators=(",", ":"))
    for name, other in _OTHERS.items():
        text = text.replace(name, other)
    renewed: dict[str, JsonValue] = json.loads(_LONG_ID.sub(lambda found: found[0][::-1], text))
    return renewed


def _person(number: int) -> JsonValue:
    identifier = 31_415_926 * number
    avatar = f"https://avatars.githubusercontent.com/u/{identifier}?v=4"
    return {"login": f"hooli-{number}", "id": identifier, "avatar_url": avatar}
