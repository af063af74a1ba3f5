"""A deployed Signalbox, as its users speak to it: over HTTP and nothing else."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import requests
from pydantic import JsonValue, TypeAdapter

from cli.local.echo import EchoInbox, ReceivedRequest
from signalbox.providers.github.signature import signature
from tests.samples import sample

SECRET = "It's a Secret to Everybody"
PATIENCE = 30.0

_ids: TypeAdapter[list[str]] = TypeAdapter(list[str])
_json: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, JsonValue]

    def part(self, name: str) -> dict[str, JsonValue]:
        """A member of the body that is an object."""
        return _json.validate_python(self.body[name])


@dataclass(frozen=True)
class Installation:
    """Where it is and its state, a key for it, and what its Slack received."""

    base_url: str
    echo_url: str
    home: Path
    key: str
    inbox: EchoInbox

    def hook(self, text: str, delivery: str, *, secret: str = SECRET) -> Answer:
        """Posts a comment as GitHub would."""
        made = sample("github", "issue_comment.created")
        comment = _json.validate_python(made.body["comment"])
        named = comment | {"body": text, "id": abs(hash((text, delivery))) % 10**12}
        body = json.dumps(made.body | {"comment": named}).encode()
        headers = made.headers | {
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": signature(secret, body),
        }
        url = f"{self.base_url}/api/v1/webhooks/github"
        return _answer(requests.post(url, data=body, headers=headers, timeout=PATIENCE))

    def ask(self, method: str, path: str, body: JsonValue = None, **headers: str) -> Answer:
        """Asks the API."""
        return _answer(
            requests.request(
                method,
                self.base_url + path,
                json=body,
                headers={"X-API-Key": self.key, **headers},
                timeout=PATIENCE,
            )
        )

    def claim(self, worker: str, task: str, *, lease: int = 60) -> Answer:
        """This task, waiting for it; others that wait before it are done with."""
        body: JsonValue = {"worker": worker, "lease_seconds": lease, "wait_seconds": 2}

        def claimed() -> Answer | None:
            answer = self.ask("POST", "/api/v1/queue/claim", body)
            assert answer.status == 200, answer.body
            if not answer.body["task"]:
                return None
            if answer.part("task")["id"] == task:
                return answer
            self.step(answer, "complete")
            return None

        return eventually(claimed)

    def made(self, text: str, delivery: str) -> str:
        """The task of a comment that was posted as GitHub would."""
        answer = self.hook(text, delivery)
        assert answer.status == 202, answer.body
        [task] = _ids.validate_python(answer.body["task_ids"])
        return task

    def step(self, claimed: Answer, what: str, **more: JsonValue) -> Answer:
        """A worker's step under its lease."""
        lease = claimed.part("lease")
        body: JsonValue = {"lease_id": lease["id"], "fence": lease["fence"], **more}
        return self.ask("POST", f"/api/v1/tasks/{claimed.part('task')['id']}/{what}", body)

    def flush(self, task: str, word: str) -> list[ReceivedRequest]:
        """What Slack received of a task with this word in it."""
        return [
            message
            for message in self.inbox.all()
            if task in message.body and word in message.body.casefold()
        ]


def eventually(look: Callable[[], T | None], timeout: float = PATIENCE) -> T:
    """What `look` finds, asked until it finds something."""
    until = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError("it did not happen in time")
        time.sleep(0.2)


def _answer(response: requests.Response) -> Answer:
    return Answer(status=response.status_code, body=_json.validate_json(response.content or b"{}"))
