"""The log of a provider, and what is known of it, in memory."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from signalbox.models.errors import SendDelayed, SendRefused, Unavailable, WriteConflict
from signalbox.models.redelivery import RedeliveryState
from signalbox.models.source import Source
from signalbox.services.ports.redelivery import AttemptPage, DeliveryAttempt


class FakeRedeliveryStore:
    """A RedeliveryStore. While `down` it does nothing but raise Unavailable."""

    def __init__(self) -> None:
        self.kept: dict[str, RedeliveryState] = {}
        self.down = False

    def get(self, source: Source) -> RedeliveryState | None:
        self._reach()
        return self.kept.get(source.key)

    def batch_get(self, sources: Iterable[Source]) -> Mapping[str, RedeliveryState]:
        self._reach()
        return {each.key: self.kept[each.key] for each in sources if each.key in self.kept}

    def replace(self, source: Source, after: RedeliveryState) -> None:
        self._reach()
        kept = self.kept.get(source.key)
        if (kept.version if kept else 0) != after.version - 1:
            raise WriteConflict("the record has changed meanwhile")
        self.kept[source.key] = after

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the state did not answer")


class FakeDeliveryLog:
    """A DeliveryLog whose cursors are numbers of attempts, as GitHub's are.

    `page_errors` and `request_errors` are raised one after the other instead of the next answers.
    """

    def __init__(self, *, page_size: int = 100, max_requests: int = 100) -> None:
        self.attempts: list[DeliveryAttempt] = []
        self.page_size = page_size
        self.max_requests = max_requests
        self.max_age = timedelta(hours=72)
        self.pages: list[str | None] = []
        self.requested: list[int] = []
        self.page_errors: list[SendDelayed | SendRefused] = []
        self.request_errors: list[SendDelayed | SendRefused] = []
        self.on_page: Callable[[], object] = int
        self.on_request: Callable[[int], object] = bool

    def add(
        self, key: str, status: int | None, at: datetime | None = None, *, repeated: bool = False
    ) -> DeliveryAttempt:
        number = len(self.attempts) + 1
        made = DeliveryAttempt(number=number, key=key, status=status, at=at, repeated=repeated)
        self.attempts.append(made)
        return made

    def page(self, cursor: str | None) -> AttemptPage:
        self.pages.append(cursor)
        self.on_page()
        if self.page_errors:
            raise self.page_errors.pop(0)
        upper = int(cursor) if cursor else len(self.attempts)
        lower = max(0, upper - self.page_size)
        shown = tuple(reversed(self.attempts[lower:upper]))
        return AttemptPage(attempts=shown, cursor=str(lower) if lower else None)

    def redeliver(self, attempt: int) -> None:
        self.on_request(attempt)
        if self.request_errors:
            raise self.request_errors.pop(0)
        self.requested.append(attempt)
