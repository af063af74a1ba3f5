"""Metrics that a test can read."""

from collections.abc import Mapping, Sequence


class FakeCount:
    """A Count."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []

        self.values: list[tuple[str, int]] = []

    def __call__(self, name: str, dimensions: Mapping[str, str], value: int = 1) -> None:
        self.seen.append((name, dict(dimensions)))
        self.values.append((name, value))

    def together(self, counts: Sequence[tuple[str, Mapping[str, str], int]]) -> None:
        """Count several metrics, as a CountTogether."""
        for count in counts:
            self(*count)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.seen]
