"""The handler of functions that receive messages from SQS: each message by itself."""

from collections.abc import Callable
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue

from signalbox.http.problems import error_fields
from signalbox.services.ports.metrics import Count

LambdaEvent = dict[str, JsonValue]
LambdaHandler = Callable[[LambdaEvent, LambdaContext], PartialItemFailureResponse]

_RESERVE_MILLISECONDS: Final = 20_000


class RetryMessage(Exception):
    """The message must be received again."""


def sqs_batch_handler(
    handle: Callable[[SQSRecord], None], logger: Logger, count: Count
) -> LambdaHandler:
    """Return a Lambda handler.

    A message whose `handle` raises is received again; the others are done.

    Lambda does not count that as an error, so it is counted here, for an alarm. Messages for which
    no time is left are received again too, which is not a failure.
    """

    def handler(event: LambdaEvent, context: LambdaContext) -> PartialItemFailureResponse:
        def one(record: SQSRecord) -> None:
            if context.get_remaining_time_in_millis() < _RESERVE_MILLISECONDS:
                raise RetryMessage
            try:
                handle(record)
            except RetryMessage:
                raise
            except Exception as error:
                extra = {"message_id": record.message_id, **error_fields(error)}
                logger.error("message failed", extra=extra)
                count("MessagesFailed", {})
                raise

        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        return process_partial_response(
            event=event, record_handler=one, processor=processor, context=context
        )

    return handler
