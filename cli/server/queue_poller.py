"""Poll a queue of SQS for its function, as a mapping of Lambda does.

What did not fail is deleted. What failed stays hidden until its visibility timeout ends, or until
the time that the function chose.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from cli.server.poller import Poller
from signalbox.aws.errors import AwsError
from signalbox.http.problems import error_fields
from signalbox.runtime.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from cli.server.stopping import Stopping
    from signalbox.aws.protocols import SqsApi

DEFAULT_QUEUE_BATCH: Final = 10
_MAX_RECEIVE: Final = 10
_SPARE_SECONDS: Final = 60.0
_SLOT_SECONDS: Final = 1.0
_GROUP: Final = "MessageGroupId"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledQueue:
    """A queue, and how it is polled: up to `concurrency` batches at once.

    `wait` is for how many seconds a poll waits for messages; the client must wait longer.
    """

    url: str
    arn: str
    batch_size: int = DEFAULT_QUEUE_BATCH
    concurrency: int = 1
    wait: int = 8


class QueuePoller(Poller):
    """Receives in one thread, and calls the function in up to as many as the queue allows."""

    def __init__(
        self,
        name: str,
        queue: PolledQueue,
        sqs: SqsApi,
        call: Callable[[dict[str, object]], object],
        *,
        timeout: int,
        stopping: Stopping,
    ) -> None:
        super().__init__(name, stopping, timeout + queue.wait + _SPARE_SECONDS)
        self._queue = queue
        self._sqs = sqs
        self._call = call
        self._free = BoundedSemaphore(queue.concurrency)
        self._pool = ThreadPoolExecutor(queue.concurrency, name)

    @override
    def poll(self) -> float:
        if not self._free.acquire(timeout=_SLOT_SECONDS):
            return 0.0
        try:
            messages = self._received()
        except BaseException:
            self._free.release()
            raise
        if messages and not self.stopping.has_begun:
            self._pool.submit(self._handle_and_free, messages)
        else:
            self._free.release()
            self._give_back(messages)
        return 0.0

    @override
    def release(self) -> None:
        self._pool.shutdown(wait=True)

    def _received(self) -> list[MessageTypeDef]:
        answer = self._sqs.receive_message(
            QueueUrl=self._queue.url,
            MaxNumberOfMessages=min(self._queue.batch_size, _MAX_RECEIVE),
            WaitTimeSeconds=self._queue.wait,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _handle_and_free(self, messages: Sequence[MessageTypeDef]) -> None:
        try:
            self.handle(messages)
        except Exception as error:  # noqa: BLE001  the messages are received again
            extra = {"poller": self.name, **error_fields(error)}
            logger().error("messages not handled", extra=extra)
        finally:
            self._free.release()

    def handle(self, messages: Sequence[MessageTypeDef]) -> None:
        """Call the function with these messages, and delete those that it has done."""
        records = [_sqs_record(message, self._queue.arn) for message in messages]
        response = self._call({"Records": records})
        failed = failed_messages(messages, response)
        for message in messages:
            if message["MessageId"] not in failed:
                self._sqs.delete_message(
                    QueueUrl=self._queue.url, ReceiptHandle=message["ReceiptHandle"]
                )

    def _give_back(self, messages: Sequence[MessageTypeDef]) -> None:
        """Show messages again at once that were received while the server stops."""
        for message in messages:
            try:
                self._sqs.change_message_visibility(
                    QueueUrl=self._queue.url,
                    ReceiptHandle=message["ReceiptHandle"],
                    VisibilityTimeout=0,
                )
            except AwsError as error:  # it is shown again later
                extra = {"poller": self.name, **error_fields(error)}
                logger().warning("message not given back", extra=extra)


def failed_messages(messages: Sequence[MessageTypeDef], response: object) -> Collection[str]:
    """Return the ids of the messages that a response leaves in the queue.

    All are left if the response makes no sense. In a FIFO queue so are those that follow a failed
    one in its group: they may not overtake it.
    """
    ids = [message["MessageId"] for message in messages]
    failures = response.get("batchItemFailures") if isinstance(response, dict) else None
    named = {
        item.get("itemIdentifier") if isinstance(item, dict) else None for item in failures or []
    }
    if not named <= set(ids):
        return ids
    failed, groups = set(), set()
    for message in messages:
        group = message.get("Attributes", {}).get(_GROUP)
        if message["MessageId"] in named or (group and group in groups):
            failed.add(message["MessageId"])
            groups.add(group)
    return failed


def _sqs_record(message: MessageTypeDef, arn: str) -> dict[str, object]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message.get("Body", ""),
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {
            name: {"dataType": value["DataType"], "stringValue": value.get("StringValue", "")}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3] if arn else "",
    }
