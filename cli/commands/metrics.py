"""signalbox metrics: metrics of tasks, queues, webhooks and connectors."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target


def metrics(
    context: typer.Context,
    *,
    prometheus: Annotated[
        bool, typer.Option("--prometheus", help="Print the Prometheus text format.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the metrics of tasks, queues, webhooks and connectors."""
    from cli.operator_client import connect_operator
    from cli.views import metrics_fields

    operator = connect_operator(chosen_target(context))
    if prometheus:
        print(operator.exposition(), end="")
        return
    figures = operator.figures()
    output = Output(as_json)
    output.one(figures, metrics_fields(figures))
    if not figures.complete:
        output.note("counting is behind: these are the figures of some time ago")
