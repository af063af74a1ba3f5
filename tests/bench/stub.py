"""AWS without AWS: botocore does all of its work, and an answer made in memory stands in for the
network. It keeps items, so that the cost of a write can be computed, and counts every call.
"""

import json
import sys
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from threading import RLock
from typing import Final, cast
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from pydantic import JsonValue

from signalbox.aws.transport.http_pool import HttpPool
from signalbox.aws.transport.http_response import AwsResponse

Json = dict[str, JsonValue]
Items = Callable[[Json], tuple[Sequence[Json], bool]]
"""What a query finds, and whether there is more behind it."""

_REFUSED: Final = "ConditionalCheckFailedException"
_NO_MESSAGES: Final[Json] = {
    "Attributes": {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
    }
}
_RECEIPT: Final = (
    "AQEB" + b64encode(b"".join(sha256(b"%d" % n).digest() for n in range(6))).decode()
)
"""A receipt handle as long as those of SQS, which do not compress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One item that was written over another, either of which may be None."""

    table: str
    before: Json | None
    after: Json | None


@dataclass(kw_only=True)
class Cloud:
    """Tables and queues in memory. `query` answers queries.

    `message` is what the queue of normal tasks holds. A secret whose name has `missing_secrets` in
    it does not exist.
    """

    query: Items = lambda _: ((), False)
    message: str | None = None
    secrets: str = "[]"
    missing_secrets: str = "/tokens/"
    calls: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    writes: list[Write] = field(default_factory=list)
    items: dict[tuple[str, str], Json] = field(default_factory=dict)
    _answering: RLock = field(default_factory=RLock)

    def keep(self, table: str, item: Json) -> None:
        """Puts an item there without a call."""
        self.items[table, _key(item)] = item

    def invalidate(self) -> None:
        """Forgets what was counted."""
        self.calls.clear()
        self.writes.clear()
        self.read_units = 0.0

    @contextmanager
    def instead_of_aws(self) -> Iterator["Cloud"]:
        """Answers the transport, and every client that is made of botocore."""

        def send(_: object, request: AWSPreparedRequest) -> AWSResponse:
            target: bytes | str = request.headers["X-Amz-Target"]
            name = target.decode() if isinstance(target, bytes) else target
            status, answer = self.answer(name, request.body)
            body = json.dumps(answer, separators=(",", ":")).encode()
            headers = HTTPHeaders()
            headers["x-amzn-RequestId"] = "bench"
            headers["Content-Type"] = "application/x-amz-json-1.0"
            return AWSResponse(request.url, status, headers, _Raw(body))

        def post(_: object, headers: Mapping[str, str], body: bytes) -> AwsResponse:
            profile = sys.getprofile()
            if callable(profile):
                sys.setprofile(None)  # what the cloud does is not counted as the work of a function
            status, answer = self.answer(headers["x-amz-target"], body)
            content = json.dumps(answer, separators=(",", ":")).encode()
            if callable(profile):
                sys.setprofile(profile)
            return AwsResponse(status=status, headers={}, content=content)

        with (
            patch("botocore.httpsession.URLLib3Session.send", send),
            patch.object(HttpPool, "post", post),
        ):
            yield self

    def answer(self, target: str, body: object) -> tuple[int, Json]:
        """Answers one call: the status, and what is in the response."""
        with self._answering:
            return self._answer(target.rpartition(".")[2], body)

    def _answer(self, name: str, body: object) -> tuple[int, Json]:
        self.calls[name] += 1
        asked: Json = json.loads(body if isinstance(body, bytes | str) else b"{}")
        answers: dict[str, Callable[[Json], tuple[int, Json]]] = {
            "PutItem": self._put,
            "GetItem": self._get,
            "UpdateItem": self._update,
            "Query": self._query,
            "ReceiveMessage": self._receive,
            "GetParameter": self._parameter,
            "GetQueueAttributes": lambda _: (200, _NO_MESSAGES),
            "BatchGetItem": lambda _: (200, {"Responses": {}, "UnprocessedKeys": {}}),
            "DescribeStream": lambda _: (200, {"StreamDescription": {"Shards": []}}),
        }
        return answers[name](asked) if name in answers else (200, {})

    def _put(self, asked: Json) -> tuple[int, Json]:
        item = cast("Json", asked["Item"])
        place = str(asked["TableName"]), _key(item)
        before = self.items.get(place)
        if before and "attribute_not_exists(pk)" in str(asked.get("ConditionExpression", "")):
            # a write that is refused costs as much as one of the item that is there
            self.writes.append(Write(table=place[0], before=before, after=before))
            return 400, {"__type": _REFUSED, "Item": before}
        self.items[place] = item
        self.writes.append(Write(table=place[0], before=before, after=item))
        return 200, {}

    def _get(self, asked: Json) -> tuple[int, Json]:
        found = self.items.get((str(asked["TableName"]), _key(cast("Json", asked["Key"]))))
        self._count_read(asked, [found] if found else [])
        return 200, {"Item": found} if found else {}

    def _update(self, asked: Json) -> tuple[int, Json]:
        """The updates of rate limits, which are the only ones on the way of a request."""
        key = cast("Json", asked["Key"])
        place = str(asked["TableName"]), _key(key)
        before = self.items.get(place)
        values = cast("Mapping[str, Mapping[str, str]]", asked["ExpressionAttributeValues"])
        arrival = int(values[":after"]["N"]) if ":after" in values else 0
        if before and ":cost" in values:
            known = cast("Mapping[str, str]", before["tat"])
            arrival = int(known["N"]) + int(values[":cost"]["N"])
        after: Json = {**(before or key), "tat": {"N": str(arrival)}, "ttl": {"N": "1"}}
        if ":lots" in values:
            after["lots"] = cast("JsonValue", values[":lots"])
        self.items[place] = after
        self.writes.append(Write(table=place[0], before=before, after=after))
        return 200, {"Attributes": after}

    def _query(self, asked: Json) -> tuple[int, Json]:
        found, more = self.query(asked)
        if "IndexName" not in asked:
            values = cast("Json", asked["ExpressionAttributeValues"])
            table = str(asked["TableName"])
            found = [
                item
                for (name, _), item in self.items.items()
                if name == table and item["pk"] == values[":pk"]
            ]
        self._count_read(asked, found)
        answer: Json = {"Items": list(found), "Count": len(found)}
        if more:
            answer["LastEvaluatedKey"] = found[-1]
        return 200, answer

    def _count_read(self, asked: Json, found: Sequence[Json]) -> None:
        """Adds a unit for every 4 KB that are read, half of one where it need not be the newest."""
        units = max(1, -(-sum(map(size, found)) // 4_096))
        self.read_units += units if asked.get("ConsistentRead") else units / 2

    def _receive(self, asked: Json) -> tuple[int, Json]:
        if self.message is None or "Normal" not in str(asked["QueueUrl"]):
            return 200, {}
        message: Json = {
            "MessageId": "5fea7756-0ea4-451a-a703-a558b933e274",
            "ReceiptHandle": _RECEIPT,
            "Body": self.message,
        }
        return 200, {"Messages": [message]}

    def _parameter(self, asked: Json) -> tuple[int, Json]:
        if self.missing_secrets in str(asked["Name"]):
            return 400, {"__type": "ParameterNotFound"}
        return 200, {"Parameter": {"Name": asked["Name"], "Value": self.secrets, "Version": 1}}


def size(item: Json) -> int:
    """The bytes that DynamoDB bills an item for."""
    return sum(len(name.encode()) + _size(cast("Json", value)) for name, value in item.items())


def _size(value: Json) -> int:
    (kind, inside), *_ = value.items()
    match kind, inside:
        case "S", str():
            return len(inside.encode())
        case "N", str():
            return len(inside.strip("-0.")) // 2 + 2
        case "B", str():
            return len(b64decode(inside))
    return len(json.dumps(inside))


def _key(item: Json) -> str:
    return json.dumps([item.get("pk"), item.get("sk")])


class _Raw(BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()
