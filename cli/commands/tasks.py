"""signalbox tasks: create, list, change and follow tasks."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.output import JsonOption, Output, format_time
from cli.parsing import (
    LimitOption,
    SinceOption,
    UntilOption,
    build_request,
    parse_duration,
    parse_start,
    query_parameters,
)
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="Create, list, change and follow tasks.")

TaskArgument = Annotated[str, typer.Argument(help="The task's id.")]
DescriptionOption = Annotated[str | None, typer.Option(help="A description.")]
PriorityOption = Annotated[str | None, typer.Option(help="high, normal or low.")]
LabelOption = Annotated[list[str] | None, typer.Option("--label", help="A label; repeatable.")]
DueOption = Annotated[datetime | None, typer.Option(help="The due time, in UTC.")]


def idempotency_key_text(text: str) -> str:
    """Return the text if it can be an Idempotency-Key."""
    if not re.fullmatch(r"[!#-~]{1,255}", text):
        raise typer.BadParameter("1 to 255 visible ASCII characters but the quote")
    return text


@app.command()
def create(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="The title: one line.")],
    *,
    description: DescriptionOption = None,
    kind: Annotated[
        str | None, typer.Option(help="The kind, by which workers select tasks.")
    ] = None,
    priority: PriorityOption = None,
    label: LabelOption = None,
    due: DueOption = None,
    not_before: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_start, metavar="TIME", help="The time before which it waits, in UTC."
        ),
    ] = None,
    in_: Annotated[
        timedelta | None,
        typer.Option(
            "--in", parser=parse_duration, metavar="LENGTH", help="How long it waits: 30m, 2h, 7d."
        ),
    ] = None,
    after: Annotated[
        list[str] | None,
        typer.Option(help="A task that has to succeed first; repeatable."),
    ] = None,
    on_failure: Annotated[
        str | None,
        typer.Option(
            help="If one of those fails: cancel, or run all the same when all have ended."
        ),
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="A group, of which one task runs at once by default.")
    ] = None,
    group_policy: Annotated[
        str | None,
        typer.Option(
            help="queue behind the tasks of the group, or latest: cancel those that wait."
        ),
    ] = None,
    cancel_running: Annotated[
        bool, typer.Option("--cancel-running", help="With latest: cancel also those that run.")
    ] = False,
    idempotency_key: Annotated[
        str | None,
        typer.Option(
            parser=idempotency_key_text, help="Requests with the same key create one task."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create a task."""
    from cli.api_client import connect_api
    from cli.task_views import task_fields
    from signalbox.services.tasks.create import CreateTaskRequest

    if in_ is not None:
        if not_before is not None:
            raise typer.BadParameter("--not-before and --in exclude each other", context)
        not_before = (datetime.now(UTC) + in_).replace(tzinfo=None)
    words = query_parameters(
        title=title,
        description=description,
        kind=kind,
        priority=priority,
        due=due,
        not_before=not_before,
        on_failure=on_failure,
        group=group,
        group_policy=group_policy,
    )
    lists = {"labels": label or [], "after": after or []}
    flags = {"cancel_running": True} if cancel_running else {}
    new = build_request(CreateTaskRequest, {**words, **lists, **flags})
    task = connect_api(chosen_target(context)).create(new, idempotency_key)
    Output(as_json).one(task, task_fields(task))


@app.command()
def edit(
    context: typer.Context,
    task_id: TaskArgument,
    *,
    title: Annotated[str | None, typer.Option(help="The title: one line.")] = None,
    description: DescriptionOption = None,
    priority: PriorityOption = None,
    label: LabelOption = None,
    due: DueOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a task, unless it has changed meanwhile. --label replaces all labels.

    --label "" removes them.
    """
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
    reason: Annotated[str | None, typer.Option(help="The reason, for its history.")] = None,
    subtree: Annotated[
        bool, typer.Option("--subtree", help="Cancel also what waits for it, directly or not.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Cancel a task. Its worker is informed at its next heartbeat."""
    from cli.api_client import connect_api
    from cli.task_views import cancel_subtree, task_fields
    from signalbox.models.ids import TaskId

    api, output = connect_api(chosen_target(context)), Output(as_json)
    if subtree:
        cancel_subtree(api, TaskId(task_id), reason, output)
        return
    task = api.cancel(TaskId(task_id), reason)
    output.one(task, task_fields(task))


@app.command()
def retry(context: typer.Context, task_id: TaskArgument, *, as_json: JsonOption = False) -> None:
    """Give a failed or cancelled task new attempts."""
    from cli.api_client import connect_api
    from cli.task_views import task_fields
    from signalbox.models.ids import TaskId

    task = connect_api(chosen_target(context)).retry(TaskId(task_id))
    Output(as_json).one(task, task_fields(task))


@app.command()
def approve(context: typer.Context, task_id: TaskArgument, *, as_json: JsonOption = False) -> None:
    """Let a task run that awaits approval."""
    from cli.api_client import connect_api
    from cli.task_views import task_fields
    from signalbox.models.ids import TaskId

    task = connect_api(chosen_target(context)).approve(TaskId(task_id))
    Output(as_json).one(task, task_fields(task))


@app.command()
def reject(
    context: typer.Context,
    task_id: TaskArgument,
    *,
    reason: Annotated[str | None, typer.Option(help="The reason, for its history.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Cancel a task that awaits approval."""
    from cli.api_client import connect_api
    from cli.task_views import task_fields
    from signalbox.models.ids import TaskId

    task = connect_api(chosen_target(context)).reject(TaskId(task_id), reason)
    Output(as_json).one(task, task_fields(task))


@app.command()
def changes(context: typer.Context, task_id: TaskArgument, *, as_json: JsonOption = False) -> None:
    """List the changes of a task."""
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
def dependents(
    context: typer.Context, task_id: TaskArgument, *, as_json: JsonOption = False
) -> None:
    """List the first 20 tasks that wait for a task."""
    from cli.api_client import connect_api
    from cli.task_views import print_tasks
    from signalbox.models.ids import TaskId

    output = Output(as_json)
    waiting = connect_api(chosen_target(context)).dependents(TaskId(task_id))
    print_tasks(waiting.items, output)
    if waiting.more:
        output.note("there may be more")


@app.command()
def logs(
    context: typer.Context,
    task_id: TaskArgument,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Follow the log until the task finishes.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the log of a task.

    With --follow until it finishes: exit code 0 if it succeeded, else 1.
    """
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
    provider: Annotated[
        str | None, typer.Option(help="A provider, such as github, or api.")
    ] = None,
    priority: PriorityOption = None,
    repository: Annotated[
        str | None, typer.Option(help="A repository, such as octo-org/railway.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List tasks, newest first."""
    from cli.api_client import connect_api
    from cli.task_views import print_tasks

    filters = query_parameters(
        status=status,
        provider=provider,
        priority=priority,
        repository=repository,
        since=since,
        until=until,
    )
    found = connect_api(chosen_target(context)).tasks(filters, limit)
    print_tasks(list(found), Output(as_json))


@app.command()
def show(
    context: typer.Context,
    task_id: TaskArgument,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show a task."""
    from cli.api_client import connect_api
    from cli.task_views import task_fields
    from signalbox.models.ids import TaskId

    task = connect_api(chosen_target(context)).task(TaskId(task_id))
    Output(as_json).one(task, task_fields(task))


@app.command()
def watch(
    context: typer.Context,
    task_id: Annotated[str | None, typer.Argument(help="A task; default: the newest ones.")] = None,
    *,
    every: Annotated[
        float, typer.Option(min=0.2, help="Seconds between two polls, where it polls.")
    ] = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Print each change, of one task until it finishes: exit code 0 if it succeeded, else 1.

    Changes come by live updates, the newest tasks on a terminal as a table. Without live updates
    it polls.
    """
    from cli.api_client import ApiError, ApiUnavailable, connect_api
    from cli.live.view import task_wakes, watch_tasks
    from cli.task_views import watch_all, watch_one
    from signalbox.models.ids import TaskId

    api, output = connect_api(chosen_target(context)), Output(as_json)
    if task_id is None:
        try:
            watch_tasks(api, output)
        except (ApiError, ApiUnavailable):
            watch_all(api, output, every)
        return
    task = TaskId(task_id)
    if not watch_one(api, task, output, task_wakes(api, task, output, every)):
        raise typer.Exit(1)
