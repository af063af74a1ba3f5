"""signalbox metrics: tasks, queues, webhooks and connectors in figures."""

from typing import Annotated

import typer

from cli.output import AsJson, Output
from cli.target import chosen


def metrics(
    context: typer.Context,
    *,
    prometheus: Annotated[
        bool, typer.Option("--prometheus", help="Print them as Prometheus reads them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show tasks, queues, webhooks and connectors in figures."""
    from cli.facts import of_figures
    from cli.operate import connect_operator

    operator = connect_operator(chosen(context))
    if prometheus:
        print(operator.exposition(), end="")
        return
    figures = operator.figures()
    output = Output(as_json)
    output.one(figures, of_figures(figures))
    if not figures.complete:
        output.note("counting is behind: these are the figures of some time ago")
