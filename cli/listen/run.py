"""The implementation of `signalbox listen`."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypeVar

from cli.api_client import ApiError, ApiUnavailable
from cli.listen.feed import DeliveryFeed
from cli.listen.forward import ForwardedDelivery, ListenTarget
from cli.operator_client import OperatorClient
from cli.output import Output, format_time
from signalbox.http.schemas.deliveries import DeliverySummary

T = TypeVar("T")

_MAX_PAUSE: Final = 30.0


@dataclass(slots=True, kw_only=True)
class Listener:
    """Forwards the deliveries of a feed to a target, one after the other, and prints a line each.

    With `backlog` it begins with the deliveries that there are. `once` ends it after these, or
    without a backlog after the first poll with any.
    """

    operator: OperatorClient
    feed: DeliveryFeed
    target: ListenTarget
    output: Output
    every: float
    once: bool = False
    backlog: bool = False
    sleep: Callable[[float], None] = time.sleep
    _failures: int = field(default=0, init=False)
    _forwarded: int = field(default=0, init=False)

    def run(self) -> bool:
        """Forward until interrupted, or as options say; return whether all were accepted.

        An API that does not answer is waited for, except at the start.

        Raises:
            ApiError: The API refused a request.
            ApiUnavailable: The API did not answer the first request.
        """
        with suppress(KeyboardInterrupt), _interrupt_on_signals():
            for found in self._polls():
                for summary in found:
                    self._forward(summary)
                if self.once and (found or self.backlog):
                    break
        self.output.note(f"{self._forwarded} forwarded, {self._failures} not accepted")
        return self._failures == 0

    def _polls(self) -> Iterator[Sequence[DeliverySummary]]:
        if not self.backlog:
            self.feed.skip_existing()
        yield self.feed.poll()
        while True:
            self.sleep(self.every)
            yield self._patiently(self.feed.poll)

    def _forward(self, summary: DeliverySummary) -> None:
        """Forward one delivery; one that has expired meanwhile is skipped."""
        try:
            view = self._patiently(lambda: self.operator.delivery(summary.id))
            body = self._patiently(lambda: self.operator.delivery_body(summary.id))
        except ApiError as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
            outcome = ForwardedDelivery(
                delivery_id=summary.id,
                event=summary.event,
                received_at=summary.received_at.isoformat(),
                size=summary.size,
                attempts=0,
                reason="it has expired",
            )
        else:
            outcome = self.target.forward(view, body)
        self._forwarded += outcome.status is not None
        self._failures += not outcome.good
        self.output.line(outcome, _line(summary, outcome))

    def _patiently(self, call: Callable[[], T]) -> T:
        """Return the result of a call of the API, repeated until the API answers."""
        pause = self.every
        while True:
            try:
                return call()
            except ApiUnavailable as away:
                seconds = max(pause, away.after)
                self.output.note(f"{away}; trying again in {seconds:g} s")
                self.sleep(seconds)
                pause = min(pause * 2, _MAX_PAUSE)


@contextmanager
def _interrupt_on_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal interrupt as Ctrl-C does, unless they are ignored."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _line(summary: DeliverySummary, outcome: ForwardedDelivery) -> str:
    answer = (
        f"skipped: {outcome.reason}"
        if outcome.status is None
        else f"{outcome.status} ({outcome.milliseconds} ms)"
    )
    words = (
        format_time(summary.received_at),
        summary.id,
        summary.event or "",
        str(summary.status),
        f"{outcome.size} bytes",
    )
    return f"{'  '.join(filter(None, words))}  ->  {answer}"
