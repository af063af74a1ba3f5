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


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """A figure. `shown` is its text, `good` whether it keeps its aim."""

    title: str
    aim: str
    part: str
    shown: Callable[[Numbers], str]
    good: Callable[[Numbers], bool] = lambda _: True


ROWS: Final = (
    FigureRow(
        title="uptime: requests answered while an instance is killed, restarted and hangs",
        aim=f"≥ {AVAILABILITY:.1%}",
        part="instances",
        shown=lambda n: f"{n['available']:.3%} of {n['answered'] + n['failed']:,}",
        good=lambda n: n["available"] >= AVAILABILITY,
    ),
    FigureRow(
        title="faults survived, of those in the table of faults",
        aim="all",
        part="faults",
        shown=lambda n: f"{n['survived']} of {n['faults']}, in {n['cases']:,} cases",
        good=lambda n: n["survived"] == n["faults"],
    ),
    FigureRow(
        title="tasks and notifications lost under these faults",
        aim="0",
        part="faults",
        shown=lambda n: str(n["tasks lost"] + n["notifications lost"]),
        good=lambda n: n["tasks lost"] + n["notifications lost"] == 0,
    ),
    FigureRow(
        title="API: 95th percentile of a read of a task",
        aim=f"< {API_P95_MS:g} ms",
        part="load",
        shown=lambda n: f"{n['get']['p95']:.1f} ms",
        good=lambda n: n["get"]["p95"] < API_P95_MS,
    ),
    FigureRow(
        title="API: reads of a task a second",
        aim="",
        part="load",
        shown=lambda n: f"{n['get']['a second']:,.0f}",
    ),
    FigureRow(
        title="webhooks a second, each stored as a task and a delivery",
        aim=f"≥ {PER_SECOND:,}",
        part="load",
        shown=lambda n: f"{n['webhook']['a second']:,.0f}",
        good=lambda n: n["webhook"]["a second"] >= PER_SECOND,
    ),
    FigureRow(
        title="median latency of a webhook under this load",
        aim=f"< {P50_MS:g} ms",
        part="load",
        shown=lambda n: f"{n['webhook']['p50']:.1f} ms",
        good=lambda n: n["webhook"]["p50"] < P50_MS,
    ),
    FigureRow(
        title="memory of a webhook function under this load",
        aim=f"≤ {MEMORY_MB:g} MB",
        part="load",
        shown=lambda n: f"{n['webhook']['memory']:.0f} MB",
        good=lambda n: n["webhook"]["memory"] <= MEMORY_MB,
    ),
    FigureRow(
        title="memory of the API function under load",
        aim=f"≤ {MEMORY_MB:g} MB",
        part="load",
        shown=lambda n: f"{n['get']['memory']:.0f} MB",
        good=lambda n: n["get"]["memory"] <= MEMORY_MB,
    ),
    FigureRow(
        title="CPU of a webhook, and of the least handler that could do the same",
        aim="",
        part="load",
        shown=lambda n: f"{n['webhook']['CPU']:.2f} ms, {n['bare']['CPU']:.2f} ms",
    ),
    FigureRow(
        title="authentication: valid credentials that are accepted",
        aim=f"≥ {AUTHENTICATION_SUCCESS:.1%}",
        part="authentication",
        shown=lambda n: f"{n['valid accepted']:.2%}",
        good=lambda n: n["valid accepted"] >= AUTHENTICATION_SUCCESS,
    ),
    FigureRow(
        title="authentication: invalid credentials that are refused",
        aim="100%",
        part="authentication",
        shown=lambda n: f"{n['invalid refused']:.2%}",
        good=lambda n: n["invalid refused"] == 1,
    ),
    FigureRow(
        title=f"webhooks stored within {MOST_SENDS} sends, if a tenth of the requests fail",
        aim=f"≥ {WEBHOOK_SUCCESS:.1%}",
        part="webhooks",
        shown=lambda n: f"{n['stored']:.3%} of {n['webhooks']:,}, {n['lost']} lost",
        good=lambda n: n["stored"] >= WEBHOOK_SUCCESS and n["lost"] == 0,
    ),
    FigureRow(
        title="notifications delivered by connectors, if a tenth of the calls fail",
        aim=f"≥ {CONNECTOR_SUCCESS:.1%}",
        part="connectors",
        shown=lambda n: f"{n['delivered']:.3%} of {n['notifications']:,}, {n['lost']} lost",
        good=lambda n: n["delivered"] >= CONNECTOR_SUCCESS and n["lost"] == 0,
    ),
    FigureRow(
        title="coverage of lines and branches of the layer by tests",
        aim=f"≥ {COVERAGE:g}%",
        part="coverage",
        shown=lambda n: f"{n['totals']['percent_covered']:.1f}%",
        good=lambda n: n["totals"]["percent_covered"] >= COVERAGE,
    ),
)
