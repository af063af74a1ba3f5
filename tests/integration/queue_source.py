"""An SQS mapping: receives, calls, deletes what did not fail."""

from typing import TYPE_CHECKING, Final

from moto.sqs.models import sqs_backends

from tests.integration.aws import Clients
from tests.integration.invoke import PARTIAL, Chaos, Function, Record, reported
from tests.integration.template import ACCOUNT, REGION, QueueMapping

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_AT_ONCE: Final = 10


class QueueSource:
    """What failed, or all where the call failed, stays hidden until its visibility ends.

    A message that was received as often as its queue allows goes to the dead letters, which moto
    sees to. With chaos a message that was dealt with may stay, as if its deletion had been lost.
    """

    def __init__(
        self, mapping: QueueMapping, function: Function, clients: Clients, chaos: Chaos | None
    ) -> None:
        self._mapping = mapping
        self._function = function
        self._sqs = clients.sqs
        self._chaos = chaos
        self._name = mapping.queue.rpartition(":")[2]
        self._url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self._name}"

    def poll(self) -> bool:
        if not sqs_backends[ACCOUNT][REGION].queues[self._name]._messages:
            return False  # asking an empty queue costs more than all the rest of a test
        messages = self._received()
        if not messages:
            return False
        invocation = self._function([_record(each, self._mapping.queue) for each in messages])
        partial = PARTIAL in self._mapping.function_response_types
        failed = reported(invocation, {each["MessageId"] for each in messages}, partial=partial)
        for message in messages:
            if message["MessageId"] not in failed and not self._deletion_lost():
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return True

    def _received(self) -> list["MessageTypeDef"]:
        found: list[MessageTypeDef] = []
        while (left := self._mapping.batch_size - len(found)) > 0:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(left, _AT_ONCE),
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            if not answer.get("Messages"):
                break
            found += answer["Messages"]
        if self._chaos:
            self._chaos.random.shuffle(found)
        return found

    def _deletion_lost(self) -> bool:
        return self._chaos is not None and self._chaos.random.random() < self._chaos.repeat


def _record(message: "MessageTypeDef", arn: str) -> Record:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {str(name): value for name, value in message.get("Attributes", {}).items()},
        "messageAttributes": {
            name: {"dataType": value["DataType"], "stringValue": value.get("StringValue", "")}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }
