"""Build the handler of a function that sends the notifications of one connector."""

from collections.abc import Callable
from logging import Logger
from math import ceil
from typing import TYPE_CHECKING, Final

from signalbox.aws.dynamo_table import aws_unavailable
from signalbox.egress.access_tokens import AccessTokens
from signalbox.egress.authorized import AuthorizedConnector
from signalbox.egress.certified import CertifiedConnector
from signalbox.egress.connector import Clients
from signalbox.egress.http_client import HttpClient
from signalbox.egress.references import References
from signalbox.egress.refreshed_tokens import RefreshedTokens
from signalbox.models.frozen import frozen
from signalbox.models.queue_messages import NotificationMessage
from signalbox.runtime.sqs_batch import (
    LambdaHandler,
    RetryMessage,
    SqsRecord,
    sqs_batch_handler,
)
from signalbox.runtime.telemetry import count, exported, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.notifications.circuits import CircuitBreakers
from signalbox.services.notifications.deliver import DeliverNotification
from signalbox.services.notifications.make_attempt import MakeAttempt
from signalbox.services.notifications.outcomes import Later
from signalbox.services.notifications.slots import SendSlots
from signalbox.services.notifications.wait_in_order import WaitInOrder
from signalbox.services.ports.metrics import Count
from signalbox.services.ports.notifications import Connector

if TYPE_CHECKING:
    from signalbox.aws.protocols import SqsApi

CALLS_AT_ONCE: Final = 10
"""How many messages of a batch are sent at the same time."""

_MAX_VISIBILITY_SECONDS: Final = 43_000


@frozen
class _DeliverHandler:
    deliver: DeliverNotification
    sqs: "SqsApi"
    url: str
    logger: Logger
    count: Count

    def __call__(self, record: SqsRecord) -> None:
        """Make one attempt for one message.

        Raises:
            RetryMessage: The message must be received again.
        """
        message = NotificationMessage.model_validate_json(record.body)
        outcome = self.deliver(message.task_id, message.notification_id)
        connector = self.deliver.attempt.connector.name
        self.count("Notifications", {"connector": connector, "outcome": outcome.result})
        self.logger.info(
            "notification",
            extra={
                "connector": connector,
                "notification_id": message.notification_id,
                "task_id": message.task_id,
                "outcome": outcome.result,
                "reason": outcome.reason,
            },
        )
        if isinstance(outcome, Later):
            self._hide(record, ceil(outcome.after.total_seconds()))
            raise RetryMessage

    def _hide(self, record: SqsRecord, seconds: int) -> None:
        with aws_unavailable("the queue"):
            self.sqs.change_message_visibility(
                QueueUrl=self.url,
                ReceiptHandle=record.receipt_handle,
                VisibilityTimeout=min(max(seconds, 0), _MAX_VISIBILITY_SECONDS),
            )


def connector(make: Callable[[Clients], Connector], wiring: Wiring | None = None) -> LambdaHandler:
    """Return the handler for the connector that `make` creates."""
    wired = wiring or Wiring()
    http = HttpClient(trusted=wired.settings.trusted)

    def made_with(client: HttpClient) -> Connector:
        references = References(store=wired.references, clock=wired.clock)
        return make(Clients(http=client, references=references, aws=wired.aws_targets))

    made = CertifiedConnector(
        connector=made_with(http),
        make=lambda tls: made_with(HttpClient(trusted=wired.settings.trusted, tls=tls)),
        secrets=wired.secrets,
    )
    log = logger()
    handler = sqs_batch_handler(
        _DeliverHandler(
            deliver=DeliverNotification(
                attempt=MakeAttempt(
                    connector=_authorized(made, http, wired),
                    config=wired.config,
                    secrets=wired.secrets,
                    clock=wired.clock,
                    random=wired.random,
                ),
                notifications=wired.notifications,
                config=wired.config,
                circuits=CircuitBreakers(
                    store=wired.circuits, clock=wired.clock, random=wired.random
                ),
                slots=SendSlots(
                    take=wired.send_slots, notifications=wired.notifications, clock=wired.clock
                ),
                order=WaitInOrder(
                    order=wired.notification_order,
                    notifications=wired.notifications,
                    clock=wired.clock,
                ),
                clock=wired.clock,
                digests=wired.digests,
            ),
            sqs=wired.sqs,
            url=wired.notification_queue.urls[made.name],
            logger=log,
            count=count,
        ),
        log,
        count,
        workers=CALLS_AT_ONCE,
    )
    return exported(handler, "pubsub", wired.telemetry_headers)


def _authorized(made: Connector, http: HttpClient, wired: Wiring) -> Connector:
    return AuthorizedConnector(
        connector=made,
        tokens=AccessTokens(http=http, clock=wired.clock),
        refreshed=RefreshedTokens(
            http=http, clock=wired.clock, grants=wired.grants, locks=wired.refresh_locks
        ),
    )
