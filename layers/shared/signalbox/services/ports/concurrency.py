"""The port of what limits how many tasks run at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from signalbox.models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signalbox.models.slots import SlotHolders


@frozen
class GroupMember:
    """A task of a group by its position, and whether it takes the place of earlier ones."""

    position: str
    is_latest: bool


@frozen
class ParkedTask:
    """A task that waits for a slot: its position, and the revision at which it was parked."""

    position: str
    revision: int


class ConcurrencyStore(Protocol):
    """Stores who holds slots, who waits for them, and which tasks a group has.

    Positions are those of tasks by their creation.
    """

    def holders(self, slot: str) -> SlotHolders:
        """Return who holds the slots of this name."""

    def replace(self, slot: str, before: SlotHolders, after: SlotHolders) -> None:
        """Replace who holds the slots.

        Raises:
            WriteConflict: `before` is not what is stored.
        """

    def add_waiting(self, slot: str, parked: ParkedTask) -> None:
        """Add a task that waits for a slot, or replace the revision at which it was parked."""

    def waiting(self, slot: str) -> Iterator[ParkedTask]:
        """Yield those that wait for a slot, earliest first, read lazily."""

    def remove_waiting(self, slot: str, parked: ParkedTask) -> None:
        """Remove a task that waits no longer, unless it was parked again since."""

    def add_member(self, group: str, member: GroupMember) -> None:
        """Add a task to its group."""

    def members(self, group: str) -> Iterator[GroupMember]:
        """Yield the tasks of a group, latest first, read lazily."""

    def remove_member(self, group: str, position: str) -> None:
        """Remove a task from its group, if it is there."""
