"""Builds the handler of the function that takes the dead letters of all queues."""

from datetime import UTC, datetime

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from pydantic import TypeAdapter

from signalbox.models.messages import NotificationMessage, TaskMessage
from signalbox.runtime.messages import Handler, each_message
from signalbox.runtime.telemetry import count, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.bury import BuryDead

_message = TypeAdapter[NotificationMessage | TaskMessage](NotificationMessage | TaskMessage)


def dead_letters(wiring: Wiring | None = None) -> Handler:
    """The handler. A dead letter that cannot be buried comes back until SQS forgets it.

    Both those and the buried ones raise the alarm of their queue, since they were received.
    """
    wired = wiring or Wiring()
    bury = BuryDead(tasks=wired.tasks, notifications=wired.notifications, clock=wired.clock)
    log = logger()
    return each_message(lambda record: _bury(record, bury, log), log, count)


def _bury(record: SQSRecord, bury: BuryDead, log: Logger) -> None:
    message = _message.validate_json(record.body)
    if isinstance(message, NotificationMessage):
        bury.notification(message.task_id, message.notification_id)
    else:
        sent = int(record.attributes.sent_timestamp) / 1000  # kept on the way to the dead letters
        bury.task(message.task_id, datetime.fromtimestamp(sent, UTC))
    log.error("dead letter", extra=message.model_dump())
