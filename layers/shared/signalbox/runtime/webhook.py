"""Builds the handler of a function that receives the webhooks of one provider."""

from signalbox.aws.rejections import DynamoRejections
from signalbox.aws.unkept import DynamoUnkept
from signalbox.http.webhook import WebhookHandler
from signalbox.runtime.telemetry import count, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.ports import Provider
from signalbox.services.receive import ReceiveWebhook
from signalbox.services.reject import NoteRejection


def webhook(provider: Provider, wiring: Wiring | None = None) -> WebhookHandler:
    """The handler."""
    wired = wiring or Wiring()
    return WebhookHandler(
        receive=ReceiveWebhook(
            provider=provider,
            config=wired.config,
            secrets=wired.secrets,
            tasks=wired.tasks,
            deliveries=wired.deliveries,
            clock=wired.clock,
            retention=wired.settings.retention,
        ),
        reject=NoteRejection(
            provider=provider.name,
            config=wired.config,
            store=DynamoRejections(table=wired.state_table),
            clock=wired.clock,
        ),
        unkept=DynamoUnkept(table=wired.deliveries_table),
        limit=wired.settings.max_body_bytes,
        logger=logger(),
        count=count,
    )
