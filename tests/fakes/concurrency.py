"""Slots, who waits for them, and groups of tasks, in memory."""

from collections.abc import Iterator

from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.slots import SlotHolders
from signalbox.services.ports.concurrency import GroupMember, ParkedTask


class FakeConcurrency:
    """A ConcurrencyStore. While `down` it does nothing but raise Unavailable."""

    def __init__(self) -> None:
        self.slots: dict[str, SlotHolders] = {}
        self.parked: dict[tuple[str, str], int] = {}
        self.groups: dict[tuple[str, str], bool] = {}
        self.down = False

    def holders(self, slot: str) -> SlotHolders:
        self._reach()
        return self.slots.get(slot, SlotHolders())

    def replace(self, slot: str, before: SlotHolders, after: SlotHolders) -> None:
        if self.holders(slot).revision != before.revision:
            raise WriteConflict("the record has changed meanwhile")
        self.slots[slot] = after

    def add_waiting(self, slot: str, parked: ParkedTask) -> None:
        self._reach()
        self.parked[slot, parked.position] = parked.revision

    def waiting(self, slot: str) -> Iterator[ParkedTask]:
        self._reach()
        for (name, position), revision in sorted(self.parked.items()):
            if name == slot:
                yield ParkedTask(position=position, revision=revision)

    def remove_waiting(self, slot: str, parked: ParkedTask) -> None:
        self._reach()
        if self.parked.get((slot, parked.position)) == parked.revision:
            del self.parked[slot, parked.position]

    def add_member(self, group: str, member: GroupMember) -> None:
        self._reach()
        self.groups[group, member.position] = member.is_latest

    def members(self, group: str) -> Iterator[GroupMember]:
        self._reach()
        positions = sorted((each for name, each in self.groups if name == group), reverse=True)
        for position in positions:
            yield GroupMember(position=position, is_latest=self.groups[group, position])

    def remove_member(self, group: str, position: str) -> None:
        self._reach()
        self.groups.pop((group, position), None)

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the tasks did not answer")
