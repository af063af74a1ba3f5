"""The implementation of `signalbox send`."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue, TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import track

from cli.api_client import session_for
from cli.errors import CommandError
from cli.locate import find_stack, local_stack
from cli.output import Output
from cli.target import Target
from cli.webhooks.octokit_examples import example_requests, tally, tally_by_event
from cli.webhooks.post import GITHUB_PATH, SentWebhook, WebhookRequest, post_webhook
from cli.webhooks.samples import load_sample, new_sample
from signalbox.services.deliveries.receive import DEFAULT_SOURCE

_PAYLOAD: Final = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOptions:
    """The options of a user."""

    event: str | None
    text: str | None = None
    file: Path | None = None
    delivery: str | None = None
    repeat: int = 1
    form: bool = False

    def hooks(self) -> Iterator[WebhookRequest]:
        """Yield the webhooks; with a delivery id the same one several times.

        Raises:
            CommandError: There is no such sample or file.
        """
        if self.delivery:
            return repeat(replace(self._hook(), delivery=self.delivery), self.repeat)
        return (self._hook() for _ in range(self.repeat))

    def _hook(self) -> WebhookRequest:
        event = self.event or ""
        if self.file is None:
            made = new_sample(load_sample("github", event), self.text)
            return WebhookRequest(event=made.event, payload=made.body, form=self.form)
        if self.text is not None:
            raise CommandError("--text is for our samples, not for a --file")
        try:
            payload = _PAYLOAD.validate_json(self.file.read_bytes())
        except ValidationError:
            raise CommandError(f"{self.file} is not a JSON object") from None
        return WebhookRequest(event=event.partition(".")[0], payload=payload, form=self.form)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """The URL of webhooks and the secret that signs them."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTarget:
    """A source of a stack; `url` and `secret` override those of the stack."""

    target: Target
    source: str = DEFAULT_SOURCE
    url: str | None = None
    secret: str | None = field(default=None, repr=False)

    def address(self) -> WebhookEndpoint:
        """Return the endpoint. The stack is read only if something is missing.

        Raises:
            CommandError: There is no secret or no such stack.
            Unreachable: The stack does not answer.
        """
        if self.secret:
            return WebhookEndpoint(url=self.url or self._base() + self._path, secret=self.secret)
        stack = find_stack(self.target)
        name = f"sources/github/{self.source}"
        secrets = stack.secrets.refresh(name)
        if not secrets:
            problem = f"{name} has no secret; `signalbox secrets set {name}` gives it one"
            raise CommandError(problem)
        return WebhookEndpoint(url=self.url or stack.base_url + self._path, secret=secrets[0])

    @property
    def _path(self) -> str:
        return (
            GITHUB_PATH
            if self.source == DEFAULT_SOURCE
            else f"{GITHUB_PATH}/{quote(self.source, safe='')}"
        )

    def _base(self) -> str:
        if self.target.url:
            return self.target.url.rstrip("/")
        return (
            local_stack(self.target).base_url
            if self.target.local
            else find_stack(self.target).base_url
        )


def send_webhooks(request: SendOptions, destination: SendTarget, output: Output) -> bool:
    """Send, print the responses, and return whether all were accepted."""
    hooks = list(request.hooks())
    to = destination.address()
    session = session_for(to.url)
    good = True
    for hook in hooks:
        sent = post_webhook(session, to.url, hook, to.secret)
        good = good and sent.good
        output.line(sent, _summary(sent))
    return good


def send_examples(path: Path, destination: SendTarget, output: Output, *, form: bool) -> bool:
    """Send every example, print the outcomes, and return whether all were accepted."""
    hooks = [replace(hook, form=form) for hook in example_requests(path)]
    to = destination.address()
    session = session_for(to.url)
    quiet = output.json or not sys.stderr.isatty()
    shown = track(hooks, "Sending", transient=True, disable=quiet, console=Console(stderr=True))
    answers = [post_webhook(session, to.url, hook, to.secret) for hook in shown]
    output.rows(
        [*tally_by_event(answers), tally("all", answers)],
        {
            "Event": lambda row: row.event,
            "Sent": lambda row: str(row.sent),
            "Status": lambda row: _counts(row.statuses),
            "Outcome": lambda row: _counts(row.outcomes),
            "Tasks": lambda row: str(row.tasks),
        },
    )
    return all(sent.good for sent in answers)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {what}" for what, count in sorted(counts.items()))


def _summary(sent: SentWebhook) -> str:
    words = [
        str(sent.status),
        "duplicate" if sent.duplicate else sent.outcome,
        sent.delivery_id or "",
        *sent.task_ids,
        f"({sent.milliseconds} ms)",
    ]
    line = "  ".join(word for word in words if word)
    return "\n".join((line, *(f"     {note}" for note in sent.notes)))
