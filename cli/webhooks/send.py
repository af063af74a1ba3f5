"""The implementation of `signalbox send`."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import JsonValue, TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import track

from cli.api_client import session_for
from cli.errors import CommandError
from cli.locate import find_stack, local_stack
from cli.output import Output
from cli.target import Target
from cli.webhooks.octokit_examples import example_webhooks, tally, tally_by_event
from cli.webhooks.post import (
    SentWebhook,
    WebhookRequest,
    github_sample,
    post_webhook,
)
from cli.webhooks.samples import WebhookSample, load_sample, new_sample
from signalbox.models.config_resource import SOURCE_SECRETS, secret_path
from signalbox.models.event_vocabulary import suggest
from signalbox.models.provider_setup import webhook_path
from signalbox.models.source import DEFAULT_SOURCE, Source
from signalbox.runtime.registry import providers
from signalbox.services.ports.deliveries import Provider

_PAYLOAD: Final = TypeAdapter(dict[str, JsonValue])
_GITHUB: Final = "github"
_SLACK: Final = "slack"
_SLACK_RESPONSES: Final = "https://hooks.slack.com"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})


def provider_named(name: str) -> Provider:
    """Return the provider of this name.

    Raises:
        CommandError: There is none.
    """
    known = providers()
    if name not in known:
        raise CommandError(f"there is no provider {name}; {suggest(name, known)}")
    return known[name]()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOptions:
    """The options of a user."""

    event: str
    text: str | None = None
    file: Path | None = None
    delivery: str | None = None
    repeat: int = 1
    form: bool = False

    def hooks(self, provider: Provider) -> Iterator[WebhookRequest]:
        """Yield the webhooks; with a delivery id the same one several times.

        Raises:
            CommandError: There is no such sample or file.
        """
        if not self.delivery:
            return (self._hook(provider) for _ in range(self.repeat))
        if not provider.delivery_header:
            raise CommandError(f"{provider.name} has no header for the id of a delivery")
        return repeat(replace(self._hook(provider), delivery=self.delivery), self.repeat)

    def _hook(self, provider: Provider) -> WebhookRequest:
        sample = self._recorded(provider) if self.file is None else self._given(provider, self.file)
        return WebhookRequest(provider=provider, sample=sample.as_form() if self.form else sample)

    def _recorded(self, provider: Provider) -> WebhookSample:
        return new_sample(provider, load_sample(provider.name, self.event), self.text)

    def _given(self, provider: Provider, file: Path) -> WebhookSample:
        if self.text is not None:
            raise CommandError("--text is for our samples, not for a --file")
        try:
            payload = _PAYLOAD.validate_json(file.read_bytes())
        except ValidationError:
            raise CommandError(f"{file} is not a JSON object") from None
        if provider.name == _GITHUB:
            return github_sample(self.event.partition(".")[0], payload)
        return load_sample(provider.name, self.event).model_copy(update={"body": payload})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """The URL of a source, the secret that signs for it, and its configured provider.

    `source` is None if its configuration was not read, or if it has none. `stored` marks the secret
    of the stack, by which requests are verified; with a key pair it signs nothing.
    """

    url: str
    provider: Provider
    secret: str = field(repr=False)
    source: Source | None = None
    stored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTarget:
    """A source of a stack; `url` and `secret` override those of the stack."""

    target: Target
    provider: str
    source: str = DEFAULT_SOURCE
    url: str | None = None
    secret: str | None = field(default=None, repr=False)

    def address(self) -> WebhookEndpoint:
        """Return the endpoint. The stack is read only if something is missing.

        Raises:
            CommandError: There is no such provider, no secret, no such stack, or a source whose
                webhooks only the service can sign.
            Unreachable: The stack does not answer.
        """
        provider = provider_named(self.provider)
        path = webhook_path(self.provider, self.source)
        if self.secret:
            url = self.url or self._base() + path
            return WebhookEndpoint(url=url, secret=self.secret, provider=provider)
        stack = find_stack(self.target)
        source = stack.config.source(self.provider, self.source)
        provider = provider.with_settings(source.settings if source else {})
        if not provider.uses_secret:
            key = f"{self.provider}/{self.source}"
            raise CommandError(
                f"{key} is verified by keys that its service publishes, so only it can sign"
            )
        name = secret_path(SOURCE_SECRETS, self.provider, self.source)
        secrets = stack.secrets.refresh(name)
        if not secrets:
            problem = f"{name} has no secret; `signalbox secrets set {name}` gives it one"
            raise CommandError(problem)
        return WebhookEndpoint(
            url=self.url or stack.base_url + path,
            secret=secrets[0],
            provider=provider,
            source=source,
            stored=True,
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
    to = destination.address()
    hooks = [at_double(hook, to.source) for hook in request.hooks(to.provider)]
    session = session_for(to.url)
    good = True
    for hook in hooks:
        sent = post_webhook(session, to.url, hook, to.secret)
        good = good and sent.good
        output.line(sent, _summary(sent))
    return good


def at_double(hook: WebhookRequest, source: Source | None) -> WebhookRequest:
    """Return a webhook of Slack with its `response_url` at the double that its source calls."""
    api_url = str(source.settings.get("api_url", "")) if source else ""
    if hook.provider.name != _SLACK or urlsplit(api_url).hostname not in _LOOPBACK:
        return hook
    sample = hook.sample.moved(_SLACK_RESPONSES, api_url.removesuffix("/api"))
    return replace(hook, sample=sample)


def send_examples(path: Path, destination: SendTarget, output: Output, *, form: bool) -> bool:
    """Send every example, print the outcomes, and return whether all were accepted."""
    to = destination.address()
    if to.provider.name != _GITHUB:
        raise CommandError("--all sends the examples of GitHub; other providers have none")
    hooks = [
        WebhookRequest(provider=to.provider, sample=sample.as_form() if form else sample)
        for sample in example_webhooks(path)
    ]
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
