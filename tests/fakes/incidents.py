"""Incidents and rejections in memory."""

from collections.abc import Iterable, Mapping, Sequence

from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.incident import IncidentLedger
from signalbox.models.rejection import Rejection, Rejections


class FakeIncidentStore:
    """An IncidentStore that counts its writes. While `down` it raises Unavailable."""

    def __init__(self) -> None:
        self.ledger = IncidentLedger()
        self.writes = 0
        self.down = False

    def get(self) -> IncidentLedger:
        self._reach()
        return self.ledger

    def replace(self, before: IncidentLedger, after: IncidentLedger) -> None:
        self._reach()
        if self.ledger.version != before.version:
            raise WriteConflict("the record has changed meanwhile")
        self.ledger = after
        self.writes += 1

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the incidents did not answer")


class FakeRejectionStore:
    """A RejectionStore."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Rejections] = {}

    def add(self, provider: str, source: str, counts: Mapping[str, int], last: Rejection) -> None:
        key = (provider, source)
        before = self.kept.get(key) or Rejections(
            provider=provider, source=source, since=last.at, counts={}
        )
        total = {code: before.counts.get(code, 0) for code in {*before.counts, *counts}}
        total = {code: number + counts.get(code, 0) for code, number in total.items()}
        self.kept[key] = before.model_copy(
            update={"counts": total, "last": (last, *before.last)[:20]}
        )

    def batch_get(self, sources: Iterable[tuple[str, str]]) -> Sequence[Rejections]:
        return [self.kept[each] for each in sorted(sources) if each in self.kept]
