"""What every store of missed deliveries promises."""

import pytest

from signalbox.models.errors import WriteConflict
from signalbox.models.redelivery import (
    LogPosition,
    RedeliveryState,
    missed_delivery,
    requested_again,
)
from signalbox.services.ports.redelivery import RedeliveryStore
from tests.builders import NOW, a_source

MINE = a_source(name="mine")
OTHER = a_source(name="other")
FIRST = RedeliveryState(version=1, created_at=NOW)
SECOND = RedeliveryState(
    version=2,
    created_at=NOW,
    looked_at=NOW,
    newest=10_000_000_000,
    look=LogPosition(started_at=NOW, newest=12, cursor="v1_12"),
    blocked_until=NOW,
    deliveries=(requested_again(missed_delivery("g-1", 11, None, NOW), NOW),),
    missed=3,
    requested=2,
    healed=1,
    unhealable=1,
)


class RedeliveryStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> RedeliveryStore:
        raise NotImplementedError

    def test_nothing_is_known_of_a_source_that_was_never_looked_at(
        self, store: RedeliveryStore
    ) -> None:
        assert store.get(MINE) is None
        assert store.batch_get([MINE, OTHER]) == {}
        assert store.batch_get([]) == {}

    def test_what_is_known_is_kept_as_it_is(self, store: RedeliveryStore) -> None:
        store.replace(MINE, FIRST)
        store.replace(MINE, SECOND)

        assert store.get(MINE) == SECOND
        assert store.batch_get([MINE, OTHER]) == {MINE.key: SECOND}

    def test_each_source_has_its_own(self, store: RedeliveryStore) -> None:
        store.replace(MINE, FIRST)

        assert store.get(OTHER) is None

    @pytest.mark.parametrize("stored", [1, 2])
    def test_a_version_that_does_not_follow_is_not_written(
        self, store: RedeliveryStore, stored: int
    ) -> None:
        for state in (FIRST, SECOND)[:stored]:
            store.replace(MINE, state)
        before = store.get(MINE)

        for version in {1, 2, 3, 4} - {stored + 1}:
            with pytest.raises(WriteConflict):
                store.replace(MINE, SECOND.model_copy(update={"version": version, "missed": 9}))
        assert store.get(MINE) == before
