"""signalbox notifications: list, show and redeliver notifications, preview messages."""

from pathlib import Path
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

app = typer.Typer(
    no_args_is_help=True, help="List, show and redeliver notifications; preview messages."
)

NotificationArgument = Annotated[
    str, typer.Argument(help="The id tsk_…/ntf_…, as shown by `notifications list`.")
]


@app.command("list")
def list_(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    *,
    status: Annotated[
        str | None, typer.Option(help="queued, sending, delivered, failed or dead.")
    ] = None,
    connection: Annotated[str | None, typer.Option(help="A connection.")] = None,
    connector: Annotated[str | None, typer.Option(help="A connector.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    task: Annotated[
        str | None, typer.Option(help="All notifications of a task; other filters are ignored.")
    ] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List notifications, newest first."""
    from cli.operator_client import connect_operator

    operator = connect_operator(chosen_target(context))
    filters = query_parameters(
        status=status, connection=connection, connector=connector, since=since, until=until
    )
    found = operator.notifications_of(task) if task else operator.notifications(filters, limit)
    Output(as_json).rows(
        found,
        {
            "Id": lambda note: f"{note.task_id}/{note.id}",
            "Status": lambda note: note.status,
            "Connection": lambda note: note.connection,
            "Change": lambda note: note.type,
            "Title": lambda note: note.title,
            "Tries": lambda note: str(note.tries),
            "Reason": lambda note: f"held: {note.held}" if note.held else note.last_reason or "",
            "Created": lambda note: format_time(note.created_at),
        },
    )


@app.command()
def show(
    context: typer.Context, notification_id: NotificationArgument, *, as_json: JsonOption = False
) -> None:
    """Show a notification and its attempts."""
    from cli.operator_client import connect_operator
    from cli.views import notification_fields

    found = connect_operator(chosen_target(context)).notification(notification_id)
    Output(as_json).one(found, notification_fields(found))


@app.command()
def redeliver(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    notification_id: Annotated[
        str | None,
        typer.Argument(help="The id tsk_…/ntf_…; without it all that match the options."),
    ] = None,
    *,
    status: Annotated[str | None, typer.Option(help="failed or dead; default: both.")] = None,
    connection: Annotated[str | None, typer.Option(help="A connection.")] = None,
    connector: Annotated[str | None, typer.Option(help="A connector.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Maximum number.")] = 100,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Queue finished notifications again, with new attempts: one, or all matching ones.

    Exit code 1 if any is refused.
    """
    from cli.operator_client import connect_operator
    from cli.redeliver_view import redeliver_and_print
    from cli.views import notification_fields

    filters = query_parameters(
        status=status, connection=connection, connector=connector, since=since, until=until
    )
    if (notification_id is None) == (not filters) or (notification_id and dry_run):
        raise typer.BadParameter(
            "name either a notification, or which to redeliver by --status, --connection, "
            "--connector, --since or --until",
            context,
        )
    operator, output = connect_operator(chosen_target(context)), Output(as_json)
    if notification_id:
        found = operator.redeliver(notification_id)
        output.one(found, notification_fields(found))
    elif not redeliver_and_print(operator, output, {**filters, "limit": limit}, dry_run=dry_run):
        raise typer.Exit(1)


@app.command()
def preview(
    context: typer.Context,
    *,
    subscription: Annotated[
        str | None, typer.Option(help="The subscription whose template is used.")
    ] = None,
    template: Annotated[
        Path | None, typer.Option(help="A file with a template that is not applied yet.")
    ] = None,
    change: Annotated[
        str, typer.Option(help="created, started, succeeded, failed, cancelled, …")
    ] = "succeeded",
    task: Annotated[
        str | None, typer.Option(help="A task; without one the change is that of an example.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the message that a template makes of a change. Nothing is sent."""
    from cli.errors import CommandError
    from cli.operator_client import connect_operator
    from signalbox.http.schemas.notifications import PreviewRequest

    if (subscription is None) == (template is None):
        raise CommandError("name either a --subscription or a --template")
    try:
        source = template.read_text() if template else None
    except (OSError, UnicodeDecodeError) as odd:
        raise CommandError(f"{template} cannot be read: {odd}") from odd
    request = build_request(
        PreviewRequest,
        {"template": source, "subscription": subscription, "change": change, "task": task},
    )
    found = connect_operator(chosen_target(context)).preview(request)
    Output(as_json).line(found, found.text)
