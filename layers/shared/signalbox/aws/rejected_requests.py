"""Rejected requests in the Deliveries table, whose stream counts them."""

from __future__ import annotations

import secrets
from datetime import timedelta

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, ttl_attribute
from signalbox.models.frozen import frozen
from signalbox.models.rejected_request import RejectedRequest


@frozen
class DynamoRejectedRequests:
    """Stores rejected requests for a day."""

    table: Table

    def __call__(self, request: RejectedRequest) -> None:
        """Store the request.

        Raises:
            Unavailable: The table did not answer.
        """
        self.table.put_new(
            {
                "pk": {"S": table_keys.rejected_request_pk(secrets.token_hex(12))},
                "doc": {"S": request.model_dump_json(exclude_none=True)},
                "ttl": ttl_attribute(request.at + timedelta(seconds=request.retention)),
            }
        )
