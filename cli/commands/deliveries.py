"""signalbox deliveries: what providers sent, what was made of it, and why."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output, format_time
from cli.parsing import DryRunOption, LimitOption, SinceOption, UntilOption, query_parameters
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="List, show, explain and replay deliveries.")

DeliveryArgument = Annotated[str, typer.Argument(help="As `deliveries list` shows it.")]
ProviderOption = Annotated[str | None, typer.Option(help="Such as github.")]
SourceOption = Annotated[str | None, typer.Option(help="One source of the provider.")]


@app.command("list")
def list_(
    context: typer.Context,
    *,
    provider: ProviderOption = None,
    source: SourceOption = None,
    status: Annotated[
        str | None, typer.Option(help="accepted, ignored, failed or handshake.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List deliveries, the newest first."""
    from cli.operator_client import connect_operator

    wanted = query_parameters(
        provider=provider, source=source, status=status, since=since, until=until
    )
    Output(as_json).rows(
        connect_operator(chosen_target(context)).deliveries(wanted, limit),
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
    """Show a delivery, its headers and its body."""
    from cli.operator_client import connect_operator
    from cli.views import delivery_fields

    found = connect_operator(chosen_target(context)).delivery(delivery_id)
    Output(as_json).one(found, delivery_fields(found))


@app.command()
def explain(
    context: typer.Context,
    named: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the provider's own.")],
    *,
    provider: Annotated[str, typer.Option(help="Whose id it is.")] = "github",
    source: Annotated[str, typer.Option(help="Which source it came to.")] = "default",
    as_json: JsonOption = False,
) -> None:
    """Tell what happened because of a delivery, and what did not and why."""
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
    """Read a delivery with today's code and make the tasks that are not there."""
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
    """Show what was not let in, and why: counts and the last few requests of each source."""
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
