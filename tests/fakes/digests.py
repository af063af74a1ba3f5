"""Digests in memory."""

from signalbox.models.digest import DigestBuckets
from signalbox.models.errors import WriteConflict
from signalbox.models.ids import ConnectionId, SubscriptionId


class FakeDigestStore:
    """A DigestStore."""

    def __init__(self) -> None:
        self.kept: dict[tuple[ConnectionId, SubscriptionId], DigestBuckets] = {}

    def get(self, connection: ConnectionId, subscription: SubscriptionId) -> DigestBuckets:
        return self.kept.get((connection, subscription), DigestBuckets())

    def replace(
        self,
        connection: ConnectionId,
        subscription: SubscriptionId,
        before: DigestBuckets,
        after: DigestBuckets,
    ) -> None:
        if self.get(connection, subscription).version != before.version:
            raise WriteConflict("the record has changed meanwhile")
        stored = after.model_copy(update={"version": before.version + 1})
        self.kept[connection, subscription] = stored
