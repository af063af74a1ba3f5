"""Sessions of the dashboard, in the Config table beside the API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, read_document, text_attribute, ttl_attribute
from signalbox.models.frozen import frozen
from signalbox.models.session import Session
from signalbox.services.ports.auth import SessionStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from signalbox.aws.dynamo_table import Item


@frozen
class DynamoSessions(SessionStore):
    """Stores sessions. DynamoDB removes what has expired, within some days."""

    table: Table

    @override
    def put(self, digest: str, session: Session) -> None:
        self.table.put(
            {
                **_session_key(digest),
                "doc": {"S": session.model_dump_json()},
                "ttl": ttl_attribute(session.expires_at),
            }
        )

    @override
    def get(self, digest: str, now: datetime) -> Session | None:
        item = self.table.get(_session_key(digest))
        session = read_document(Session, item) if item else None
        return session if session and now < session.expires_at else None

    @override
    def all(self, now: datetime) -> Iterator[tuple[str, Session]]:
        for item in self.table.query("pk = :pk", {":pk": {"S": table_keys.SESSION}}):
            try:
                session = read_document(Session, item)
            except ValueError:
                continue  # nobody can use it either
            if now < session.expires_at:
                yield text_attribute(item, "sk"), session

    @override
    def remove(self, digest: str) -> None:
        self.table.delete(_session_key(digest))


def _session_key(digest: str) -> Item:
    return {"pk": {"S": table_keys.SESSION}, "sk": {"S": digest}}
