"""What counters have counted since the last observation."""

from collections.abc import Mapping
from dataclasses import field

from signalbox.models.frozen import frozen
from signalbox.models.incident import counted_since


@frozen
class CounterTotals:
    """The counters at the last observation, None at the first, and at this one."""

    before: Mapping[str, int] | None
    now: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, total: int) -> int:
        """Return by how much a counter has grown, and remember its total.

        The first observation counts nothing: what failed before is no news.
        """
        self.now[name] = total
        return 0 if self.before is None else counted_since(self.before.get(name, 0), total)
