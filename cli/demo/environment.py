"""What a story is played on: the API, GitHub's webhook, the echo target, and a clock."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

import requests
from pydantic import BaseModel, TypeAdapter, ValidationError

from cli.api_client import ApiClient, connect_api, session_for
from cli.errors import CommandError, Unreachable
from cli.local.echo import ReceivedRequest
from cli.locate import local_stack
from cli.output import strip_controls
from cli.target import PROJECT, Target
from cli.webhooks.post import SentWebhook, WebhookRequest, post_webhook
from cli.webhooks.send import SendTarget, WebhookEndpoint

T = TypeVar("T")

_RECEIVED: Final = TypeAdapter(list[ReceivedRequest])
_LOOK: Final = 0.2
_PATIENCE: Final = 10.0


class StepFailed(CommandError):
    """The story did not go as it must."""


class _Message(BaseModel):
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoEnvironment:
    """Everything a story needs; `tell` prints a line with the seconds since the start."""

    target: Target
    api: ApiClient
    address: WebhookEndpoint
    echo_url: str
    session: requests.Session
    started: float = field(default_factory=time.monotonic)

    def tell(self, text: str) -> None:
        """One thing that happened."""
        print(f"   {time.monotonic() - self.started:6.2f} s  {strip_controls(text)}", flush=True)

    def send(self, hook: WebhookRequest, secret: str | None = None) -> SentWebhook:
        """Post the webhook, signed with the source's secret if no other is given."""
        return post_webhook(self.session, self.address.url, hook, secret or self.address.secret)

    def slack_said(self, about: str) -> list[str]:
        """Return the first lines of the Slack messages about a task, the oldest first."""
        try:
            answer = self.session.get(f"{self.echo_url}/received", timeout=_PATIENCE)
            messages = _RECEIVED.validate_json(answer.content)
        except (requests.RequestException, ValidationError) as failure:
            raise Unreachable(f"{self.echo_url} is no echo target") from failure
        return [_text(message.body) for message in messages if about in message.body]

    @contextmanager
    def worker(self, name: str, lease: int, command: str) -> Iterator[subprocess.Popen[bytes]]:
        """`signalbox work` in a process of its own; gone at the end whatever happens."""
        home = f"--home={self.target.home}"
        words = ["work", f"--worker={name}", f"--lease={lease}", "--", command]
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", home, *words],
            cwd=PROJECT,
            env={**os.environ, "SIGNALBOX_API_KEY": self.api.key},
            stdout=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def wait_for(what: str, seconds: float, look: Callable[[], T | None]) -> T:
    """Return what is seen as soon as it is.

    Raises:
        StepFailed: If it is not in time.
    """
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise StepFailed(f"{what}: not within {seconds:g} seconds")
        time.sleep(_LOOK)


def expect(met: bool, otherwise: str) -> None:
    """Check whether it is valid.

    Raises:
        StepFailed: If it is not met.
    """
    if not met:
        raise StepFailed(otherwise)


def demo_environment(target: Target) -> DemoEnvironment:
    """Return the stage of the local stack.

    Raises:
        Unreachable: If it is not up.
    """
    running = local_stack(target)
    return DemoEnvironment(
        target=target,
        api=connect_api(target),
        address=SendTarget(target=target).address(),
        echo_url=running.echo_url,
        session=session_for(running.base_url),
    )


def _text(body: str) -> str:
    try:
        return _Message.model_validate_json(body).text
    except ValidationError:
        return body
