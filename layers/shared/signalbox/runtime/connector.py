"""Builds the handler of a function that delivers the notifications of one connector."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from signalbox.aws.dynamo import reaching
from signalbox.egress.transport import Http
from signalbox.models.messages import NotificationMessage
from signalbox.runtime.messages import ComeBack, Handler, each_message
from signalbox.runtime.telemetry import count, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.circuits import Circuits
from signalbox.services.deliver import DeliverNotification, Later
from signalbox.services.ports import Connector, Count

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_HIDDEN_AT_MOST: Final = 43_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deliver:
    deliver: DeliverNotification
    sqs: "SQSClient"
    url: str
    logger: Logger
    count: Count

    def __call__(self, record: SQSRecord) -> None:
        """Makes one attempt for one message. Raises ComeBack where it must come back."""
        message = NotificationMessage.model_validate_json(record.body)
        outcome = self.deliver(message.task_id, message.notification_id)
        connector = self.deliver.connector.name
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
            raise ComeBack

    def _hide(self, record: SQSRecord, seconds: int) -> None:
        with reaching("the queue"):
            self.sqs.change_message_visibility(
                QueueUrl=self.url,
                ReceiptHandle=record.receipt_handle,
                VisibilityTimeout=min(max(seconds, 0), _HIDDEN_AT_MOST),
            )


def connector(make: Callable[[Http], Connector], wiring: Wiring | None = None) -> Handler:
    """The handler, for the connector that `make` makes."""
    wired = wiring or Wiring()
    made = make(Http(trusted=wired.settings.trusted))
    log = logger()
    return each_message(
        _Deliver(
            deliver=DeliverNotification(
                connector=made,
                notifications=wired.notifications,
                config=wired.config,
                secrets=wired.secrets,
                circuits=Circuits(store=wired.circuits, clock=wired.clock, random=wired.random),
                clock=wired.clock,
                random=wired.random,
            ),
            sqs=wired.sqs,
            url=wired.notices.urls[made.name],
            logger=log,
            count=count,
        ),
        log,
        count,
    )
