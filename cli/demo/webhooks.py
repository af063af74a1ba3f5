"""The webhook with which the scenario begins, and the source that it is sent to."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from cli.errors import CommandError
from cli.local.local_key import read_local_key
from cli.locate import find_stack
from cli.stack import Stack
from cli.target import Target
from cli.webhooks.post import WebhookRequest
from cli.webhooks.samples import WebhookSample, load_sample, new_sample, sample_names
from cli.webhooks.send import SendTarget, WebhookEndpoint, provider_named
from signalbox.models.config_resource import SOURCE_SECRETS, secret_path
from signalbox.models.ids import DeliveryId
from signalbox.models.source import CommandPermission, Source
from signalbox.services.deliveries.plan_tasks import DeliveryContext, plan_tasks
from signalbox.services.ports.deliveries import Provider
from signalbox.services.ports.time import utc_now

_TEXT: Final = "/agent fix the login"
_SOURCE: Final = "demo"
REPLYING_SOURCE: Final = "demo-replies"
DEFAULT_PROVIDER: Final = "github"
"""The provider that the local stack has a source for from the start."""

_EVERY_EVENT: Final = ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoWebhook:
    """A sample, sent with this text, of which a source with these `events` makes one task.

    A source with a `token` answers where the task came from.
    """

    provider: Provider
    sample: WebhookSample
    text: str | None = None
    events: tuple[str, ...] = ()
    token: str | None = None

    @property
    def source(self) -> Source:
        """Return the source that it is sent to."""
        return Source(
            provider=self.provider.name,
            name=_SOURCE if self.token is None else REPLYING_SOURCE,
            events=self.events,
            permission=CommandPermission.OFF,
            settings=self.sample.settings,
        )

    def new(self) -> WebhookRequest:
        """Return the webhook, each time of another comment."""
        sample = new_sample(self.provider, self.sample, self.text)
        return WebhookRequest(provider=self.provider, sample=sample)


def demo_webhook(name: str) -> DemoWebhook:
    """Return the webhook of this provider that shows best how a task is created.

    A comment comes first, in which our command can be written; then a sample with a command of its
    own, then any event.

    Raises:
        CommandError: There is no such provider, or none of its samples creates exactly one task.
    """
    provider = provider_named(name)
    for webhook in _candidates(provider):
        with suppress(CommandError):
            if _creates_one_task(webhook):
                return webhook
    raise CommandError(f"no sample of {name} creates exactly one task")


def demo_endpoint(target: Target, webhook: DemoWebhook) -> WebhookEndpoint:
    """Return where the webhook is sent: a source of its own, which is created if it is missing.

    The local stack has a source and a secret for GitHub already.

    Raises:
        CommandError: The local stack has no API key.
        Unreachable: The stack does not answer.
    """
    provider = webhook.provider
    if provider.name == DEFAULT_PROVIDER and webhook.token is None:
        return SendTarget(target=target, provider=provider.name).address()
    key = read_local_key(target.home)
    if key is None:
        raise CommandError("the local stack has no API key")
    # not random, as only the public half of a pair can be read back
    secret = hmac.digest(key.text.encode(), provider.name.encode(), hashlib.sha256).hex()
    stack = find_stack(target)
    source = webhook.source
    if webhook.token is not None:
        _put_secret(stack, source.token_name, webhook.token)
    if stack.config.source(provider.name, source.name) != source:
        stack.config.put(source)
    name = secret_path(SOURCE_SECRETS, provider.name, source.name)
    _put_secret(stack, name, provider.verification_secret(secret))
    return SendTarget(
        target=target, provider=provider.name, source=source.name, secret=secret
    ).address()


def _put_secret(stack: Stack, name: str, secret: str) -> None:
    if tuple(stack.secrets.refresh(name)) != (secret,):
        stack.secrets.put(name, [secret])


def _candidates(provider: Provider) -> Iterator[DemoWebhook]:
    names = sorted(
        sample_names(provider.name), key=lambda name: ("comment" not in name, len(name), name)
    )
    samples = [load_sample(provider.name, name) for name in names]
    for text, events in ((_TEXT, ()), (None, ()), (None, _EVERY_EVENT)):
        for sample in samples:
            configured = provider.with_settings(sample.settings)
            yield DemoWebhook(provider=configured, sample=sample, text=text, events=events)


def _creates_one_task(webhook: DemoWebhook) -> bool:
    provider = webhook.provider
    context = DeliveryContext(
        id=DeliveryId("dlv_demo"),
        key="demo",
        source=webhook.source,
        at=utc_now(),
        request_id=None,
        retention=0,
    )
    parsed = provider.parse(webhook.new().sample.request())
    return len(plan_tasks(parsed, context).tasks) == 1
