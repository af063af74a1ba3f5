"""What the scenario runs in: the API, the webhook of a provider, the echo target and a clock."""

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
from cli.demo.webhooks import DemoWebhook, demo_endpoint
from cli.errors import CommandError, Unreachable
from cli.local.echo import ReceivedRequest
from cli.locate import local_stack
from cli.operator_client import OperatorClient
from cli.output import strip_controls
from cli.target import PROJECT, Target
from cli.webhooks.post import SentWebhook, WebhookRequest, post_webhook
from cli.webhooks.send import WebhookEndpoint

T = TypeVar("T")

_RECEIVED: Final = TypeAdapter(list[ReceivedRequest])
_POLL_SECONDS: Final = 0.2
_TIMEOUT: Final = 10.0


class StepFailed(CommandError):
    """A step of the scenario did not end as expected."""


class _Message(BaseModel):
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoEnvironment:
    """The environment of the scenario; `tell` prints a line with the seconds since the start."""

    target: Target
    api: ApiClient
    address: WebhookEndpoint
    webhook: DemoWebhook
    echo_url: str
    session: requests.Session
    started: float = field(default_factory=time.monotonic)

    def tell(self, text: str) -> None:
        """Print what happened."""
        print(f"   {time.monotonic() - self.started:6.2f} s  {strip_controls(text)}", flush=True)

    def send(self, hook: WebhookRequest, secret: str | None = None) -> SentWebhook:
        """Send the webhook, signed with the secret of the source unless another is given."""
        return post_webhook(self.session, self.address.url, hook, secret or self.address.secret)

    def tasks_of(self, sent: SentWebhook) -> tuple[str, ...]:
        """Return the tasks of a delivery, also where the provider expects another answer."""
        if sent.task_ids or not sent.delivery_id:
            return sent.task_ids
        return OperatorClient(api=self.api).delivery(sent.delivery_id).task_ids

    def slack_said(self, about: str) -> list[str]:
        """Return the first lines of the Slack messages about a task, oldest first."""
        try:
            answer = self.session.get(f"{self.echo_url}/received", timeout=_TIMEOUT)
            messages = _RECEIVED.validate_json(answer.content)
        except (requests.RequestException, ValidationError) as failure:
            raise Unreachable(f"{self.echo_url} is no echo target") from failure
        return [_text(message.body) for message in messages if about in message.body]

    @contextmanager
    def worker(self, name: str, lease: int, command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run `signalbox work` in a process that ends with the context."""
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
    """Return what `look` returns as soon as it is not None.

    Raises:
        StepFailed: It takes too long.
    """
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise StepFailed(f"{what}: not within {seconds:g} seconds")
        time.sleep(_POLL_SECONDS)


def expect(met: bool, otherwise: str) -> None:
    """Check that a condition holds.

    Raises:
        StepFailed: It does not.
    """
    if not met:
        raise StepFailed(otherwise)


def demo_environment(target: Target, webhook: DemoWebhook) -> DemoEnvironment:
    """Return the environment of the local stack.

    Raises:
        CommandError: Nothing can be sent to it.
        Unreachable: The stack is not running.
    """
    running = local_stack(target)
    return DemoEnvironment(
        target=target,
        api=connect_api(target),
        address=demo_endpoint(target, webhook),
        webhook=webhook,
        echo_url=running.echo_url,
        session=session_for(running.base_url),
    )


def _text(body: str) -> str:
    try:
        return _Message.model_validate_json(body).text
    except ValidationError:
        return body
