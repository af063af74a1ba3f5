"""signalbox tasks: what was asked for and what became of it."""

import re
from datetime import datetime
from typing import Annotated

import typer

from cli.output import JsonOption, Output, format_time
from cli.parsing import LimitOption, SinceOption, UntilOption, build_request, query_parameters
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="Create, find, change and follow tasks.")

TaskArgument = Annotated[str, typer.Argument(help="The task's id.")]
DescriptionOption = Annotated[str | None, typer.Option(help="All that there is to say of it.")]
PriorityOption = Annotated[str | None, typer.Option(help="high, normal or low.")]
LabelOption = Annotated[list[str] | None, typer.Option("--label", help="Repeatable.")]
DueOption = Annotated[datetime | None, typer.Option(help="When it should be done, in UTC.")]


def idempotency_key_text(text: str) -> str:
    """Return what may stand between the quotes of an Idempotency-Key."""
    if not re.fullmatch(r"[!#-~]{1,255}", text):
        raise typer.BadParameter("1 to 255 visible ASCII characters but the quote")
    return text


@app.command()
def create(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="What is to be done, in a line.")],
    *,
    description: DescriptionOption = None,
    kind: Annotated[str | None, typer.Option(help="What workers tell it by.")] = None,
    priority: PriorityOption = None,
    label: LabelOption = None,
    due: DueOption = None,
    idempotency_key: Annotated[
        str | None, typer.Option(parser=idempotency_key_text, help="The same key makes one task.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create a task."""
    from cli.api_client import connect_api
    from cli.task_views import task_fields
    from signalbox.services.tasks.create import CreateTaskRequest

    words = query_parameters(
        title=title, description=description, kind=kind, priority=priority, due=due
    )
    new = build_request(CreateTaskRequest, {**words, "labels": label or []})
    task = connect_api(chosen_target(context)).create(new, idempotency_key)
    Output(as_json).one(task, task_fields(task))


@app.command()
def edit(
    context: typer.Context,
    task_id: TaskArgument,
    *,
    title: Annotated[str | None, typer.Option(help="What is to be done, in a line.")] = None,
    description: DescriptionOption = None,
    priority: PriorityOption = None,
    label: LabelOption = None,
    due: DueOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a task, unless somebody else does so now. Labels replace all; --label "" is none."""
    from cli.api_client import connect_api
    from cli.task_views import task_fields
    from signalbox.models.ids import TaskId
    from signalbox.services.tasks.update import UpdateTaskRequest

    words = query_parameters(title=title, description=description, priority=priority, due=due)
    labels = None if label is None else list(filter(None, label))
    if not words and labels is None:
        raise typer.BadParameter("say what to change", context)
    patch = build_request(
        UpdateTaskRequest, words if labels is None else {**words, "labels": labels}
    )
    api = connect_api(chosen_target(context))
    task = api.edit(TaskId(task_id), patch, api.task(TaskId(task_id)).version)
    Output(as_json).one(task, task_fields(task))


@app.command()
def cancel(
    context: typer.Context,
    task_id: TaskArgument,
    *,
    reason: Annotated[str | None, typer.Option(help="Told to its worker and its history.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Cancel a task; its worker learns it by a heartbeat."""
    from cli.api_client import connect_api
    from cli.task_views import task_fields
    from signalbox.models.ids import TaskId

    task = connect_api(chosen_target(context)).cancel(TaskId(task_id), reason)
    Output(as_json).one(task, task_fields(task))


@app.command()
def retry(context: typer.Context, task_id: TaskArgument, *, as_json: JsonOption = False) -> None:
    """Give a task that failed or was cancelled new attempts."""
    from cli.api_client import connect_api
    from cli.task_views import task_fields
    from signalbox.models.ids import TaskId

    task = connect_api(chosen_target(context)).retry(TaskId(task_id))
    Output(as_json).one(task, task_fields(task))


@app.command()
def changes(context: typer.Context, task_id: TaskArgument, *, as_json: JsonOption = False) -> None:
    """Show what has become of a task, step by step."""
    from cli.api_client import connect_api
    from signalbox.models.ids import TaskId

    Output(as_json).rows(
        connect_api(chosen_target(context)).changes(TaskId(task_id)).items,
        {
            "Version": lambda change: str(change.data.version),
            "At": lambda change: format_time(change.time),
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
    task_id: TaskArgument,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Until the task's end.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the log of a task; with --follow until its end: then 0 if it succeeded, else 1."""
    from cli import log_stream as log
    from cli.api_client import connect_api
    from signalbox.models.ids import TaskId

    api, output = connect_api(chosen_target(context)), Output(as_json)
    if follow:
        if not log.follow_log(api, TaskId(task_id), output):
            raise typer.Exit(1)
        return
    for line in log.log_lines(api, TaskId(task_id)):
        log.print_line(output, line)


@app.command("list")
def list_(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    *,
    status: Annotated[
        str | None, typer.Option(help="pending, running, succeeded, failed or cancelled.")
    ] = None,
    provider: Annotated[str | None, typer.Option(help="Such as github, or api.")] = None,
    priority: PriorityOption = None,
    repository: Annotated[str | None, typer.Option(help="Such as octo-org/railway.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List tasks, the newest first."""
    from cli.api_client import connect_api

    wanted = query_parameters(
        status=status,
        provider=provider,
        priority=priority,
        repository=repository,
        since=since,
        until=until,
    )
    found = connect_api(chosen_target(context)).tasks(wanted, limit)
    Output(as_json).rows(
        list(found),
        {
            "Id": lambda task: task.id,
            "Status": lambda task: task.status,
            "Priority": lambda task: task.priority,
            "Title": lambda task: task.title,
            "Repository": lambda task: task.repository or "",
            "Try": lambda task: str(task.attempt),
            "Created": lambda task: format_time(task.created_at),
        },
    )


@app.command()
def show(
    context: typer.Context,
    task_id: TaskArgument,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show all that is known of a task."""
    from cli.api_client import connect_api
    from cli.task_views import task_fields
    from signalbox.models.ids import TaskId

    task = connect_api(chosen_target(context)).task(TaskId(task_id))
    Output(as_json).one(task, task_fields(task))


@app.command()
def watch(
    context: typer.Context,
    task_id: Annotated[str | None, typer.Argument(help="One task; else the newest ones.")] = None,
    *,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Print each change, of one task until its end: then 0 if it succeeded, else 1."""
    from cli.api_client import connect_api
    from cli.task_views import watch_all, watch_one
    from signalbox.models.ids import TaskId

    api, output = connect_api(chosen_target(context)), Output(as_json)
    if task_id is None:
        watch_all(api, output, every)
    elif not watch_one(api, TaskId(task_id), output, every):
        raise typer.Exit(1)
