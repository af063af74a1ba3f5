"""The streams of the tables, read from the positions of the counters.

The order of changes does not matter for sums, so each shard is read by itself, regardless of its
parents and children.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.compression import unpack_record
from signalbox.aws.dynamo_table import aws_unavailable
from signalbox.aws.errors import error_code
from signalbox.models import metrics
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.metrics import (
    Counts,
    DeliveryProjection,
    Metric,
    NotificationProjection,
    Projection,
    RejectedRequestProjection,
    TaskProjection,
)
from signalbox.services.ports.metrics import Feed, StreamPage
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams.type_defs import (
        AttributeValueTypeDef,
        DescribeStreamInputTypeDef,
        GetShardIteratorInputTypeDef,
        RecordTypeDef,
    )

    from signalbox.aws.protocols import StreamsApi

    Image = Mapping[str, AttributeValueTypeDef]

_END: Final = "end"
_SHARD_RETENTION: Final = timedelta(days=3)
_SHARD_ID: Final = re.compile(r"shardId-(\d{13,20})")
_TRIMMED: Final = "TrimmedDataAccessException"
_MAX_EMPTY_PAGES: Final = 5
_ITERATOR_TTL: Final = timedelta(minutes=10)
"""AWS expires an iterator after 15 minutes."""

F = TypeVar("F", bound=Projection)


@frozen
class _Tail:
    """The position after the last empty page of a shard that was read up to `place`."""

    place: str | None
    iterator: str
    missed: Counts
    at: datetime


@frozen
class DynamoStreamFeed(Feed):
    """Reads a stream of DynamoDB.

    `counts` returns what one record adds to the counters.

    An empty page does not mean the end of an open shard, so a few of them are followed. The next
    run continues after them: an idle shard costs one call.
    """

    client: StreamsApi
    arn: str
    name: str
    counts: Callable[[RecordTypeDef], Counts]
    clock: Clock
    _tails: dict[str, _Tail] = field(default_factory=dict)

    @override
    def pages(self, reached: Mapping[str, str]) -> Iterator[StreamPage]:
        shards = dict(self._shards())
        unfinished = False
        for shard, ended in shards.items():
            before = reached.get(shard)
            if before != _END:
                yield from self._unread(shard, before)
                unfinished |= ended and shard in self._tails
        for shard in reached.keys() - shards.keys():
            if self._is_expired(shard):
                before = reached[shard]
                missed = {} if before == _END else self._gap
                yield StreamPage(shard=shard, before=before, after=None, counts=missed)
        if unfinished:
            raise Unavailable("a shard that has ended was not read to its end")

    @property
    def _gap(self) -> Counts:
        return {metrics.counter_name(Metric.GAPS, self.name): 1}

    def _shards(self) -> Iterator[tuple[str, bool]]:
        """Yield each shard, and whether it is closed."""
        request: DescribeStreamInputTypeDef = {"StreamArn": self.arn}
        while True:
            with aws_unavailable("the stream"):
                described = self.client.describe_stream(**request)["StreamDescription"]
            for shard in described.get("Shards", []):
                ended = "EndingSequenceNumber" in shard.get("SequenceNumberRange", {})
                yield shard["ShardId"], ended
            if "LastEvaluatedShardId" not in described:
                return
            request["ExclusiveStartShardId"] = described["LastEvaluatedShardId"]

    def _unread(self, shard: str, before: str | None) -> Iterator[StreamPage]:
        iterator, missed, empty_pages = self._start(shard, before)
        while iterator:
            with aws_unavailable("the stream"):
                answer = self.client.get_records(ShardIterator=iterator)
            records = answer["Records"]
            iterator = answer.get("NextShardIterator")
            if not records and iterator:
                empty_pages -= 1
                if empty_pages:
                    continue
                self._tails[shard] = _Tail(
                    place=before, iterator=iterator, missed=missed, at=self.clock()
                )
                return
            after = records[-1]["dynamodb"]["SequenceNumber"] if iterator else _END
            counts = metrics.add_counts(
                [missed, *(self._count_record(record) for record in records)]
            )
            yield StreamPage(shard=shard, before=before, after=after, counts=counts)
            before, missed = after, {}

    def _start(self, shard: str, before: str | None) -> tuple[str | None, Counts, int]:
        """Return the iterator to start with, what was missed before it.

        And how many empty pages to follow.

        If our position was trimmed, it is the oldest record, and a gap.
        """
        tip = self._tails.pop(shard, None)
        if tip and tip.place == before and self.clock() - tip.at < _ITERATOR_TTL:
            return tip.iterator, tip.missed, 1
        if before is not None:
            try:
                return self._iterator(shard, before), {}, _MAX_EMPTY_PAGES
            except Unavailable as unavailable:
                if error_code(unavailable.__cause__) != _TRIMMED:
                    raise
        return self._iterator(shard, None), self._gap if before else {}, _MAX_EMPTY_PAGES

    def _iterator(self, shard: str, after: str | None) -> str | None:
        request: GetShardIteratorInputTypeDef = {
            "StreamArn": self.arn,
            "ShardId": shard,
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER" if after else "TRIM_HORIZON",
        }
        if after:
            request["SequenceNumber"] = after
        with aws_unavailable("the stream"):
            return self.client.get_shard_iterator(**request).get("ShardIterator")

    def _count_record(self, record: RecordTypeDef) -> Counts:
        try:
            return self.counts(record)
        except ValueError:
            return {}  # the dispatcher logs what it cannot read

    def _is_expired(self, shard: str) -> bool:
        """Return whether the shard will not be listed again, by the time in its id."""
        born = _SHARD_ID.match(shard)
        if not born:
            return False
        at = datetime.fromtimestamp(int(born[1]) / 1000, UTC)
        return self.clock() - at > _SHARD_RETENTION


def count_task_record(record: RecordTypeDef) -> Counts:
    """Return what a record of the Tasks stream adds: of a task or of a notification."""
    change = record["dynamodb"]
    before, after = change.get("OldImage", {}), change.get("NewImage", {})
    if before.get("version") == after.get("version"):
        return {}  # a heartbeat or a mark, no step
    sort = _text(change["Keys"], "sk")
    if sort == table_keys.TASK_SORT:
        return metrics.task_counts(
            _projection(before, TaskProjection), _projection(after, TaskProjection)
        )
    now = (
        _projection(after, NotificationProjection)
        if sort.startswith(table_keys.NOTIFICATION)
        else None
    )
    return (
        metrics.notification_counts(_projection(before, NotificationProjection), now) if now else {}
    )


def count_delivery_record(record: RecordTypeDef) -> Counts:
    """Return what a record of the Deliveries stream adds.

    It is a new delivery, a duplicate, or a rejected request.
    """
    change = record["dynamodb"]
    before, after = change.get("OldImage", {}), change.get("NewImage", {})
    if record["eventName"] == "MODIFY":
        return _count_changed_delivery(before, after)
    if record["eventName"] != "INSERT":
        return {}
    if _text(change["Keys"], "pk").startswith(table_keys.REJECTED_REQUEST):
        rejected = _projection(after, RejectedRequestProjection)
        return metrics.rejected_request_counts(rejected) if rejected else {}
    kept = _projection(after, DeliveryProjection)
    return metrics.delivery_counts(kept) if kept else {}


def _count_changed_delivery(before: Image, after: Image) -> Counts:
    times = _number(after, "duplicates") - _number(before, "duplicates")
    if times:
        return metrics.duplicate_counts(_projection(after, DeliveryProjection), times)
    if before.get("status") == after.get("status"):
        return {}
    was, became = (_projection(image, DeliveryProjection) for image in (before, after))
    return metrics.interpreted_counts(was, became) if was and became else {}


def _projection(image: Image, model: type[F]) -> F | None:
    """Return the projection of the document in an image.

    Raises:
        ValueError: The document is not valid.
    """
    return model.model_validate_json(unpack_record(image.get("doc"))) if image else None


def _text(image: Image, name: str) -> str:
    return image.get(name, {}).get("S", "")


def _number(image: Image, name: str) -> int:
    return int(image.get(name, {}).get("N", "0"))
