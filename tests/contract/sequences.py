"""What every store of sequences promises."""

import pytest

from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.sequence import SequenceBounds, SequenceEntry
from signalbox.services.ports.notifications import SequenceStore

TEAM, OTHER = ConnectionId("team"), ConnectionId("other")
ENTRY = SequenceEntry(task=TaskId("t_1"), notification=NotificationId("n_1"))


class SequenceStoreContract:
    @pytest.fixture
    def store(self) -> SequenceStore:
        raise NotImplementedError

    def test_each_position_is_after_all_others_of_its_connection(
        self, store: SequenceStore
    ) -> None:
        positions = [store.append(TEAM, ENTRY) for _ in range(3)]

        assert positions == [1, 2, 3]
        assert store.append(OTHER, ENTRY) == 1
        assert store.bounds(TEAM) == SequenceBounds(first=1, last=3)
        assert store.entry(TEAM, 2) == ENTRY

    def test_a_position_that_was_closed_is_not_given(self, store: SequenceStore) -> None:
        closed = store.close(TEAM, 1)

        assert closed
        assert store.append(TEAM, ENTRY) == 2
        assert store.entry(TEAM, 1) == SequenceEntry()
        assert not store.close(TEAM, 2)
        assert store.entry(TEAM, 2) == ENTRY

    def test_the_first_unfinished_position_never_goes_back(self, store: SequenceStore) -> None:
        for _ in range(5):
            store.append(TEAM, ENTRY)

        for first in (3, 2, 4, 1):
            store.advance(TEAM, first)

        assert store.bounds(TEAM) == SequenceBounds(first=4, last=5)

    def test_an_empty_sequence_has_no_entries(self, store: SequenceStore) -> None:
        assert store.bounds(TEAM) == SequenceBounds()
        assert store.entry(TEAM, 1) is None
