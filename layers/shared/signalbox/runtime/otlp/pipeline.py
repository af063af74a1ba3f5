"""Collect telemetry, and send it in a thread, so that a slow endpoint delays nobody for long.

A process that is kept sends every few seconds. A function sends at the end of each invocation, and
waits for that as long as the timeout says: Lambda stops the process until the next one.
"""

import logging
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Condition, Thread
from time import monotonic
from typing import Final

from signalbox.models.base import JsonObject
from signalbox.models.span import Span
from signalbox.models.trace_context import is_sampled
from signalbox.runtime.otlp.encoding import LOGS, METRICS, TRACES, OtlpSignal, otlp_span
from signalbox.runtime.otlp.log_records import OWN_LOGGER, LoggedRecord
from signalbox.runtime.otlp.metric_sums import MetricSums
from signalbox.runtime.otlp.sender import ExportOutcome, SendResponse

MAX_WAITING: Final = 2_048
"""How many items of each signal wait to be sent; the oldest ones are dropped."""

INTERVAL_SECONDS: Final = 5.0
_MAX_ITEMS: Final = 512
"""How many items one request has."""

_MAX_PAUSE_SECONDS: Final = 60.0
_JITTER: Final = 0.25

SendSignal = Callable[[OtlpSignal, Sequence[JsonObject]], SendResponse]


class TelemetryPipeline:
    """Collects from any thread. `interval` is in seconds; None sends only what is flushed."""

    def __init__(
        self,
        send: SendSignal,
        *,
        interval: float | None = None,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self.metrics = MetricSums()
        self._send = send
        self._interval = interval
        self._now = now
        self._spans: deque[Span] = deque(maxlen=MAX_WAITING)
        self._records: deque[LoggedRecord] = deque(maxlen=MAX_WAITING)
        self._unsent = {
            signal.path: deque[JsonObject](maxlen=MAX_WAITING) for signal in (TRACES, METRICS, LOGS)
        }
        self._state = Condition()
        self._thread: Thread | None = None
        self._flushes = self._flushed = 0
        self._is_stopped = False
        self._failures = 0
        self._resumes_at = 0.0
        self._entry: Mapping[str, str | bool] = {}

    def add_span(self, span: Span) -> None:
        """Take a span that has ended."""
        if not isinstance(span.parent, Span):
            span.attributes.update(self._entry)
        self._spans.append(span)

    def add_record(self, record: LoggedRecord) -> None:
        """Take a line of the log."""
        self._records.append(record)

    def begin_invocation(self, attributes: Mapping[str, str | bool]) -> None:
        """Set what spans have that are the first ones of their trace in this invocation."""
        self._entry = attributes

    def start(self) -> bool:
        """Start the thread unless it runs; return whether it does, since a process may be full."""
        with self._state:
            if self._thread and self._thread.is_alive():
                return True
            self._flushed = self._flushes
            thread = Thread(target=self._run, name="otlp", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                self._pause(type(error).__name__)
                return False
            self._thread = thread
            return True

    def flush(self, seconds: float) -> bool:
        """Send what was collected, wait for so long at most, and return whether that is done.

        While the thread is busy since an earlier flush, or the endpoint has just failed, nobody
        waits.
        """
        if self._now() < self._resumes_at or not self.start():
            return False
        with self._state:
            is_busy = self._flushed < self._flushes
            self._flushes += 1
            number = self._flushes
            self._state.notify_all()
            return not is_busy and self._state.wait_for(lambda: self._flushed >= number, seconds)

    def stop(self, seconds: float) -> None:
        """Send what was collected as `flush` does, and end the thread."""
        self.flush(seconds)
        with self._state:
            self._is_stopped = True
            self._state.notify_all()

    def _run(self) -> None:
        while not self._is_stopped:
            with self._state:
                self._state.wait_for(self._has_to_do, self._interval)
                number = self._flushes
            if self._now() >= self._resumes_at:
                self._export()
            with self._state:
                self._flushed = number
                self._state.notify_all()

    def _has_to_do(self) -> bool:
        return self._is_stopped or self._flushed < self._flushes

    def _export(self) -> None:
        try:
            self._unsent[TRACES.path].extend(self._drained_spans())
            self._unsent[LOGS.path].extend(self._drained_records())
            self._unsent[METRICS.path].extend(self.metrics.drain())
            reasons = [
                reason for signal in (TRACES, METRICS, LOGS) if (reason := self._sent(signal))
            ]
        except Exception as error:  # noqa: BLE001  telemetry fails nothing, and the thread goes on
            reasons = [type(error).__name__]
        if reasons:
            self._pause(reasons[0])
        else:
            self._failures = 0

    def _pause(self, reason: str) -> None:
        """Send nothing for a time that grows with each failure."""
        self._failures += 1
        pause = min(2.0**self._failures, _MAX_PAUSE_SECONDS)
        self._resumes_at = self._now() + pause * random.uniform(1 - _JITTER, 1)  # noqa: S311  no secret
        log = logging.getLogger(OWN_LOGGER)
        log.warning("telemetry not exported", extra={"reason": reason})

    def _sent(self, signal: OtlpSignal) -> str:
        """Send what waits of a signal; return why something of it was not accepted."""
        waiting = self._unsent[signal.path]
        while waiting:
            items = [waiting.popleft() for _ in range(min(len(waiting), _MAX_ITEMS))]
            response = self._send(signal, items)
            is_unknown = response.outcome is ExportOutcome.UNKNOWN
            if response.outcome is ExportOutcome.UNAVAILABLE or (is_unknown and signal.repeatable):
                waiting.extendleft(reversed(items))
            if response.outcome is not ExportOutcome.ACCEPTED:
                return response.reason
        return ""

    def _drained_spans(self) -> Iterable[JsonObject]:
        """Yield the spans that are sampled; those whose trace is not decided yet stay."""
        for _ in range(len(self._spans)):
            span = self._spans.popleft()
            if _is_open(span):
                self._spans.append(span)
            elif is_sampled(span.traceparent):
                yield otlp_span(span)

    def _drained_records(self) -> Iterable[JsonObject]:
        for _ in range(len(self._records)):
            record = self._records.popleft()
            if record.span and _is_open(record.span):
                self._records.append(record)
            else:
                yield record.encoded()


def _is_open(span: Span) -> bool:
    """Return whether the trace of the span may still become another one."""
    if span.context is not None:
        return False
    return _is_open(span.parent) if isinstance(span.parent, Span) else not span.ended_at
