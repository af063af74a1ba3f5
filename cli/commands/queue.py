"""signalbox queue: status, pausing and dead letters of the task queues."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output, format_time
from cli.parsing import (
    DryRunOption,
    LimitOption,
    SinceOption,
    UntilOption,
    build_request,
    query_parameters,
)
from cli.target import chosen_target
from signalbox.models.dead_letter import DeadLetterKind
from signalbox.models.task import Priority

app = typer.Typer(invoke_without_command=True)

QueueArgument = Annotated[Priority | None, typer.Argument(help="A queue; default: all.")]
KindOption = Annotated[DeadLetterKind | None, typer.Option(help="Tasks or notifications.")]
PriorityOption = Annotated[Priority | None, typer.Option(help="A priority.")]
ProviderOption = Annotated[str | None, typer.Option(help="A provider, such as github, or api.")]
ConnectionOption = Annotated[str | None, typer.Option(help="The connection of notifications.")]


@app.callback()
def show(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Show the status of the task queues; pause them; redrive dead letters."""
    from cli.operator_client import connect_operator

    if context.invoked_subcommand:
        return
    Output(as_json).rows(
        connect_operator(chosen_target(context)).queues().queues,
        {
            "Queue": lambda row: row.priority,
            "Waiting": lambda row: str(row.waiting),
            "In work": lambda row: str(row.in_flight),
            "Delayed": lambda row: str(row.delayed),
            "Dead letters": lambda row: str(row.dead_letters),
            "Oldest": lambda row: "" if row.oldest_seconds is None else f"{row.oldest_seconds} s",
            "Paused": lambda row: format_time(row.pause.at) if row.pause else "",
        },
    )


@app.command()
def pause(
    context: typer.Context,
    priority: QueueArgument = None,
    *,
    reason: Annotated[str | None, typer.Option(help="Shown with the status of the queue.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Pause queues: no tasks are handed out. It takes effect within 30 seconds."""
    from cli.operator_client import connect_operator
    from cli.views import PAUSE_COLUMNS
    from signalbox.http.schemas.queue import PauseRequest

    filters = build_request(PauseRequest, query_parameters(reason=reason))
    operator = connect_operator(chosen_target(context))
    paused = [operator.pause(each, filters) for each in _queues(priority)]
    Output(as_json).rows(paused, PAUSE_COLUMNS)


@app.command()
def resume(
    context: typer.Context, priority: QueueArgument = None, *, as_json: JsonOption = False
) -> None:
    """Resume queues."""
    from cli.operator_client import connect_operator
    from cli.views import PAUSE_COLUMNS

    operator = connect_operator(chosen_target(context))
    Output(as_json).rows([operator.resume(each) for each in _queues(priority)], PAUSE_COLUMNS)


@app.command("dead-letters")
def dead_letters(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    *,
    kind: KindOption = None,
    priority: PriorityOption = None,
    provider: ProviderOption = None,
    connection: ConnectionOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List tasks and notifications that have no attempts left, newest first."""
    from cli.operator_client import connect_operator
    from cli.redrive_view import dead_letter_id

    filters = query_parameters(
        kind=kind,
        priority=priority,
        provider=provider,
        connection=connection,
        since=since,
        until=until,
    )
    Output(as_json).rows(
        connect_operator(chosen_target(context)).dead_letters(filters, limit),
        {
            "Id": dead_letter_id,
            "Priority": lambda letter: letter.priority,
            "Title": lambda letter: letter.title,
            "Connection": lambda letter: letter.connection or "",
            "Tries": lambda letter: str(letter.attempts),
            "Reason": lambda letter: letter.reason or "",
            "Failed": lambda letter: format_time(letter.failed_at),
        },
    )


@app.command()
def redrive(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids, as shown by `queue dead-letters`.")
    ] = None,
    *,
    kind: KindOption = None,
    priority: PriorityOption = None,
    provider: ProviderOption = None,
    connection: ConnectionOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Maximum number.")] = 100,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Give dead letters new attempts: those named, or all matching ones of a --kind.

    Exit code 1 if any is refused. The id of a task with --kind notification selects its
    notifications.
    """
    from cli.operator_client import connect_operator
    from cli.redrive_view import redrive_and_print

    if not ids and kind is None:
        raise typer.BadParameter("say which ID, or --kind", context)
    narrowed = query_parameters(
        priority=priority, provider=provider, connection=connection, since=since, until=until
    )
    good = redrive_and_print(
        connect_operator(chosen_target(context)),
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
