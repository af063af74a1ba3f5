"""The part of DynamoDB that leases need: items that are put on the condition of their version."""

from typing import Any

from signalbox.aws.errors import CONDITION_FAILED, AwsRefused


class FakeLeaseTable:
    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}

    def get_item(self, **request: Any) -> Any:
        item = self.items.get(request["Key"]["pk"]["S"])
        return {"Item": item} if item else {}

    def put_item(self, **request: Any) -> Any:
        item = request["Item"]
        there = self.items.get(item["pk"]["S"])
        expected = request.get("ExpressionAttributeValues", {}).get(":version")
        if (there or {}).get("version") != expected:
            body = {"Error": {"Code": CONDITION_FAILED}, "Item": there or {}}
            raise AwsRefused(body, "PutItem")
        self.items[item["pk"]["S"]] = item
        return {}
