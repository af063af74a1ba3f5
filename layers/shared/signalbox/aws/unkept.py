"""Requests that left no delivery behind, in the Deliveries table: its stream counts them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from signalbox.aws import keys
from signalbox.aws.dynamo import Table
from signalbox.models.unkept import Unkept


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoUnkept:
    """Remembers such requests for a day."""

    table: Table

    def __call__(self, request: Unkept) -> None:
        """See the port."""
        self.table.put_new(
            {
                "pk": {"S": keys.unkept(secrets.token_hex(12))},
                "doc": {"S": request.model_dump_json(exclude_none=True)},
                "ttl": {"N": str(int(request.at.timestamp()) + request.retention)},
            }
        )
