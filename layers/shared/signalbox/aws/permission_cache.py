"""Answers of providers on permissions, in the State table, which functions share."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import ttl_attribute
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.services.ports.permissions import CachedPermission

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Table

_logger: Final = logging.getLogger(__name__)


@frozen
class DynamoPermissionCache:
    """Stores permissions until they are not valid any more."""

    table: Table

    def get(self, key: tuple[str, ...]) -> CachedPermission | None:
        """Return the permission with this key, None if there is none; it may have expired.

        Raises:
            Unavailable: The table did not answer.
        """
        item = self.table.get({"pk": {"S": table_keys.permission_pk(key)}}, consistent=False)
        if item is None:
            return None
        until = datetime.fromtimestamp(float(item["until"]["N"]), UTC)
        return CachedPermission(allowed=item["allowed"]["BOOL"], until=until)

    def put(self, key: tuple[str, ...], permission: CachedPermission) -> None:
        """Store the permission under this key; without it the next one asks again."""
        until = ttl_attribute(permission.until)
        try:
            self.table.put(
                {
                    "pk": {"S": table_keys.permission_pk(key)},
                    "allowed": {"BOOL": permission.allowed},
                    "until": until,
                    "ttl": until,
                }
            )
        except Unavailable:
            _logger.warning("a permission was not stored")
