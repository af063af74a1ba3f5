"""signalbox tasks: what was asked for and what became of it."""

import re
from datetime import datetime
from typing import Annotated

import typer

from cli.output import AsJson, Output, moment
from cli.target import chosen
from cli.wanted import Limit, Since, Until, given, made

app = typer.Typer(no_args_is_help=True, help="Create, find, change and follow tasks.")

Id = Annotated[str, typer.Argument(help="The task's id.")]
Description = Annotated[str | None, typer.Option(help="All that there is to say of it.")]
Priority = Annotated[str | None, typer.Option(help="high, normal or low.")]
Labels = Annotated[list[str] | None, typer.Option("--label", help="Repeatable.")]
Due = Annotated[datetime | None, typer.Option(help="When it should be done, in UTC.")]


def visible(text: str) -> str:
    """What may stand between the quotes of an Idempotency-Key."""
    if not re.fullmatch(r"[!#-~]{1,255}", text):
        raise typer.BadParameter("1 to 255 visible ASCII characters but the quote")
    return text


@app.command()
def create(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="What is to be done, in a line.")],
    *,
    description: Description = None,
    kind: Annotated[str | None, typer.Option(help="What workers tell it by.")] = None,
    priority: Priority = None,
    label: Labels = None,
    due: Due = None,
    idempotency_key: Annotated[
        str | None, typer.Option(parser=visible, help="The same key makes one task.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a task."""
    from cli.api import connect
    from cli.tasks import facts
    from signalbox.services.create import NewTask

    words = given(title=title, description=description, kind=kind, priority=priority, due=due)
    new = made(NewTask, {**words, "labels": label or []})
    task = connect(chosen(context)).create(new, idempotency_key)
    Output(as_json).one(task, facts(task))


@app.command()
def edit(
    context: typer.Context,
    task_id: Id,
    *,
    title: Annotated[str | None, typer.Option(help="What is to be done, in a line.")] = None,
    description: Description = None,
    priority: Priority = None,
    label: Labels = None,
    due: Due = None,
    as_json: AsJson = False,
) -> None:
    """Change a task, unless somebody else does so now. Labels replace all; --label "" is none."""
    from cli.api import connect
    from cli.tasks import facts
    from signalbox.models.ids import TaskId
    from signalbox.services.edit import TaskPatch

    words = given(title=title, description=description, priority=priority, due=due)
    labels = None if label is None else list(filter(None, label))
    if not words and labels is None:
        raise typer.BadParameter("say what to change", context)
    patch = made(TaskPatch, words if labels is None else {**words, "labels": labels})
    api = connect(chosen(context))
    task = api.edit(TaskId(task_id), patch, api.task(TaskId(task_id)).version)
    Output(as_json).one(task, facts(task))


@app.command()
def cancel(
    context: typer.Context,
    task_id: Id,
    *,
    reason: Annotated[str | None, typer.Option(help="Told to its worker and its history.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cancel a task; its worker learns it by a heartbeat."""
    from cli.api import connect
    from cli.tasks import facts
    from signalbox.models.ids import TaskId

    task = connect(chosen(context)).cancel(TaskId(task_id), reason)
    Output(as_json).one(task, facts(task))


@app.command()
def retry(context: typer.Context, task_id: Id, *, as_json: AsJson = False) -> None:
    """Give a task that failed or was cancelled new attempts."""
    from cli.api import connect
    from cli.tasks import facts
    from signalbox.models.ids import TaskId

    task = connect(chosen(context)).retry(TaskId(task_id))
    Output(as_json).one(task, facts(task))


@app.command()
def changes(context: typer.Context, task_id: Id, *, as_json: AsJson = False) -> None:
    """Show what has become of a task, step by step."""
    from cli.api import connect
    from signalbox.models.ids import TaskId

    Output(as_json).rows(
        connect(chosen(context)).changes(TaskId(task_id)).items,
        {
            "Version": lambda change: str(change.data.version),
            "At": lambda change: moment(change.time),
            "Change": lambda change: change.data.type,
            "Status": lambda change: change.data.status,
            "By": lambda change: change.data.by,
            "Try": lambda change: str(change.data.attempt),
            "Reason": lambda change: change.data.reason or "",
        },
    )


@app.command()
def logs(
    context: typer.Context,
    task_id: Id,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Until the task's end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the log of a task; with --follow until its end: then 0 if it succeeded, else 1."""
    from cli import follow as log
    from cli.api import connect
    from signalbox.models.ids import TaskId

    api, output = connect(chosen(context)), Output(as_json)
    if follow:
        if not log.follow(api, TaskId(task_id), output):
            raise typer.Exit(1)
        return
    for line in log.lines(api, TaskId(task_id)):
        log.tell(output, line)


@app.command("list")
def list_(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    *,
    status: Annotated[
        str | None, typer.Option(help="pending, running, succeeded, failed or cancelled.")
    ] = None,
    provider: Annotated[str | None, typer.Option(help="Such as github, or api.")] = None,
    priority: Priority = None,
    repository: Annotated[str | None, typer.Option(help="Such as octo-org/railway.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List tasks, the newest first."""
    from cli.api import connect

    wanted = given(
        status=status,
        provider=provider,
        priority=priority,
        repository=repository,
        since=since,
        until=until,
    )
    found = connect(chosen(context)).tasks(wanted, limit)
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
    task_id: Id,
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
