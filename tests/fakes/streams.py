"""A stream of DynamoDB in memory, with shards that can end."""

from dataclasses import dataclass, field
from typing import Any

from signalbox.aws.errors import AwsRefused


@dataclass
class FakeShard:
    parent: str = ""
    records: list[dict[str, Any]] = field(default_factory=list)
    ended: bool = False
    trimmed: int = 0


class FakeStreams:
    """The API of streams. Iterators are `shard@place`."""

    def __init__(self) -> None:
        self.shards: dict[str, FakeShard] = {}
        self.reads: list[str] = []

    def add(self, shard: str, *names: str, kind: str = "MODIFY", at: float = 0.0) -> None:
        """Write changes of items with these keys."""
        found = self.shards.setdefault(shard, FakeShard())
        for name in names:
            number = f"{len(found.records) + 1:09}"
            found.records.append(
                {
                    "eventID": f"{shard}-{number}",
                    "eventName": kind,
                    "dynamodb": {
                        "Keys": {"pk": {"S": name}},
                        "SequenceNumber": number,
                        "ApproximateCreationDateTime": at,
                    },
                }
            )

    def describe_stream(self, **request: Any) -> Any:
        del request
        listed = [
            {"ShardId": name, "SequenceNumberRange": {}}
            | ({"ParentShardId": shard.parent} if shard.parent else {})
            for name, shard in self.shards.items()
        ]
        return {"StreamDescription": {"Shards": listed}}

    def get_shard_iterator(self, **request: Any) -> Any:
        shard = self.shards[request["ShardId"]]
        place = shard.trimmed
        if request["ShardIteratorType"] == "AFTER_SEQUENCE_NUMBER":
            place = int(request["SequenceNumber"])
            if place < shard.trimmed:
                raise AwsRefused(
                    {"Error": {"Code": "TrimmedDataAccessException"}}, "GetShardIterator"
                )
        return {"ShardIterator": f"{request['ShardId']}@{place}"}

    def get_records(self, **request: Any) -> Any:
        name, _, place = request["ShardIterator"].partition("@")
        self.reads.append(name)
        shard = self.shards[name]
        records = shard.records[int(place) :][: request.get("Limit", 1000)]
        end = int(place) + len(records)
        is_over = shard.ended and end == len(shard.records)
        return {"Records": records} | ({} if is_over else {"NextShardIterator": f"{name}@{end}"})
