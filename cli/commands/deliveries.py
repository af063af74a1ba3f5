"""signalbox deliveries: what providers sent, what was made of it, and why."""

from typing import Annotated

import typer

from cli.output import AsJson, Output, moment
from cli.target import chosen
from cli.wanted import DryRun, Limit, Since, Until, given

app = typer.Typer(no_args_is_help=True, help="List, show, explain and replay deliveries.")

Id = Annotated[str, typer.Argument(help="As `deliveries list` shows it.")]
Provider = Annotated[str | None, typer.Option(help="Such as github.")]
Source = Annotated[str | None, typer.Option(help="One source of the provider.")]


@app.command("list")
def list_(
    context: typer.Context,
    *,
    provider: Provider = None,
    source: Source = None,
    verdict: Annotated[
        str | None, typer.Option(help="accepted, ignored, unreadable or handshake.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List deliveries, the newest first."""
    from cli.operate import connect_operator

    wanted = given(provider=provider, source=source, verdict=verdict, since=since, until=until)
    Output(as_json).rows(
        connect_operator(chosen(context)).deliveries(wanted, limit),
        {
            "Id": lambda row: row.id,
            "From": lambda row: f"{row.provider}/{row.source}",
            "Event": lambda row: row.event or "",
            "Verdict": lambda row: row.verdict,
            "Tasks": lambda row: " ".join(row.task_ids),
            "Why": lambda row: "; ".join(filter(None, (row.reason, *row.notes))),
            "Received": lambda row: moment(row.received_at),
        },
    )


@app.command()
def show(context: typer.Context, delivery_id: Id, *, as_json: AsJson = False) -> None:
    """Show a delivery, its headers and its body."""
    from cli.facts import of_delivery
    from cli.operate import connect_operator

    found = connect_operator(chosen(context)).delivery(delivery_id)
    Output(as_json).one(found, of_delivery(found))


@app.command()
def explain(
    context: typer.Context,
    named: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the provider's own.")],
    *,
    provider: Annotated[str, typer.Option(help="Whose id it is.")] = "github",
    source: Annotated[str, typer.Option(help="Which source it came to.")] = "default",
    as_json: AsJson = False,
) -> None:
    """Tell what happened because of a delivery, and what did not and why."""
    from cli.operate import connect_operator

    story = connect_operator(chosen(context)).explain(named, provider, source)
    output = Output(as_json)
    if as_json:
        output.one(story, {})
        return
    output.rows(
        story.steps,
        {
            "At": lambda step: moment(step.at),
            "What": lambda step: step.what,
            "Detail": lambda step: step.detail,
            "About": lambda step: " ".join(step.ids.values()),
        },
    )


@app.command()
def replay(
    context: typer.Context, delivery_id: Id, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Read a delivery with today's code and make the tasks that are not there."""
    from cli.facts import of_replay
    from cli.operate import connect_operator

    found = connect_operator(chosen(context)).replay(delivery_id, dry_run=dry_run)
    Output(as_json).one(found, of_replay(found))


@app.command()
def rejections(
    context: typer.Context,
    *,
    provider: Provider = None,
    source: Source = None,
    as_json: AsJson = False,
) -> None:
    """Show what was not let in, and why: counts and the last few requests of each source."""
    from cli.operate import connect_operator

    found = connect_operator(chosen(context)).rejections(given(provider=provider, source=source))
    output = Output(as_json)
    if as_json:
        output.one(found, {})
        return
    for each in found.items:
        counts = ", ".join(f"{count} {code}" for code, count in each.counts.items())
        output.line(each, f"{each.provider}/{each.source} since {moment(each.since)}: {counts}")
        for last in each.last:
            said = f"{last.status} {last.code}: {last.reason}"
            output.line(last, f"  {moment(last.at)}  {last.source_ip}  {said}")
