"""A DynamoDB stream mapping: reads shards in order, calls, retries, bisects, gives up."""

import base64
import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from moto.dynamodbstreams.models import ShardIterator, dynamodbstreams_backends
from pydantic import JsonValue, TypeAdapter

from tests.integration.aws import Clients
from tests.integration.invoke import PARTIAL, Chaos, Function, Record, reported
from tests.integration.template import ACCOUNT, REGION, StreamMapping

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams.type_defs import RecordTypeDef

_KEPT: Final = timedelta(hours=24)
_object: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One record of the stream, as Lambda hands it on."""

    number: str
    item: str
    at: datetime
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    changes: tuple[_Change, ...]
    failures: int = 0
    repeated: bool = False


class StreamSource:
    """One call at a time, in the order of the stream.

    Where a call fails the batch is split in two if the mapping bisects, which costs no retry; a
    batch that cannot be split is called again up to `MaximumRetryAttempts` times, a second later
    each time. An answer that names failures goes on from the lowest of them. What is given up, or
    too old, is reported to the destination as metadata; what the stream no longer has is lost.
    With chaos the changes of different items are mixed and batches come again.
    """

    def __init__(
        self, mapping: StreamMapping, function: Function, clients: Clients, chaos: Chaos | None
    ) -> None:
        self._mapping = mapping
        self._function = function
        self._clients = clients
        self._chaos = chaos
        self._iterators = {shard: self._iterator(shard) for shard in self._shards()}
        self._unread: deque[_Change] = deque()
        self._batches: deque[_Batch] = deque()
        patterns = mapping.filter_criteria.filters
        self._patterns = [_object.validate_json(each.pattern) for each in patterns]

    def poll(self) -> bool:
        self._read()
        if not self._batches and self._unread:
            size = min(self._mapping.batch_size, len(self._unread))
            changes = [self._unread.popleft() for _ in range(size)]
            self._batches.append(_Batch(changes=_mixed(changes, self._chaos)))
        if not self._batches:
            return False
        self._call(self._batches.popleft())
        return True

    def _call(self, batch: _Batch) -> None:
        batch = self._young(batch)
        if not batch.changes:
            return
        invocation = self._function([change.record for change in batch.changes])
        partial = PARTIAL in self._mapping.function_response_types
        failed = reported(invocation, {change.number for change in batch.changes}, partial=partial)
        first = next((n for n, each in enumerate(batch.changes) if each.number in failed), None)
        if first is None:
            self._repeat(batch)
        elif first:
            self._batches.appendleft(_Batch(changes=batch.changes[first:]))
        else:
            self._batches.extendleft(reversed(self._again(batch)))

    def _again(self, batch: _Batch) -> list[_Batch]:
        self._function.clock.advance(seconds=1)
        middle = len(batch.changes) // 2
        if self._mapping.bisect_batch_on_function_error and middle:
            halves = batch.changes[:middle], batch.changes[middle:]
            return [_Batch(changes=half, failures=batch.failures) for half in halves]
        failures = batch.failures + 1
        if 0 <= self._mapping.maximum_retry_attempts < failures:
            self._give_up(batch.changes, "RetryAttemptsExhausted", failures)
            return []
        return [_Batch(changes=batch.changes, failures=failures)]

    def _repeat(self, batch: _Batch) -> None:
        chaos = self._chaos
        if chaos and not batch.repeated and chaos.random.random() < chaos.repeat:
            place = chaos.random.randint(0, len(self._batches))
            self._batches.insert(place, _Batch(changes=batch.changes, repeated=True))

    def _young(self, batch: _Batch) -> _Batch:
        """The batch without what has grown too old."""
        now = self._function.clock()
        there = [change for change in batch.changes if now - change.at <= _KEPT]
        limit = self._mapping.maximum_record_age_in_seconds
        if limit < 0:
            return _Batch(changes=tuple(there), failures=batch.failures, repeated=batch.repeated)
        young = [change for change in there if (now - change.at).total_seconds() <= limit]
        old = [change for change in there if change not in young]
        if old:
            self._give_up(old, "RecordAgeExceeded", batch.failures)
        return _Batch(changes=tuple(young), failures=batch.failures, repeated=batch.repeated)

    def _give_up(self, changes: Sequence[_Change], condition: str, invocations: int) -> None:
        destination = self._mapping.destination_config
        if destination is None:
            return
        queue = destination.on_failure.destination.rpartition(":")[2]
        message = {
            "version": "1.0",
            "timestamp": self._function.clock().isoformat(),
            "requestContext": {
                "condition": condition,
                "approximateInvokeCount": invocations,
                "functionArn": self._function.name,
            },
            "DDBStreamBatchInfo": {
                "streamArn": self._mapping.stream,
                "shardId": next(iter(self._iterators)),
                "batchSize": len(changes),
                "startSequenceNumber": changes[0].number,
                "endSequenceNumber": changes[-1].number,
            },
        }
        url = self._clients.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        self._clients.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))

    def _shards(self) -> Iterator[str]:
        stream = self._clients.streams.describe_stream(StreamArn=self._mapping.stream)
        for shard in stream["StreamDescription"]["Shards"]:
            yield shard["ShardId"]

    def _iterator(self, shard: str) -> str:
        answer = self._clients.streams.get_shard_iterator(
            StreamArn=self._mapping.stream,
            ShardId=shard,
            ShardIteratorType=(
                "LATEST" if self._mapping.starting_position == "LATEST" else "TRIM_HORIZON"
            ),
        )
        return answer["ShardIterator"]

    def _read(self) -> None:
        known = dynamodbstreams_backends[ACCOUNT][REGION].shard_iterators
        for shard, iterator in self._iterators.items():
            if _at_end(known[iterator]):
                continue  # reading no records costs as much as reading some
            answer = self._clients.streams.get_records(ShardIterator=iterator)
            self._iterators[shard] = answer["NextShardIterator"]
            changes = (_change(record, self._mapping.stream) for record in answer["Records"])
            self._unread.extend(change for change in changes if self._passes(change.record))

    def _passes(self, record: Record) -> bool:
        return not self._patterns or any(_fits(record, pattern) for pattern in self._patterns)


def _at_end(iterator: ShardIterator) -> bool:
    shard = iterator.stream_shard
    number: int = iterator.sequence_number - shard.starting_sequence_number
    return number >= len(shard.items)


def _change(record: "RecordTypeDef", arn: str) -> _Change:
    dynamodb = record["dynamodb"]
    at = dynamodb["ApproximateCreationDateTime"].astimezone(UTC)
    plain = json.loads(json.dumps({**record, "eventSourceARN": arn}, default=_plain))
    return _Change(
        number=dynamodb["SequenceNumber"],
        item=json.dumps(dynamodb["Keys"], sort_keys=True),
        at=at,
        record=plain,
    )


def _plain(value: object) -> str | float:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"a stream holds no {type(value).__name__}")


def _fits(value: JsonValue, pattern: JsonValue) -> bool:
    """EventBridge's pattern language, as far as it is used: nested fields and lists of values."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            _fits(value.get(key), inner) for key, inner in pattern.items()
        )
    assert isinstance(pattern, list)
    if pattern == [{"exists": True}]:
        return value is not None
    prefixes = [str(each["prefix"]) for each in pattern if isinstance(each, dict)]
    if prefixes:
        return str(value).startswith(tuple(prefixes))
    return value in pattern


def _mixed(changes: list[_Change], chaos: Chaos | None) -> tuple[_Change, ...]:
    """The changes in another order that keeps that of each item."""
    if chaos is None:
        return tuple(changes)
    queues: dict[str, deque[_Change]] = {}
    for change in changes:
        queues.setdefault(change.item, deque()).append(change)
    turns = [change.item for change in changes]
    chaos.random.shuffle(turns)
    return tuple(queues[item].popleft() for item in turns)
