"""What was counted and measured since the last export, as metrics with delta temporality.

https://opentelemetry.io/docs/specs/otel/metrics/data-model/#temporality
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from threading import Lock
from time import time_ns
from typing import Final

from signalbox.models.base import JsonObject
from signalbox.runtime.otlp.encoding import otlp_attributes

BOUNDS: Final = (5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000)
"""The limits of the buckets of a histogram, in milliseconds: the defaults of OpenTelemetry."""

_DELTA: Final = 1
_GAUGES: Final = frozenset({"PendingAge"})
"""What is written like a count, and is the state at a time."""

_MAX_SERIES: Final = 1_000
_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")

_Series = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class _Distribution:
    total: float = 0.0
    least: float = inf
    most: float = -inf
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def add(self, value: float) -> None:
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        self.buckets[bisect_left(BOUNDS, value)] += 1

    def point(self) -> JsonObject:
        return {
            "count": str(sum(self.buckets)),
            "sum": self.total,
            "min": self.least,
            "max": self.most,
            "bucketCounts": [str(number) for number in self.buckets],
            "explicitBounds": list(BOUNDS),
        }


@dataclass(slots=True)
class MetricSums:
    """Adds up what functions count. What is more than a thousand series is left out."""

    _since: int = field(default_factory=time_ns)
    _sums: dict[_Series, float] = field(default_factory=dict)
    _distributions: dict[_Series, _Distribution] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(
        self, values: Mapping[str, Sequence[float]], unit: str, dimensions: Mapping[str, str]
    ) -> None:
        """Add values of metrics with these dimensions."""
        labels = tuple(dimensions.items())
        with self._lock:
            for name, of in values.items():
                series = name, labels
                if not of or not self._has_room(series):
                    continue
                if unit != "Count":
                    distribution = self._distributions.setdefault(series, _Distribution())
                    for value in of:
                        distribution.add(value)
                elif name in _GAUGES:
                    self._sums[series] = of[-1]
                else:
                    self._sums[series] = self._sums.get(series, 0) + sum(of)

    def _has_room(self, series: _Series) -> bool:
        is_known = series in self._sums or series in self._distributions
        return is_known or len(self._sums) + len(self._distributions) < _MAX_SERIES

    def drain(self) -> list[JsonObject]:
        """Return the metrics since the last call."""
        with self._lock:
            sums, distributions = self._sums, self._distributions
            self._sums, self._distributions = {}, {}
            since, self._since = self._since, time_ns()
            until = self._since
        points: dict[str, list[JsonObject]] = {}
        for (name, labels), value in sums.items():
            point: JsonObject = {"asInt": str(int(value))}
            points.setdefault(name, []).append(_point(point, labels, since, until))
        counted: list[JsonObject] = [_counted(name, of) for name, of in points.items()]
        points = {}
        for (name, labels), measured in distributions.items():
            point = _point(measured.point(), labels, since, until)
            points.setdefault(name, []).append(point)
        return counted + [_measured(name, of) for name, of in points.items()]


def otlp_metric_name(name: str) -> str:
    """Return the name of a metric in OpenTelemetry: `signalbox.webhook_requests`."""
    return f"signalbox.{_WORD.sub('_', name).lower()}"


def _point(
    value: JsonObject, labels: tuple[tuple[str, str], ...], since: int, until: int
) -> JsonObject:
    times: JsonObject = {"startTimeUnixNano": str(since), "timeUnixNano": str(until)}
    return {**times, "attributes": [*otlp_attributes(dict(labels))], **value}


def _counted(name: str, points: list[JsonObject]) -> JsonObject:
    if name in _GAUGES:
        return {"name": otlp_metric_name(name), "unit": "s", "gauge": {"dataPoints": [*points]}}
    data: JsonObject = {
        "aggregationTemporality": _DELTA,
        "isMonotonic": True,
        "dataPoints": [*points],
    }
    return {"name": otlp_metric_name(name), "unit": "1", "sum": data}


def _measured(name: str, points: list[JsonObject]) -> JsonObject:
    data: JsonObject = {"aggregationTemporality": _DELTA, "dataPoints": [*points]}
    return {"name": otlp_metric_name(name), "unit": "ms", "histogram": data}
