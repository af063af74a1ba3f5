"""Build the handler of a function that receives the webhooks of one provider."""

from signalbox.aws.rejected_requests import DynamoRejectedRequests
from signalbox.aws.rejections import DynamoRejections
from signalbox.http.webhook import WebhookHandler
from signalbox.runtime.published_keys import PublishedKeyFetcher, SubscriptionConfirmer
from signalbox.runtime.telemetry import count_together, exported, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.deliveries.ack_latency import AckLatencies
from signalbox.services.deliveries.published_keys import PublishedKeyCache
from signalbox.services.deliveries.receive import ReceiveWebhook
from signalbox.services.deliveries.record_rejection import RecordRejection
from signalbox.services.ports.deliveries import Provider


def webhook(provider: Provider, wiring: Wiring | None = None) -> WebhookHandler:
    """Return the handler."""
    wired = wiring or Wiring()
    acks = AckLatencies()
    handler = WebhookHandler(
        provider=provider,
        acks=acks,
        clock=wired.clock,
        receive=ReceiveWebhook(
            provider=provider,
            config=wired.config,
            secrets=wired.secrets,
            tasks=wired.tasks,
            deliveries=wired.deliveries,
            clock=wired.clock,
            retention=wired.settings.retention,
            wait=wired.await_tasks,
            permission=wired.permission_within,
            published_keys=PublishedKeyCache(
                fetch=PublishedKeyFetcher(trusted=wired.settings.trusted), clock=wired.clock
            ),
            confirm=SubscriptionConfirmer(trusted=wired.settings.trusted),
            take_slot=wired.burst_slots,
            acks=acks,
        ),
        reject=RecordRejection(
            provider=provider.name,
            config=wired.config,
            store=DynamoRejections(table=wired.state_table),
            clock=wired.clock,
        ),
        record_rejected=DynamoRejectedRequests(table=wired.deliveries_table),
        limit=wired.settings.max_body_bytes,
        logger=logger(),
        count=count_together,
    )
    return exported(handler, "http", wired.telemetry_headers)
