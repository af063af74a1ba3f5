"""What a local stack is given, so that there is something to try.

An API key, a secret for GitHub's default source, and a subscription that tells the echo target of
every task as if it were Slack. Whatever of it is there already is left alone.
"""

from __future__ import annotations

import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from cli.hooks.post import PATH, Hook
from cli.hooks.samples import renewed, sample
from cli.local import seeded
from cli.local.notes import Note
from cli.stack import Stack, described
from signalbox.auth.keys import new_key
from signalbox.models.config import Connection, Subscription
from signalbox.models.ids import ConnectionId, SubscriptionId
from signalbox.runtime.wiring import now

if TYPE_CHECKING:
    from cli.local.stack import Deployed

GITHUB: Final = "sources/github/default"
DEMO: Final = "demo-slack"
HOOK: Final = "/services/T00000000/B00000000/local"

_EXAMPLE: Final = "example.json"
_TEXT: Final = "/agent fix the login"


class Seeded(BaseModel):
    """What the stack was given."""

    model_config = ConfigDict(frozen=True)

    notes: tuple[Note, ...] = ()


def seed(deployed: Deployed, home: Path) -> Seeded:
    """Runs after every deploy. What only we know of it is kept in `home`."""
    stack = described(
        deployed.session,
        deployed.name,
        endpoint_url=deployed.endpoint_url,
        base_url=deployed.base_url,
    )
    return give(stack, deployed.echo_url, home)


def give(stack: Stack, echo_url: str, home: Path) -> Seeded:
    """Gives a stack what it does not have yet."""
    key = _key(stack, home)
    secret = _secret(stack)
    _demo(stack, echo_url)
    notes = (
        Note(label="API key", text=key),
        Note(label="Try", text=_curl(stack.base_url, secret, home)),
        Note(label="or", text=f"signalbox send github issue_comment --text {shlex.quote(_TEXT)}"),
    )
    return Seeded(notes=notes)


def _key(stack: Stack, home: Path) -> str:
    """The key of the last time; another one where it was revoked meanwhile."""
    known = seeded.read(home)
    there = stack.keys.find(known.stored.id) if known else None
    if known is None or (there and there.revoked_at):
        made = new_key(
            stack.outputs.key_environment,
            name="local",
            roles=("admin",),
            scopes=(),
            created_by="signalbox up",
            now=now(),
        )
        known, there = seeded.SeededKey(text=made.text, stored=made.stored), None
        seeded.keep(home, known)
    if there is None:
        stack.keys.put(known.stored)
    return known.text


def _secret(stack: Stack) -> str:
    stack.secrets.put_new(GITHUB, [secrets.token_urlsafe(32)])
    return stack.secrets.refreshed(GITHUB)[0]


def _demo(stack: Stack, echo_url: str) -> None:
    name = f"connections/{DEMO}"
    hook = echo_url + HOOK
    if tuple(stack.secrets.refreshed(name)) != (hook,):  # the port may be another one now
        stack.secrets.put(name, [hook])
    if DEMO not in {connection.id for connection in stack.config.connections()}:
        stack.config.put(Connection(id=ConnectionId(DEMO), connector="slack"))
    if DEMO not in {subscription.id for subscription in stack.config.subscriptions()}:
        stack.config.put(Subscription(id=SubscriptionId(DEMO), connection=ConnectionId(DEMO)))


def _curl(base_url: str, secret: str, home: Path) -> str:
    """A signed webhook; sent twice, the second one is a duplicate."""
    made = renewed(sample("github", "issue_comment"), _TEXT)
    hook = Hook(event=made.event, payload=made.body)
    body = home / _EXAMPLE
    body.write_bytes(hook.body)
    headers = (
        f"-H {shlex.quote(f'{name}: {value}')}" for name, value in hook.headers(secret).items()
    )
    sent = f"--data-binary @{shlex.quote(str(body))}"
    return " \\\n    ".join((f"curl -i {base_url}{PATH}", *headers, sent))
