"""The handler of functions that receive messages from SQS: each message by itself."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from logging import Logger
from typing import TYPE_CHECKING, Final

from pydantic import ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from signalbox.http.problems import error_fields
from signalbox.models.base import PartialModel
from signalbox.models.span import Span, SpanKind
from signalbox.models.trace_context import TRACEPARENT, read_traceparent
from signalbox.services.ports.metrics import Count

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import (
        PartialItemFailureResponse,
        PartialItemFailures,
    )
    from aws_lambda_powertools.utilities.typing import LambdaContext

LambdaEvent = dict[str, JsonValue]
LambdaHandler = Callable[[LambdaEvent, "LambdaContext"], "PartialItemFailureResponse"]

_RESERVE_MILLISECONDS: Final = 20_000
"""No message is begun with less time left."""

_RESPONSE_MILLISECONDS: Final = 3_000
"""When the response is made, whatever is still under way."""


class _MessageAttribute(PartialModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel)

    string_value: str = ""


class SqsRecord(PartialModel):
    """A message, as Lambda passes it on. Its attributes are those of SQS, such as SentTimestamp.

    Its message attributes are those of whoever sent it.
    """

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)

    message_id: str
    receipt_handle: str = ""
    body: str
    event_source_arn: str = Field("", alias="eventSourceARN")
    attributes: Mapping[str, str] = Field(default_factory=dict)
    message_attributes: Mapping[str, _MessageAttribute] = Field(default_factory=dict)

    @property
    def traceparent(self) -> str | None:
        """Return the trace context with which it was sent."""
        sent = self.message_attributes.get(TRACEPARENT)
        return read_traceparent({TRACEPARENT: sent.string_value}) if sent else None


class _SqsEvent(PartialModel):
    Records: tuple[SqsRecord, ...] = ()


class RetryMessage(Exception):
    """The message must be received again."""


def sqs_batch_handler(
    handle: Callable[[SqsRecord], None], logger: Logger, count: Count, *, workers: int = 1
) -> LambdaHandler:
    """Return a Lambda handler that handles up to `workers` messages of a batch at once.

    A message whose `handle` raises is received again; the others are done. So is a message that is
    still being handled when the invocation must end: what becomes of it is seen by the next one.

    Lambda does not count that as an error, so it is counted here, for an alarm. Messages for which
    no time is left are received again too, which is not a failure.
    """

    def handler(event: LambdaEvent, context: "LambdaContext") -> "PartialItemFailureResponse":
        def is_done(record: SqsRecord) -> bool:
            if context.get_remaining_time_in_millis() < _RESERVE_MILLISECONDS:
                return False
            with Span(SpanKind.CONSUMER, parent=record.traceparent) as span:
                if span.recorder:
                    _describe(span, record)
                try:
                    handle(record)
                except RetryMessage:
                    return False
                except Exception as error:  # noqa: BLE001  it is reported, and its neighbours go on
                    span.error = type(error).__name__
                    extra = {"message_id": record.message_id, **error_fields(error)}
                    logger.error("message failed", extra=extra)
                    count("MessagesFailed", {})
                    return False
                return True

        records = _SqsEvent.model_validate(event).Records
        if min(workers, len(records)) <= 1:
            return _response(records, {each.message_id for each in records if is_done(each)})
        return _response(records, _done_at_once(records, is_done, workers, context))

    return handler


def _describe(span: Span, record: SqsRecord) -> None:
    """Describe the processing of a message.

    https://opentelemetry.io/docs/specs/semconv/messaging/sqs/
    """
    queue = record.event_source_arn.rpartition(":")[2]
    span.name = f"process {queue}"
    span.attributes.update(
        {
            "messaging.system": "aws_sqs",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": queue,
            "messaging.message.id": record.message_id,
        }
    )


def _done_at_once(
    records: Sequence[SqsRecord],
    is_done: Callable[[SqsRecord], bool],
    workers: int,
    context: "LambdaContext",
) -> Collection[str]:
    """Return the ids of the messages that are done before the invocation must end."""
    pool = ThreadPoolExecutor(min(workers, len(records)), "message")
    try:
        running = {pool.submit(is_done, record): record.message_id for record in records}
        left = context.get_remaining_time_in_millis() - _RESPONSE_MILLISECONDS
        ended, _ = wait(running, max(left, 0) / 1000, return_when=FIRST_EXCEPTION)
        return {running[each] for each in ended if each.result()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _response(records: Sequence[SqsRecord], done: Collection[str]) -> "PartialItemFailureResponse":
    failures: list[PartialItemFailures] = [
        {"itemIdentifier": record.message_id} for record in records if record.message_id not in done
    ]
    return {"batchItemFailures": failures}
