"""One run for one source: read its provider's log, store what is due, request it.

The log is read from its newest attempt back to where the last complete look began. A look that is
too long for one run goes on in the next. Failed deliveries that are not stored are open until they
arrive or are given up. The state is written before the requests are made, on the condition that no
other run has written it, so that two runs never request the same.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from signalbox.models.errors import (
    NotFound,
    SendDelayed,
    SendRefused,
    Unavailable,
    WriteConflict,
)
from signalbox.models.frozen import frozen
from signalbox.models.ids import delivery_id
from signalbox.models.redelivery import (
    MAX_OPEN_DELIVERIES,
    LogPosition,
    MissedDelivery,
    RedeliveryState,
    due_after_success,
    failed_again,
    missed_delivery,
    requested_again,
)
from signalbox.models.source import Source
from signalbox.services.ports.deliveries import DeliveryStore
from signalbox.services.ports.redelivery import (
    AttemptGone,
    DeliveryAttempt,
    DeliveryLog,
    RedeliveryStore,
)
from signalbox.services.ports.time import Clock, TimeLeft

_OVERLAP: Final = timedelta(minutes=10)
"""How much of the log is read again: attempts may be listed late, and clocks differ."""

_MAX_PAGES: Final = 20
_MAX_BLOCK: Final = timedelta(hours=2)
_MAX_FAILURES: Final = 3
_TOTALS: Final = ("missed", "requested", "healed", "unhealable")

_RESERVE: Final = 12.0
"""The seconds that one call and the writes after it may take."""


@frozen
class RedeliveryResult:
    """The outcome of one run for a source.

    Attributes:
        source: The source.
        state: What is known of its log now, or None if that could not be read.
        missed: How many missed deliveries were found.
        requested: How many requests were made.
        healed: How many missed deliveries have arrived.
        unhealable: How many were given up.
        reason: Why the look or the requests stopped early, empty if they did not.
        refused: Whether the provider did not allow a request.
        stale: Whether no look was complete within the last hour.
    """

    source: Source
    state: RedeliveryState | None = None
    missed: int = 0
    requested: int = 0
    healed: int = 0
    unhealable: int = 0
    reason: str = ""
    refused: bool = False
    stale: bool = False

    @property
    def failed(self) -> bool:
        """Return whether an operator has to look into it."""
        return self.refused or self.stale or bool(self.unhealable)


@frozen
class RedeliveryTools:
    """What the runs for all sources share."""

    deliveries: DeliveryStore
    store: RedeliveryStore
    clock: Clock


class RedeliveryRun:
    """One run for one source: read the log, store what is due, request it."""

    def __init__(
        self,
        *,
        tools: RedeliveryTools,
        source: Source,
        log: DeliveryLog,
        base: RedeliveryState,
        time_left: TimeLeft,
    ) -> None:
        self._tools, self._source, self._log = tools, source, log
        self._base, self._time_left = base, time_left
        self._now = tools.clock()
        self._state = base
        self._open = {delivery.key: delivery for delivery in base.deliveries}
        self._succeeded: set[str] = set()
        self._newest_success = 0
        self._counts: Counter[str] = Counter()
        self._reason = ""
        self._pages = 0
        self._refused = False

    def __call__(self) -> RedeliveryResult:
        """Return the outcome.

        Raises:
            WriteConflict: Another run is at work; this one has requested nothing.
            Unavailable: A store did not answer.
        """
        self._close_old()
        batch = self._claim() if self._look() else []
        self._save()
        if batch:
            self._request(batch)
            try:
                self._save()
            except (WriteConflict, Unavailable) as error:
                self._reason = error.reason
        return RedeliveryResult(
            source=self._source,
            state=self._state,
            **self._counts,
            reason=self._reason,
            refused=self._refused,
            stale=self._state.is_stale(self._tools.clock()),
        )

    def _look(self) -> bool:
        """Read the log from where the last run stopped, down to the last complete look.

        Return whether the provider answered.
        """
        look = self._base.look
        if look is None or self._now - look.started_at > self._log.max_age:
            look = LogPosition(started_at=self._now)
        answered = True
        try:
            while look is not None and self._may_read_on():
                look = self._read_page(look)
        except SendDelayed as delayed:
            self._stop(delayed)
            answered = False
        except SendRefused as refused:  # perhaps of an old cursor: the next look begins anew
            self._stop(refused)
            look, answered = None, False
        self._set(look=look if look and look.cursor else None)
        return answered

    def _may_read_on(self) -> bool:
        """Return whether another page can be read, and note why not."""
        if self._pages == _MAX_PAGES:
            self._reason = "the log has more pages than one run reads"
        elif len(self._open) >= MAX_OPEN_DELIVERIES:
            self._reason = "too many missed deliveries are open to read on"
        elif self._time_left() <= _RESERVE:
            self._reason = "there was no time to read on"
        return not self._reason

    def _read_page(self, look: LogPosition) -> LogPosition | None:
        """Read a page, and return where the look goes on, or None if it is complete."""
        page = self._log.page(look.cursor)
        self._pages += 1
        attempts = [attempt for attempt in page.attempts if not self._is_known(attempt)]
        for attempt in attempts:
            self._read(attempt)
        newest = max((look.newest, *(attempt.number for attempt in attempts)))
        if page.cursor and len(attempts) == len(page.attempts):
            return LogPosition(started_at=look.started_at, newest=newest, cursor=page.cursor)
        self._set(looked_at=look.started_at, newest=max(newest, self._base.newest))
        return None

    def _is_known(self, attempt: DeliveryAttempt) -> bool:
        """Return whether the last complete look has seen the attempt, or it is too old."""
        if attempt.at is None:
            return attempt.number <= self._base.newest
        floor = self._now - self._log.max_age
        if self._base.looked_at:
            floor = max(floor, self._base.looked_at - _OVERLAP)
        return attempt.at < floor

    def _read(self, attempt: DeliveryAttempt) -> None:
        key, delivery = attempt.key, self._open.get(attempt.key)
        if attempt.succeeded:
            self._newest_success = max(self._newest_success, attempt.number)
            self._succeeded.add(key)
            if delivery:
                self._close(key, "healed")
        elif delivery:
            self._open[key] = failed_again(delivery, attempt.number, attempt.status)
        elif not (attempt.repeated or key in self._succeeded or self._is_stored(key)):
            at = min(attempt.at or self._now, self._now)
            self._open[key] = missed_delivery(key, attempt.number, attempt.status, at)
            self._counts["missed"] += 1
            if not attempt.repeatable:
                self._close(key, "unhealable")

    def _close_old(self) -> None:
        """Close what the provider does not repeat any more."""
        for key, delivery in list(self._open.items()):
            if self._now - delivery.at > self._log.max_age:
                self._close(key, "healed" if self._is_stored(key) else "unhealable")

    def _claim(self) -> list[MissedDelivery]:
        """Return the deliveries to request, oldest first, and count a request of each."""
        for key, delivery in self._open.items():
            self._open[key] = due_after_success(delivery, self._newest_success)
        due = [delivery for delivery in self._open.values() if delivery.due_at <= self._now]
        batch: list[MissedDelivery] = []
        for delivery in sorted(due, key=lambda each: (each.at, each.attempt)):
            if not delivery.exhausted and len(batch) >= self._log.max_requests:
                continue
            if self._is_stored(delivery.key):
                self._close(delivery.key, "healed")
            elif delivery.exhausted:
                self._close(delivery.key, "unhealable")
            else:
                batch.append(delivery)
                self._open[delivery.key] = requested_again(delivery, self._now)
        return batch

    def _request(self, batch: Sequence[MissedDelivery]) -> None:
        """Make the requests. Those that are not made, or not allowed, stay due."""
        failures = 0
        for number, delivery in enumerate(batch):
            if failures == _MAX_FAILURES or self._time_left() <= _RESERVE:
                self._keep_due(batch[number:])
                return
            try:
                failures = 0 if self._redeliver(delivery) else failures + 1
            except SendDelayed as delayed:
                self._stop(delayed)
                self._keep_due(batch[number:])
                return

    def _redeliver(self, delivery: MissedDelivery) -> bool:
        """Make one request and return whether it was accepted.

        Raises:
            SendDelayed: The provider asked to wait.
        """
        try:
            self._log.redeliver(delivery.attempt)
        except AttemptGone:
            self._close(delivery.key, "unhealable")
            return True
        except SendRefused as refused:
            self._reason, self._refused = refused.reason, True
            self._keep_due([delivery])
            return False
        except SendDelayed as delayed:
            if delayed.after:
                raise
            self._reason = delayed.reason
            self._counts["requested"] += 1  # it may have been made
            return False
        self._counts["requested"] += 1
        return True

    def _keep_due(self, deliveries: Sequence[MissedDelivery]) -> None:
        """Take back that these were requested."""
        self._reason = self._reason or "there was no time to request everything"
        self._open |= {delivery.key: delivery for delivery in deliveries}

    def _stop(self, error: SendDelayed | SendRefused) -> None:
        self._reason = error.reason
        if isinstance(error, SendDelayed) and error.after:
            self._set(blocked_until=self._tools.clock() + min(error.after, _MAX_BLOCK))

    def _is_stored(self, key: str) -> bool:
        source = self._source
        try:
            self._tools.deliveries.get(delivery_id(source.provider, source.name, key))
        except NotFound:
            return False
        return True

    def _close(self, key: str, outcome: str) -> None:
        del self._open[key]
        self._counts[outcome] += 1

    def _set(self, **changes: object) -> None:
        self._state = self._state.model_copy(update=changes)

    def _save(self) -> None:
        """Store the state.

        Raises:
            WriteConflict: Another run has stored its own.
            Unavailable: The store did not answer.
        """
        totals = {name: getattr(self._base, name) + self._counts[name] for name in _TOTALS}
        version = self._state.version + 1
        self._set(version=version, deliveries=tuple(self._open.values()), **totals)
        self._tools.store.replace(self._source, self._state)
