"""Read one shard of a stream while this server holds its lease."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cli.server.leases import SHARD_END
from cli.server.stream_batches import BatchQueue, stream_change
from cli.server.stream_filter import passes_filter
from signalbox.aws.errors import AwsRefused
from signalbox.models.errors import WriteConflict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mypy_boto3_dynamodbstreams.type_defs import GetShardIteratorInputTypeDef
    from pydantic import JsonValue

    from cli.server.leases import HeldLease, HoldLeases
    from cli.server.stream_batches import StreamChange, StreamRules
    from signalbox.aws.protocols import StreamsApi
    from signalbox.services.ports.time import Clock

_EXTRA_SECONDS: Final = 30.0
_CHECKPOINT_SECONDS: Final = 5.0
_EXTEND_SECONDS: Final = 20.0
_PAGE: Final = 500
_OUTDATED: Final = frozenset({"TrimmedDataAccessException", "ExpiredIteratorException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCall:
    """A mapping of a stream to a function. `give_up` takes the shard first."""

    stream: str
    patterns: tuple[Mapping[str, JsonValue], ...]
    rules: StreamRules
    timeout: int
    call: Callable[[dict[str, object]], object]
    give_up: Callable[[str, Sequence[StreamChange], str, int], None]

    @property
    def lease_seconds(self) -> float:
        """Return how long a lease is taken for: a call ends before it does."""
        return self.timeout + _EXTRA_SECONDS


class ShardLost(Exception):
    """Another server reads the shard now."""


class ShardReader:
    """Reads pages, and calls the function batch by batch.

    The position is stored when a batch is done, at most every five seconds: after a crash so much
    comes again. Records that no pattern matches are passed over and stored with the next extension.
    """

    def __init__(
        self,
        shard: str,
        held: HeldLease,
        mapping: StreamCall,
        client: StreamsApi,
        leases: HoldLeases,
        clock: Clock,
    ) -> None:
        self.shard = shard
        self._held = held
        self._mapping = mapping
        self._client = client
        self._leases = leases
        self._clock = clock
        self._iterator: str | None = None
        self._position = held.position
        self._read_to = held.position
        self._stored_at = clock()
        self._must_store = False

        def give_up(changes: Sequence[StreamChange], condition: str, failures: int) -> None:
            mapping.give_up(shard, changes, condition, failures)

        self._batches = BatchQueue(mapping.rules, clock, give_up)

    @property
    def is_done(self) -> bool:
        """Return whether the shard was read to its end."""
        return self._position == SHARD_END

    def step(self) -> bool:
        """Do one thing: call for a batch, or read a page; return whether there was any.

        Raises:
            ShardLost: Another server has the shard.
            Unavailable: AWS did not answer.
            Exception: The function failed; the batch is repeated.
        """
        self._extend_if_due()
        if not self._batches.is_empty:
            return self._run_batch()
        return self._read_page()

    def release(self) -> None:
        """Store the position and give the lease back."""
        try:
            self._leases.release(self._held, self._position)
        except WriteConflict:
            return  # it is another's already

    def _run_batch(self) -> bool:
        if self._batches.wait_seconds() > 0:
            return False
        self._must_store = True
        try:
            self._position = self._batches.run_first(self._call)
        finally:
            self._finish_page()  # a batch that was given up is done, too
        return True

    def _call(self, changes: Sequence[StreamChange]) -> None:
        self._mapping.call({"Records": [dict(change.record) for change in changes]})

    def _read_page(self) -> bool:
        self._iterator = self._iterator or self._new_iterator()
        try:
            answer = self._client.get_records(ShardIterator=self._iterator, Limit=_PAGE)
        except AwsRefused as refused:
            if refused.code not in _OUTDATED:
                raise
            self._iterator = None  # read from the position again, or from the oldest record
            return False
        records = answer["Records"]
        self._iterator = answer.get("NextShardIterator")
        changes = [stream_change(record, self._mapping.stream) for record in records]
        if changes:
            self._read_to = changes[-1].sequence
        if not self._iterator:
            self._read_to = SHARD_END
        self._batches.add(
            [each for each in changes if passes_filter(dict(each.record), self._mapping.patterns)]
        )
        self._finish_page()
        return bool(records)

    def _finish_page(self) -> None:
        """Move the position over what was read once all of its batches are done."""
        if self._batches.is_empty:
            self._position = self._read_to
            self._must_store |= self.is_done

    def _new_iterator(self) -> str:
        request: GetShardIteratorInputTypeDef = {
            "StreamArn": self._mapping.stream,
            "ShardId": self.shard,
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER" if self._position else "TRIM_HORIZON",
        }
        if self._position:
            request["SequenceNumber"] = self._position
        try:
            return self._client.get_shard_iterator(**request)["ShardIterator"]
        except AwsRefused as refused:
            if refused.code not in _OUTDATED or not self._position:
                raise
            self._position = ""
            return self._new_iterator()

    def _extend_if_due(self) -> None:
        now = self._clock()
        since = (now - self._stored_at).total_seconds()
        is_short = self._held.seconds_left(now) < self._mapping.timeout + _EXTRA_SECONDS / 3
        if not (is_short or since >= _EXTEND_SECONDS or self._is_checkpoint_due(since)):
            return
        try:
            self._held = self._leases.extend(
                self._held, self._position, self._mapping.lease_seconds
            )
        except WriteConflict:
            raise ShardLost from None
        self._stored_at, self._must_store = now, False

    def _is_checkpoint_due(self, since: float) -> bool:
        return self._must_store and since >= _CHECKPOINT_SECONDS
