"""The empty tables and queues of moto, kept once and put back for every test.

Making them by the API takes longer than most tests.
"""

from copy import deepcopy
from dataclasses import dataclass
from threading import Condition
from typing import Self

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.sqs.models import Queue, sqs_backends

from tests.integration.template import ACCOUNT, REGION


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What moto held at one moment."""

    tables: dict[str, Table]
    queues: dict[str, Queue]

    @classmethod
    def take(cls) -> Self:
        """Copy what moto holds now."""
        tables = dynamodb_backends[ACCOUNT][REGION].tables
        queues = sqs_backends[ACCOUNT][REGION].queues
        return cls(tables=deepcopy(tables), queues=_copy(queues))

    def restore(self) -> None:
        """Let moto hold it again, and nothing else."""
        dynamodb_backends[ACCOUNT][REGION].tables = deepcopy(self.tables)
        sqs_backends[ACCOUNT][REGION].queues = _copy(self.queues)


def _copy(queues: dict[str, Queue]) -> dict[str, Queue]:
    """Copy queues, which hold locks, and locks cannot be copied."""
    return deepcopy(queues, {id(queue._messages_lock): Condition() for queue in queues.values()})
