"""What every store of digests promises."""

import pytest

from signalbox.models.digest import DigestBucket, DigestBuckets, DigestMember
from signalbox.models.errors import WriteConflict
from signalbox.models.ids import ConnectionId, NotificationId, SubscriptionId, TaskId
from signalbox.services.ports.notifications import DigestStore
from tests.builders import NOW

TEAM, ALL = ConnectionId("team"), SubscriptionId("all")
MEMBER = DigestMember(task=TaskId("t_1"), notification=NotificationId("n_1"))
COLLECTED = DigestBuckets(buckets=(DigestBucket(members=(MEMBER,), ends_at=NOW),))


class DigestStoreContract:
    @pytest.fixture
    def store(self) -> DigestStore:
        raise NotImplementedError

    def test_what_is_stored_is_returned_with_the_next_version(self, store: DigestStore) -> None:
        store.replace(TEAM, ALL, store.get(TEAM, ALL), COLLECTED)
        store.replace(TEAM, ALL, store.get(TEAM, ALL), COLLECTED)

        assert store.get(TEAM, ALL) == COLLECTED.model_copy(update={"version": 2})
        assert store.get(TEAM, SubscriptionId("other")) == DigestBuckets()

    @pytest.mark.parametrize("writes", [1, 2])
    def test_who_has_seen_an_older_version_replaces_nothing(
        self, store: DigestStore, writes: int
    ) -> None:
        seen = DigestBuckets()
        for _ in range(writes):
            seen = store.get(TEAM, ALL)
            store.replace(TEAM, ALL, seen, COLLECTED)

        with pytest.raises(WriteConflict):
            store.replace(TEAM, ALL, seen, DigestBuckets())

        assert store.get(TEAM, ALL).buckets == COLLECTED.buckets
