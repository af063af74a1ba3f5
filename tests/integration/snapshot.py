"""The empty tables and queues of moto, kept once and put back for every test.

Making them by the API takes longer than most tests.
"""

from dataclasses import dataclass
from io import BytesIO
from pickle import Pickler, Unpickler
from threading import Condition
from typing import Self

from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from tests.integration.template import ACCOUNT, REGION


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What moto held at one moment, in bytes: to read them takes a third of a deep copy."""

    tables_and_queues: bytes

    @classmethod
    def take(cls) -> Self:
        """Copy what moto holds now."""
        tables = dynamodb_backends[ACCOUNT][REGION].tables
        queues = sqs_backends[ACCOUNT][REGION].queues
        content = BytesIO()
        _Pickler(content).dump((tables, queues))
        return cls(tables_and_queues=content.getvalue())

    def restore(self) -> None:
        """Let moto hold it again, and nothing else."""
        tables, queues = _Unpickler(BytesIO(self.tables_and_queues)).load()
        dynamodb_backends[ACCOUNT][REGION].tables = tables
        sqs_backends[ACCOUNT][REGION].queues = queues


class _Pickler(Pickler):
    """Queues hold locks, which cannot be copied: each gets a new one."""

    def persistent_id(self, obj: object) -> str | None:
        return "lock" if type(obj) is Condition else None


class _Unpickler(Unpickler):
    def persistent_load(self, pid: object) -> Condition:
        del pid
        return Condition()
