"""Poll a stream for its function: the shards whose leases this server gets, each in its order.

A shard is read after its parent, so that changes of an item stay in order. Servers beyond the
first wait for leases that become free: each shard has one reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from cli.server.leases import SHARD_END
from cli.server.poller import Poller
from cli.server.shard_reader import ShardLost, ShardReader
from signalbox.http.problems import error_fields
from signalbox.runtime.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mypy_boto3_dynamodbstreams.type_defs import DescribeStreamInputTypeDef

    from cli.server.leases import HoldLeases
    from cli.server.shard_reader import StreamCall
    from cli.server.stopping import Stopping
    from signalbox.aws.protocols import StreamsApi
    from signalbox.services.ports.time import Clock

_DISCOVERY_SECONDS: Final = 15.0
_IDLE_PAUSE: Final = 1.0
_BUSY_PAUSE: Final = 0.05
_FAILURE_PAUSE: Final = 0.5
_SPARE_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamShard:
    """A shard, and the one that it follows, if any."""

    id: str
    parent: str


class StreamPoller(Poller):
    """Reads the shards of a stream in turn."""

    def __init__(
        self,
        name: str,
        mapping: StreamCall,
        client: StreamsApi,
        leases: HoldLeases,
        clock: Clock,
        *,
        stopping: Stopping,
    ) -> None:
        super().__init__(name, stopping, mapping.timeout + _SPARE_SECONDS)
        self._mapping = mapping
        self._client = client
        self._leases = leases
        self._clock = clock
        self._readers: dict[str, ShardReader] = {}
        self._done: set[str] = set()
        self._discovered_at: datetime | None = None

    @property
    def shards(self) -> frozenset[str]:
        """Return the shards that this server reads."""
        return frozenset(self._readers)

    @override
    def poll(self) -> float:
        if self._is_discovery_due():
            self._discover()
        worked = failed = False
        for reader in list(self._readers.values()):
            if self.stopping.has_begun:
                break
            try:
                worked |= reader.step()
            except ShardLost:
                logger().info("lease lost", extra={"poller": self.name, "shard": reader.shard})
                del self._readers[reader.shard]
                continue
            except Exception as error:  # noqa: BLE001  other shards go on, and the batch is repeated
                failed = True
                extra = {"poller": self.name, "shard": reader.shard, **error_fields(error)}
                logger().error("batch failed", extra=extra)
            self._retire(reader)
            self.beat()
        return _FAILURE_PAUSE if failed else _BUSY_PAUSE if worked else _IDLE_PAUSE

    @override
    def release(self) -> None:
        for reader in self._readers.values():
            reader.release()

    def _retire(self, reader: ShardReader) -> None:
        if reader.is_done:
            reader.release()
            del self._readers[reader.shard]
            self._done.add(reader.shard)
            self._discovered_at = None  # its children can be read now

    def _is_discovery_due(self) -> bool:
        if self._discovered_at is None:
            return True
        return (self._clock() - self._discovered_at).total_seconds() >= _DISCOVERY_SECONDS

    def _discover(self) -> None:
        """Take the leases of shards that can be read and that nobody reads."""
        shards = {shard.id: shard for shard in self._shards()}
        self._done &= shards.keys()
        for shard in shards.values():
            if shard.id in self._readers or shard.id in self._done:
                continue
            if shard.parent in shards and not self._is_done(shard.parent):
                continue
            self._take(shard.id)
        self._discovered_at = self._clock()

    def _take(self, shard: str) -> None:
        held = self._leases.acquire(self._lease_name(shard), self._mapping.lease_seconds)
        if held is None:
            return
        reader = ShardReader(shard, held, self._mapping, self._client, self._leases, self._clock)
        if reader.is_done:
            self._done.add(shard)
            reader.release()
        else:
            self._readers[shard] = reader

    def _is_done(self, shard: str) -> bool:
        """Return whether a shard was read to its end, here or by another server."""
        if shard in self._done:
            return True
        if self._leases.store.get(self._lease_name(shard)).position != SHARD_END:
            return False
        self._done.add(shard)
        return True

    def _lease_name(self, shard: str) -> str:
        return f"{self.name}#{shard}"

    def _shards(self) -> Iterator[StreamShard]:
        request: DescribeStreamInputTypeDef = {"StreamArn": self._mapping.stream}
        while True:
            described = self._client.describe_stream(**request)["StreamDescription"]
            for shard in described.get("Shards", []):
                yield StreamShard(id=shard["ShardId"], parent=shard.get("ParentShardId", ""))
            if "LastEvaluatedShardId" not in described:
                return
            request["ExclusiveStartShardId"] = described["LastEvaluatedShardId"]
