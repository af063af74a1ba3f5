"""signalbox deliveries: list, explain and replay received webhooks."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output, format_time
from cli.parsing import DryRunOption, LimitOption, SinceOption, UntilOption, query_parameters
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="List, show, explain and replay deliveries.")

DeliveryArgument = Annotated[str, typer.Argument(help="The id, as shown by `deliveries list`.")]
ProviderOption = Annotated[str | None, typer.Option(help="A provider, such as github.")]
SourceOption = Annotated[str | None, typer.Option(help="A source of the provider.")]


@app.command("list")
def list_(
    context: typer.Context,
    *,
    provider: ProviderOption = None,
    source: SourceOption = None,
    status: Annotated[
        str | None, typer.Option(help="pending, accepted, ignored, failed or handshake.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List deliveries, newest first."""
    from cli.operator_client import connect_operator

    filters = query_parameters(
        provider=provider, source=source, status=status, since=since, until=until
    )
    Output(as_json).rows(
        connect_operator(chosen_target(context)).deliveries(filters, limit),
        {
            "Id": lambda row: row.id,
            "From": lambda row: f"{row.provider}/{row.source}",
            "Event": lambda row: row.event or "",
            "Verdict": lambda row: row.status,
            "Tasks": lambda row: " ".join(row.task_ids),
            "Why": lambda row: "; ".join(filter(None, (row.reason, *row.notes))),
            "Received": lambda row: format_time(row.received_at),
        },
    )


@app.command()
def show(
    context: typer.Context, delivery_id: DeliveryArgument, *, as_json: JsonOption = False
) -> None:
    """Show a delivery with its headers and body."""
    from cli.operator_client import connect_operator
    from cli.views import delivery_fields

    found = connect_operator(chosen_target(context)).delivery(delivery_id)
    Output(as_json).one(found, delivery_fields(found))


@app.command()
def explain(
    context: typer.Context,
    named: Annotated[
        str, typer.Argument(metavar="ID", help="The id of the delivery, or that of the provider.")
    ],
    *,
    provider: Annotated[str, typer.Option(help="The provider of the id.")] = "github",
    source: Annotated[str, typer.Option(help="The source of the delivery.")] = "default",
    as_json: JsonOption = False,
) -> None:
    """Explain a delivery: what happened because of it, and why nothing else did."""
    from cli.operator_client import connect_operator

    story = connect_operator(chosen_target(context)).explain(named, provider, source)
    output = Output(as_json)
    if as_json:
        output.one(story, {})
        return
    output.rows(
        story.steps,
        {
            "At": lambda step: format_time(step.at),
            "What": lambda step: step.what,
            "Detail": lambda step: step.detail,
            "About": lambda step: " ".join(step.ids.values()),
        },
    )


@app.command()
def replay(
    context: typer.Context,
    delivery_id: DeliveryArgument,
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Replay a delivery with the current code, and create the missing tasks."""
    from cli.operator_client import connect_operator
    from cli.views import replay_fields

    found = connect_operator(chosen_target(context)).replay(delivery_id, dry_run=dry_run)
    Output(as_json).one(found, replay_fields(found))


@app.command()
def rejections(
    context: typer.Context,
    *,
    provider: ProviderOption = None,
    source: SourceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the rejected requests of each source: counts, and the last few."""
    from cli.operator_client import connect_operator

    found = connect_operator(chosen_target(context)).rejections(
        query_parameters(provider=provider, source=source)
    )
    output = Output(as_json)
    if as_json:
        output.one(found, {})
        return
    for each in found.items:
        counts = ", ".join(f"{count} {code}" for code, count in each.counts.items())
        output.line(
            each, f"{each.provider}/{each.source} since {format_time(each.since)}: {counts}"
        )
        for last in each.last:
            said = f"{last.status} {last.code}: {last.reason}"
            output.line(last, f"  {format_time(last.at)}  {last.source_ip}  {said}")
