"""What every store of slots and groups promises."""

from datetime import timedelta

import pytest

from signalbox.models.errors import WriteConflict
from signalbox.models.slots import SlotHolder, SlotHolders, position_of
from signalbox.services.ports.concurrency import ConcurrencyStore, GroupMember, ParkedTask
from tests.builders import NOW, a_task

SLOT, GROUP = "kind:deploy", "a group: ünï #1"
POSITIONS = [
    position_of(a_task(created_at=NOW + number * timedelta(seconds=1))) for number in range(4)
]


def held_by(*versions: int, revision: int = 1) -> SlotHolders:
    holders = tuple(SlotHolder(task=a_task().id, version=each) for each in versions)
    return SlotHolders(holders=holders, revision=revision)


class ConcurrencyStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> ConcurrencyStore:
        raise NotImplementedError

    def test_nobody_holds_a_slot_at_first(self, store: ConcurrencyStore) -> None:
        assert store.holders(SLOT) == SlotHolders()

    def test_the_holders_of_a_slot_are_kept_as_they_are(self, store: ConcurrencyStore) -> None:
        first, second = held_by(1), held_by(2, 3, revision=2)

        store.replace(SLOT, SlotHolders(), first)
        store.replace(SLOT, first, second)

        assert store.holders(SLOT) == second
        assert store.holders(f"group:{GROUP}") == SlotHolders()

    def test_of_two_who_replace_the_same_holders_one_wins(self, store: ConcurrencyStore) -> None:
        first, second = held_by(1), held_by(2, revision=2)
        store.replace(SLOT, SlotHolders(), first)
        store.replace(SLOT, first, second)

        for before in (SlotHolders(), first):
            with pytest.raises(WriteConflict):
                store.replace(SLOT, before, held_by(9, revision=2))

        assert store.holders(SLOT) == second

    def test_those_that_wait_are_in_the_order_of_their_creation(
        self, store: ConcurrencyStore
    ) -> None:
        waiting = [ParkedTask(position=each, revision=1) for each in POSITIONS]
        for parked in (waiting[2], waiting[0], waiting[1], waiting[0]):
            store.add_waiting(SLOT, parked)
        store.add_waiting("kind:other", waiting[3])

        store.remove_waiting(SLOT, waiting[1])
        store.remove_waiting(SLOT, waiting[3])

        assert list(store.waiting(SLOT)) == [waiting[0], waiting[2]]
        assert store.holders(SLOT) == SlotHolders()

    def test_one_that_was_parked_again_is_not_removed(self, store: ConcurrencyStore) -> None:
        before, again = (ParkedTask(position=POSITIONS[0], revision=each) for each in (1, 3))
        store.add_waiting(SLOT, before)
        store.add_waiting(SLOT, again)

        store.remove_waiting(SLOT, before)

        assert list(store.waiting(SLOT)) == [again]

    def test_the_members_of_a_group_are_listed_latest_first(self, store: ConcurrencyStore) -> None:
        members = [
            GroupMember(position=position, is_latest=number % 2 == 0)
            for number, position in enumerate(POSITIONS)
        ]
        for member in members:
            store.add_member(GROUP, member)
        store.add_member("another", members[0])

        store.remove_member(GROUP, POSITIONS[2])

        assert list(store.members(GROUP)) == [members[3], members[1], members[0]]
