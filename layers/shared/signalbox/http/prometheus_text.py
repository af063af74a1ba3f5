"""Lines of the Prometheus text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from signalbox.models.metrics import Counts, Histogram, counts_by_label

_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})

LabelSet = Mapping[str, str]
MetricSample = tuple[LabelSet, float]


def labelled_counts(counts: Counts, metric: StrEnum, *names: str) -> list[MetricSample]:
    """Return the counters of a metric, with their labels by these names."""
    found = sorted(counts_by_label(counts, metric).items())
    return [(dict(zip(names, labels, strict=True)), number) for labels, number in found]


def metric_family(
    name: str, kind: str, help_: str, samples: Iterable[MetricSample]
) -> Iterator[str]:
    """Yield the lines of a metric."""
    yield f"# HELP {name} {help_}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        yield _line(name, labels, value)


def histogram_family(
    name: str, help_: str, observed: Iterable[tuple[LabelSet, Histogram]]
) -> Iterator[str]:
    """Yield the lines of a metric that has a histogram for each set of labels."""
    yield from metric_family(name, "histogram", help_, [])
    for labels, histogram in observed:
        bounds = [*(f"{bound:g}" for bound in histogram.bounds), "+Inf"]
        for bound, below in zip(bounds, histogram.cumulative, strict=True):
            yield _line(f"{name}_bucket", {**labels, "le": bound}, below)
        yield _line(f"{name}_sum", labels, histogram.seconds)
        yield _line(f"{name}_count", labels, histogram.count)


def _line(name: str, labels: LabelSet, value: float) -> str:
    pairs = ",".join(f'{key}="{text.translate(_ESCAPES)}"' for key, text in labels.items())
    return f"{name}{{{pairs}}} {value}" if pairs else f"{name} {value}"
