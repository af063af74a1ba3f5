"""Metrics that a test can read."""

from collections.abc import Mapping


class FakeCount:
    """A Count."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []

    def __call__(self, metric: str, dimensions: Mapping[str, str]) -> None:
        self.seen.append((metric, dict(dimensions)))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.seen]
