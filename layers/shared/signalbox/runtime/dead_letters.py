"""Build the handler of the function that receives the dead letters of all queues."""

from datetime import UTC, datetime
from logging import Logger

from pydantic import TypeAdapter

from signalbox.models.base import DEFERRED
from signalbox.models.queue_messages import NotificationMessage, TaskMessage
from signalbox.runtime.sqs_batch import LambdaHandler, SqsRecord, sqs_batch_handler
from signalbox.runtime.telemetry import count, exported, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.queues.dead_letters import FailDeadLetter

_message = TypeAdapter[NotificationMessage | TaskMessage](
    NotificationMessage | TaskMessage, config=DEFERRED
)


def dead_letters(wiring: Wiring | None = None) -> LambdaHandler:
    """Return the handler.

    A dead letter that cannot be processed is received again until it expires.

    Every dead letter raises the alarm of its queue, since it was received.
    """
    wired = wiring or Wiring()
    fail_dead_letter = FailDeadLetter(
        tasks=wired.tasks, notifications=wired.notifications, clock=wired.clock
    )
    log = logger()
    handler = sqs_batch_handler(lambda record: _fail(record, fail_dead_letter, log), log, count)
    return exported(handler, "pubsub", wired.telemetry_headers)


def _fail(record: SqsRecord, fail_dead_letter: FailDeadLetter, log: Logger) -> None:
    message = _message.validate_json(record.body)
    if isinstance(message, NotificationMessage):
        fail_dead_letter.notification(message.task_id, message.notification_id)
    else:
        sent = int(record.attributes["SentTimestamp"]) / 1000  # kept on the way to the dead letters
        fail_dead_letter.task(message.task_id, datetime.fromtimestamp(sent, UTC))
    log.error("dead letter", extra=message.model_dump())
