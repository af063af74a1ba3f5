"""What a local stack starts with, so that it can be tried.

It gets an API key, GitHub's default source, which accepts everybody's commands, with a secret, and
a subscription that notifies the echo target as if it were Slack. Whatever exists is left unchanged.
"""

from __future__ import annotations

import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from cli.local import local_key
from cli.local.banner import BannerLine
from cli.stack import Stack, describe_stack
from cli.webhooks.post import WebhookRequest
from cli.webhooks.samples import load_sample, new_sample
from signalbox.auth.api_keys import new_key
from signalbox.models.connection import Connection
from signalbox.models.ids import ConnectionId, SubscriptionId
from signalbox.models.provider_setup import webhook_path
from signalbox.models.source import DEFAULT_SOURCE, CommandPermission, Source
from signalbox.models.subscription import Subscription
from signalbox.runtime.registry import providers
from signalbox.services.ports.time import utc_now

if TYPE_CHECKING:
    from cli.local.stack import Deployed

GITHUB: Final = "sources/github/default"
DEMO: Final = "demo-slack"
SLACK_HOOK_PATH: Final = "/services/T00000000/B00000000/local"

_EXAMPLE: Final = "example.json"
_TEXT: Final = "/agent fix the login"


class SeedResult(BaseModel):
    """What the stack got."""

    model_config = ConfigDict(frozen=True)

    notes: tuple[BannerLine, ...] = ()


def seed_local_stack(deployed: Deployed, home: Path) -> SeedResult:
    """Seed the stack. It runs after every deploy; what only we know is stored in `home`."""
    stack = describe_stack(
        deployed.session,
        deployed.name,
        endpoint_url=deployed.endpoint_url,
        base_url=deployed.base_url,
    )
    return seed_stack(stack, deployed.echo_url, home)


def seed_stack(stack: Stack, echo_url: str, home: Path) -> SeedResult:
    """Add what the stack does not have yet."""
    key = _key(stack, home)
    secret = _secret(stack)
    _demo(stack, echo_url)
    notes = (
        BannerLine(label="API key", text=key),
        BannerLine(label="Try", text=_curl(stack.base_url, secret, home)),
        BannerLine(
            label="or", text=f"signalbox send github issue_comment --text {shlex.quote(_TEXT)}"
        ),
    )
    return SeedResult(notes=notes)


def _key(stack: Stack, home: Path) -> str:
    """Return the earlier key, or another one if it was revoked."""
    known = local_key.read_local_key(home)
    there = stack.keys.find(known.stored.id) if known else None
    if known is None or (there and there.revoked_at):
        made = new_key(
            stack.outputs.key_environment,
            name="local",
            roles=("admin",),
            scopes=(),
            created_by="signalbox up",
            now=utc_now(),
        )
        known, there = local_key.LocalKey(text=made.text, stored=made.stored), None
        local_key.write_local_key(home, known)
    if there is None:
        stack.keys.put(known.stored)
    return known.text


def _secret(stack: Stack) -> str:
    stack.secrets.put_new(GITHUB, [secrets.token_urlsafe(32)])
    if stack.config.source("github", DEFAULT_SOURCE) is None:
        # nobody's write access can be checked for the repositories of samples
        stack.config.put(Source(provider="github", permission=CommandPermission.OFF))
    return stack.secrets.refresh(GITHUB)[0]


def _demo(stack: Stack, echo_url: str) -> None:
    name = f"connections/{DEMO}"
    hook = echo_url + SLACK_HOOK_PATH
    if tuple(stack.secrets.refresh(name)) != (hook,):  # the port may be another one now
        stack.secrets.put(name, [hook])
    if DEMO not in {connection.id for connection in stack.config.connections()}:
        stack.config.put(Connection(id=ConnectionId(DEMO), connector="slack"))
    if DEMO not in {subscription.id for subscription in stack.config.subscriptions()}:
        stack.config.put(Subscription(id=SubscriptionId(DEMO), connection=ConnectionId(DEMO)))


def _curl(base_url: str, secret: str, home: Path) -> str:
    """Return a command that sends a signed webhook; sent twice, the second is a duplicate."""
    github = providers()["github"]()
    sample = new_sample(github, load_sample(github.name, "issue_comment"), _TEXT)
    url = base_url + webhook_path(github.name)
    request = WebhookRequest(provider=github, sample=sample).signed(secret, url)
    body = home / _EXAMPLE
    body.write_bytes(request.body)
    headers = (
        f"-H {shlex.quote(f'{name}: {value}')}"
        for name, value in request.headers.items()
        if name != "host"
    )
    sent = f"--data-binary @{shlex.quote(str(body))}"
    return " \\\n    ".join((f"curl -i {url}", *headers, sent))
