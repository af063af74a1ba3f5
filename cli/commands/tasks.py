"""signalbox tasks: what was asked for and what became of it."""

from datetime import datetime
from typing import Annotated

import typer

from cli.output import AsJson, Output, moment
from cli.target import chosen

app = typer.Typer(no_args_is_help=True, help="List, show and watch tasks.")


@app.command("list")
def list_(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    *,
    status: Annotated[
        str | None, typer.Option(help="pending, running, succeeded, failed or cancelled.")
    ] = None,
    provider: Annotated[str | None, typer.Option(help="Such as github, or api.")] = None,
    priority: Annotated[str | None, typer.Option(help="high, normal or low.")] = None,
    repository: Annotated[str | None, typer.Option(help="Such as octo-org/railway.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Created then or later, in UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Created before, in UTC.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List tasks, the newest first."""
    from cli.api import connect

    wanted = {
        "status": status,
        "provider": provider,
        "priority": priority,
        "repository": repository,
        "since": since and f"{since.isoformat()}Z",
        "until": until and f"{until.isoformat()}Z",
    }
    found = connect(chosen(context)).tasks(
        {name: value for name, value in wanted.items() if value}, limit
    )
    Output(as_json).rows(
        list(found),
        {
            "Id": lambda task: task.id,
            "Status": lambda task: task.status,
            "Priority": lambda task: task.priority,
            "Title": lambda task: task.title,
            "Repository": lambda task: task.repository or "",
            "Try": lambda task: str(task.attempt),
            "Created": lambda task: moment(task.created_at),
        },
    )


@app.command()
def show(
    context: typer.Context,
    task_id: Annotated[str, typer.Argument(help="The task's id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show all that is known of a task."""
    from cli.api import connect
    from cli.tasks import facts
    from signalbox.models.ids import TaskId

    task = connect(chosen(context)).task(TaskId(task_id))
    Output(as_json).one(task, facts(task))


@app.command()
def watch(
    context: typer.Context,
    task_id: Annotated[str | None, typer.Argument(help="One task; else the newest ones.")] = None,
    *,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 2.0,
    as_json: AsJson = False,
) -> None:
    """Print each change, of one task until its end: then 0 if it succeeded, else 1."""
    from cli.api import connect
    from cli.tasks import watch_all, watch_one
    from signalbox.models.ids import TaskId

    api, output = connect(chosen(context)), Output(as_json)
    if task_id is None:
        watch_all(api, output, every)
    elif not watch_one(api, TaskId(task_id), output, every):
        raise typer.Exit(1)


def queue(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show what waits in the queues, and for how long."""
    from cli.api import connect

    Output(as_json).rows(
        connect(chosen(context)).queues().queues,
        {
            "Queue": lambda row: row.priority,
            "Waiting": lambda row: str(row.waiting),
            "In work": lambda row: str(row.in_flight),
            "Delayed": lambda row: str(row.delayed),
            "Dead letters": lambda row: str(row.dead_letters),
            "Oldest": lambda row: "" if row.oldest_seconds is None else f"{row.oldest_seconds} s",
        },
    )
