"""A local stack as a newcomer has it: started and used by the command line."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any

import requests

from cli.local.instance import find_instance
from cli.local.local_key import local_key_text
from cli.target import PROJECT

_SIGNALBOX = str(Path(sys.executable).with_name("signalbox"))
_SECONDS = 120


@dataclass(frozen=True)
class NewcomerStack:
    """Where it runs, and the key that it printed."""

    home: Path
    url: str
    key: str

    @classmethod
    def of(cls, home: Path) -> "NewcomerStack":
        """Return the stack that runs with its state in a directory."""
        running, key = find_instance(home), local_key_text(home)
        if running is None or key is None:
            raise RuntimeError(f"no stack runs in {home}")
        return cls(home=home, url=running.base_url, key=key)

    def command(self, *arguments: str) -> str:
        """Run the command line against the stack and return what it prints."""
        return signalbox(self.home, *arguments)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Return the document with which the API answers."""
        answer = requests.request(
            method,
            f"{self.url}/api/v1/{path}",
            json=body,
            headers={"X-API-Key": self.key} | headers,
            timeout=_SECONDS,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def warm_up(self) -> None:
        """Start as many processes of the API as a page asks at once; each takes its time."""
        paths = ("tasks", "queue", "deliveries", "incidents", "metrics", "overview")
        with ThreadPoolExecutor(len(paths)) as pool:
            list(pool.map(partial(self.call, "GET"), paths))

    def create_key(self, *roles: str, scopes: tuple[str, ...] = ()) -> dict[str, str]:
        """Return a new key, with its text in `key`."""
        body = {"name": "browser", "roles": list(roles), "scopes": list(scopes)}
        created: dict[str, str] = self.call("POST", "keys", body)
        return created

    def create_task(self, title: str, **fields: object) -> str:
        """Return the id of a new task."""
        return str(self.call("POST", "tasks", {"title": title} | fields)["id"])

    def claim(self, worker: str = "browser") -> dict[str, Any]:
        """Return a task of the queues and its lease."""
        body = {"worker": worker, "lease_seconds": 300, "wait_seconds": 1}
        claimed: dict[str, Any] = self.call("POST", "queue/claim", body)
        return claimed

    def lease_on(self, task: str, worker: str = "browser") -> dict[str, Any]:
        """Claim this task, and release others, whose messages may come first."""
        for _ in range(30):
            claimed = self.claim(worker)
            if claimed["task"] is None:
                continue
            if claimed["task"]["id"] == task:
                return lease_of(claimed)
            self.call("POST", f"tasks/{claimed['task']['id']}/release", lease_of(claimed))
        raise AssertionError(f"{task} cannot be claimed")

    def empty_queues(self) -> None:
        """Complete every task that waits."""
        while (claimed := self.claim())["task"] is not None:
            self.call("POST", f"tasks/{claimed['task']['id']}/complete", lease_of(claimed))

    def send(self, text: str) -> str:
        """Send a comment as GitHub does and return the id of its delivery."""
        done = self.command("send", "github", "issue_comment", "--text", text, "--json")
        return str(json.loads(done)["delivery_id"])

    def send_to_new_source(
        self, provider: str, event: str, source: str, secret: str, *words: str
    ) -> dict[str, Any]:
        """Send a webhook, again until the function has read the configuration of its source."""
        named = ("--source", source, "--secret", secret, "--json")
        for _ in range(30):
            try:
                done = self.command("send", provider, event, *named, *words)
            except RuntimeError as refused:
                if "no such source" not in str(refused):
                    raise
                sleep(2)
            else:
                sent: dict[str, Any] = json.loads(done)
                return sent
        raise AssertionError(f"{provider}/{source} is not known after a minute")


def lease_of(claimed: dict[str, Any]) -> dict[str, Any]:
    """Return what names the lease of a claimed task in a request."""
    return {"lease_id": claimed["lease"]["id"], "fence": claimed["lease"]["fence"]}


def signalbox(home: Path, *arguments: str) -> str:
    """Run a command and return what it prints.

    Raises:
        RuntimeError: It failed; the message is what it printed.
    """
    done = subprocess.run(  # noqa: S603 - our own program
        [_SIGNALBOX, "--home", str(home), *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"signalbox {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout
