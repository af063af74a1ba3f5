"""signalbox queue: what waits, what is paused, and what has no attempts left."""

from typing import Annotated

import typer

from cli.output import AsJson, Output, moment
from cli.target import chosen
from cli.wanted import DryRun, Limit, Since, Until, given, made
from signalbox.models.dead_letter import Kind
from signalbox.models.task import Priority

app = typer.Typer(invoke_without_command=True)

Which = Annotated[Priority | None, typer.Argument(help="One queue; all if left out.")]
OfKind = Annotated[Kind | None, typer.Option(help="Tasks or notifications.")]
OfPriority = Annotated[Priority | None, typer.Option(help="Which queue they are of.")]
Provider = Annotated[str | None, typer.Option(help="Such as github, or api.")]
Connection = Annotated[str | None, typer.Option(help="Where notifications should have gone.")]


@app.callback()
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show what waits in the queues, and for how long; pause them, and redrive dead letters."""
    from cli.operate import connect_operator

    if context.invoked_subcommand:
        return
    Output(as_json).rows(
        connect_operator(chosen(context)).queues().queues,
        {
            "Queue": lambda row: row.priority,
            "Waiting": lambda row: str(row.waiting),
            "In work": lambda row: str(row.in_flight),
            "Delayed": lambda row: str(row.delayed),
            "Dead letters": lambda row: str(row.dead_letters),
            "Oldest": lambda row: "" if row.oldest_seconds is None else f"{row.oldest_seconds} s",
            "Paused": lambda row: moment(row.pause.at) if row.pause else "",
        },
    )


@app.command()
def pause(
    context: typer.Context,
    priority: Which = None,
    *,
    reason: Annotated[str | None, typer.Option(help="Told to whoever looks at the queue.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give no tasks to workers; functions know it within half a minute."""
    from cli.facts import PAUSES
    from cli.operate import connect_operator
    from signalbox.http.routes.queue import PauseWanted

    wanted = made(PauseWanted, given(reason=reason))
    operator = connect_operator(chosen(context))
    paused = [operator.pause(each, wanted) for each in _queues(priority)]
    Output(as_json).rows(paused, PAUSES)


@app.command()
def resume(context: typer.Context, priority: Which = None, *, as_json: AsJson = False) -> None:
    """Give tasks to workers again."""
    from cli.facts import PAUSES
    from cli.operate import connect_operator

    operator = connect_operator(chosen(context))
    Output(as_json).rows([operator.resume(each) for each in _queues(priority)], PAUSES)


@app.command("dead-letters")
def dead_letters(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    *,
    kind: OfKind = None,
    priority: OfPriority = None,
    provider: Provider = None,
    connection: Connection = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List tasks and notifications that have no attempts left, the newest first."""
    from cli.operate import connect_operator
    from cli.redrive import name_of

    wanted = given(
        kind=kind,
        priority=priority,
        provider=provider,
        connection=connection,
        since=since,
        until=until,
    )
    Output(as_json).rows(
        connect_operator(chosen(context)).dead_letters(wanted, limit),
        {
            "Id": name_of,
            "Priority": lambda letter: letter.priority,
            "Title": lambda letter: letter.title,
            "Connection": lambda letter: letter.connection or "",
            "Tries": lambda letter: str(letter.attempts),
            "Reason": lambda letter: letter.reason or "",
            "Failed": lambda letter: moment(letter.failed_at),
        },
    )


@app.command()
def redrive(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(help="Some, as `queue dead-letters` shows them.")
    ] = None,
    *,
    kind: OfKind = None,
    priority: OfPriority = None,
    provider: Provider = None,
    connection: Connection = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 100,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give dead letters new attempts: those named, or all of a --kind that fit.

    Fails where any was refused. A task's id with --kind notification means its notifications.
    """
    from cli.operate import connect_operator
    from cli.redrive import redriven

    if not ids and kind is None:
        raise typer.BadParameter("say which ID, or --kind", context)
    narrowed = given(
        priority=priority, provider=provider, connection=connection, since=since, until=until
    )
    good = redriven(
        connect_operator(chosen(context)),
        Output(as_json),
        ids or [],
        kind,
        {**narrowed, "limit": limit},
        dry_run=dry_run,
    )
    if not good:
        raise typer.Exit(1)


def _queues(priority: Priority | None) -> tuple[Priority, ...]:
    return (priority,) if priority else tuple(Priority)
