"""signalbox notifications: what is owed to connections, and how often it was tried."""

from typing import Annotated

import typer

from cli.output import AsJson, Output, moment
from cli.target import chosen
from cli.wanted import Limit, Since, Until, given

app = typer.Typer(no_args_is_help=True, help="List, show and redeliver notifications.")

Id = Annotated[str, typer.Argument(help="tsk_…/ntf_…, as `notifications list` shows it.")]


@app.command("list")
def list_(
    context: typer.Context,
    *,
    status: Annotated[
        str | None, typer.Option(help="queued, sending, delivered, failed or dead.")
    ] = None,
    connection: Annotated[str | None, typer.Option(help="Where they go.")] = None,
    since: Since = None,
    until: Until = None,
    task: Annotated[str | None, typer.Option(help="All of one task; nothing else counts.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List notifications, the newest first."""
    from cli.operate import connect_operator

    operator = connect_operator(chosen(context))
    wanted = given(status=status, connection=connection, since=since, until=until)
    found = operator.notifications_of(task) if task else operator.notifications(wanted, limit)
    Output(as_json).rows(
        found,
        {
            "Id": lambda note: f"{note.task_id}/{note.id}",
            "Status": lambda note: note.status,
            "Connection": lambda note: note.connection,
            "Change": lambda note: note.type,
            "Title": lambda note: note.title,
            "Tries": lambda note: str(note.tries),
            "Reason": lambda note: note.last_reason or "",
            "Created": lambda note: moment(note.created_at),
        },
    )


@app.command()
def show(context: typer.Context, notification_id: Id, *, as_json: AsJson = False) -> None:
    """Show a notification and its attempts."""
    from cli.facts import of_notification
    from cli.operate import connect_operator

    found = connect_operator(chosen(context)).notification(notification_id)
    Output(as_json).one(found, of_notification(found))


@app.command()
def redeliver(context: typer.Context, notification_id: Id, *, as_json: AsJson = False) -> None:
    """Owe a notification that ended once more, with new attempts."""
    from cli.facts import of_notification
    from cli.operate import connect_operator

    found = connect_operator(chosen(context)).redeliver(notification_id)
    Output(as_json).one(found, of_notification(found))
