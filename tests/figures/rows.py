"""The rows of docs/figures.md: what is measured, its aim, and the part that has the figure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.bench.figures import MEMORY_MB
from tests.bench.gateway.endure import AVAILABILITY
from tests.bench.load import P50_MS, PER_SECOND
from tests.figures.authentication import SUCCESS as AUTHENTICATION_SUCCESS
from tests.figures.webhooks import MOST_SENDS
from tests.figures.webhooks import SUCCESS as WEBHOOK_SUCCESS

API_P95_MS: Final = 100.0
CONNECTOR_SUCCESS: Final = 0.999
COVERAGE: Final = 90.0

Numbers = Mapping[str, Any]
Read = Callable[[Numbers], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What the figures of a row are to be: its text, and whether they are."""

    text: str
    is_met: Callable[..., bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """Figures that are measured by a part, the form in which they are shown, and their aim."""

    part: str
    title: str
    form: str
    figures: tuple[Read, ...]
    target: Aim

    @property
    def aim(self) -> str:
        """Return the text of the aim, empty without one."""
        return self.target.text

    def shown(self, numbers: Numbers) -> str:
        """Return the text of the figures."""
        return self.form.format(*(read(numbers) for read in self.figures))

    def good(self, numbers: Numbers) -> bool:
        """Return whether the figures keep the aim."""
        return self.target.is_met(*(read(numbers) for read in self.figures))


def _row(part: str, title: str, form: str, target: Aim, *figures: str | Read) -> FigureRow:
    """Return a row; a figure is the path to a number, such as `get/p95`, or what computes it."""
    reads = tuple(_at(each) if isinstance(each, str) else each for each in figures)
    return FigureRow(part=part, title=title, form=form, figures=reads, target=target)


def _at(path: str) -> Read:
    def read(numbers: Numbers) -> float:
        found: Any = numbers
        for name in path.split("/"):
            found = found[name]
        number: float = found
        return number

    return read


def _at_least(limit: float, shown: str) -> Aim:
    return Aim(text=f"≥ {shown}", is_met=lambda figure, *_: figure >= limit)


def _below(limit: float) -> Aim:
    return Aim(text=f"< {limit:g} ms", is_met=lambda figure: figure < limit)


def _without_loss(limit: float) -> Aim:
    """Return the aim of a share, of a number, of which none is lost."""
    return Aim(text=f"≥ {limit:.1%}", is_met=lambda share, _, lost: share >= limit and lost == 0)


_NONE: Final = Aim(text="", is_met=lambda *_: True)
_NO_LOSS: Final = Aim(text="0", is_met=lambda lost: lost == 0)
_ALL_SURVIVED: Final = Aim(text="all", is_met=lambda survived, faults, _: survived == faults)
_ALL_REFUSED: Final = Aim(text="100%", is_met=lambda share: share == 1)
_MEMORY: Final = Aim(text=f"≤ {MEMORY_MB:g} MB", is_met=lambda memory: memory <= MEMORY_MB)

ROWS: Final = (
    _row(
        "instances",
        "uptime: requests answered while an instance is killed, restarted and hangs",
        "{:.3%} of {:,}",
        _at_least(AVAILABILITY, f"{AVAILABILITY:.1%}"),
        "available",
        lambda n: n["answered"] + n["failed"],
    ),
    _row(
        "faults",
        "faults survived, of those in the table of faults",
        "{} of {}, in {:,} cases",
        _ALL_SURVIVED,
        "survived",
        "faults",
        "cases",
    ),
    _row(
        "faults",
        "tasks and notifications lost under these faults",
        "{}",
        _NO_LOSS,
        lambda n: n["tasks lost"] + n["notifications lost"],
    ),
    _row(
        "load",
        "API: 95th percentile of a read of a task",
        "{:.1f} ms",
        _below(API_P95_MS),
        "get/p95",
    ),
    _row("load", "API: reads of a task a second", "{:,.0f}", _NONE, "get/a second"),
    _row(
        "load",
        "webhooks a second, each stored as a task and a delivery",
        "{:,.0f}",
        _at_least(PER_SECOND, f"{PER_SECOND:,}"),
        "webhook/a second",
    ),
    _row(
        "load",
        "median latency of a webhook under this load",
        "{:.1f} ms",
        _below(P50_MS),
        "webhook/p50",
    ),
    _row(
        "load",
        "memory of a webhook function under this load",
        "{:.0f} MB",
        _MEMORY,
        "webhook/memory",
    ),
    _row("load", "memory of the API function under load", "{:.0f} MB", _MEMORY, "get/memory"),
    _row(
        "load",
        "CPU of a webhook, and of the least handler that could do the same",
        "{:.2f} ms, {:.2f} ms",
        _NONE,
        "webhook/CPU",
        "bare/CPU",
    ),
    _row(
        "authentication",
        "authentication: valid credentials that are accepted",
        "{:.2%}",
        _at_least(AUTHENTICATION_SUCCESS, f"{AUTHENTICATION_SUCCESS:.1%}"),
        "valid accepted",
    ),
    _row(
        "authentication",
        "authentication: invalid credentials that are refused",
        "{:.2%}",
        _ALL_REFUSED,
        "invalid refused",
    ),
    _row(
        "webhooks",
        f"webhooks stored within {MOST_SENDS} sends, if a tenth of the requests fail",
        "{:.3%} of {:,}, {} lost",
        _without_loss(WEBHOOK_SUCCESS),
        "stored",
        "webhooks",
        "lost",
    ),
    _row(
        "connectors",
        "notifications delivered by connectors, if a tenth of the calls fail",
        "{:.3%} of {:,}, {} lost",
        _without_loss(CONNECTOR_SUCCESS),
        "delivered",
        "notifications",
        "lost",
    ),
    _row(
        "coverage",
        "coverage of lines and branches of the layer by tests",
        "{:.1f}%",
        _at_least(COVERAGE, f"{COVERAGE:g}%"),
        "totals/percent_covered",
    ),
)
