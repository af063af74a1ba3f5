"""The ledger of incidents in the State table: one item, of at most about 100 KB.

Counters and incidents change in one conditional write, so no failure is counted twice, and an
incident opens once, however many processes observe.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, read_document
from signalbox.aws.versioned import put_version
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.incident import IncidentLedger
from signalbox.services.ports.incidents import IncidentStore

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=366)
"""Longer than that of any incident in it, as the item is not written while nothing fails."""

_KEY: Final[Item] = {"pk": {"S": table_keys.INCIDENTS_PK}}


@frozen
class DynamoIncidents(IncidentStore):
    """Stores the ledger of incidents."""

    table: Table
    clock: Clock

    @override
    def get(self) -> IncidentLedger:
        item = self.table.get(_KEY)
        try:
            return read_document(IncidentLedger, item) if item else IncidentLedger()
        except ValidationError:
            raise Unavailable("the record of incidents cannot be read") from None

    @override
    def replace(self, before: IncidentLedger, after: IncidentLedger) -> None:
        put_version(
            self.table,
            _KEY,
            after.model_dump_json(exclude_defaults=True),
            before=before.version,
            version=after.version,
            expires_at=self.clock() + _RETENTION,
        )
