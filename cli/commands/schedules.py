"""signalbox schedules: create tasks at certain times."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import JsonOption, Output, format_time
from cli.parsing import parse_start
from cli.target import chosen_target

if TYPE_CHECKING:
    from signalbox.models.schedule import Schedule

app = typer.Typer(no_args_is_help=True, help="Create tasks at certain times.")

ScheduleArgument = Annotated[str, typer.Argument(help="The name of the schedule.")]


@app.command("list")
def list_(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the schedules."""
    from cli.operator_client import connect_operator

    Output(as_json).rows(
        connect_operator(chosen_target(context)).schedules().items,
        {
            "Name": lambda row: row.name,
            "Enabled": lambda row: "yes" if row.enabled else "no",
            "When": _when,
            "Title": lambda row: row.task.title,
            "Priority": lambda row: row.task.priority,
        },
    )


@app.command()
def show(
    context: typer.Context,
    name: ScheduleArgument,
    *,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many of the next runs.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Show the last run of a schedule, and the next ones."""
    from cli.operator_client import connect_operator

    client = connect_operator(chosen_target(context))
    runs = client.schedule_runs(name, limit)
    schedule = client.schedule(name)
    Output(as_json).one(
        runs,
        {
            **_fields(schedule),
            "Last run": format_time(runs.last_run),
            "Last task": runs.last_task or "",
            "Next runs": ", ".join(map(format_time, runs.next_runs)),
        },
    )


@app.command()
def add(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    name: ScheduleArgument,
    title: Annotated[str, typer.Argument(help="The title of its tasks: one line.")],
    *,
    cron: Annotated[
        str | None, typer.Option(help="Minute, hour, day, month, day of the week: '0 7 * * MON'.")
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(parser=parse_start, metavar="TIME", help="Once, at this time, in UTC."),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Of --cron: Europe/Berlin. Default: UTC.")
    ] = None,
    catch_up: Annotated[
        str | None,
        typer.Option(help="What an outage missed: latest, all or none. Default: latest."),
    ] = None,
    kind: Annotated[str | None, typer.Option(help="The kind of its tasks.")] = None,
    instruction: Annotated[str | None, typer.Option(help="What to do.")] = None,
    priority: Annotated[str | None, typer.Option(help="high, normal or low.")] = None,
    label: Annotated[list[str] | None, typer.Option("--label", help="A label; repeatable.")] = None,
    group: Annotated[
        str | None, typer.Option(help="The group of its tasks, of which one runs at once.")
    ] = None,
    group_policy: Annotated[
        str | None, typer.Option(help="latest cancels those that wait. Default: queue.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Add a schedule; `signalbox apply` changes one."""
    import json

    from cli.operator_client import connect_operator
    from cli.parsing import build_json_request, query_parameters
    from signalbox.models.schedule import Schedule

    timing = query_parameters(cron=cron, at=at, timezone=timezone, catch_up=catch_up)
    task = query_parameters(title=title, kind=kind, instruction=instruction, priority=priority)
    task |= query_parameters(group=group, group_policy=group_policy)
    body = {"name": name, **timing, "task": {**task, "labels": label or []}}
    schedule = build_json_request(Schedule, json.dumps(body))
    added = connect_operator(chosen_target(context)).put_schedule(schedule)
    Output(as_json).one(added, _fields(added))


@app.command()
def pause(context: typer.Context, name: ScheduleArgument, *, as_json: JsonOption = False) -> None:
    """Pause a schedule; what it misses is not made up for."""
    from cli.operator_client import connect_operator

    schedule = connect_operator(chosen_target(context)).switch_schedule(name, "pause")
    Output(as_json).one(schedule, _fields(schedule))


@app.command()
def resume(context: typer.Context, name: ScheduleArgument, *, as_json: JsonOption = False) -> None:
    """Resume a schedule with its next run."""
    from cli.operator_client import connect_operator

    schedule = connect_operator(chosen_target(context)).switch_schedule(name, "resume")
    Output(as_json).one(schedule, _fields(schedule))


@app.command()
def run(context: typer.Context, name: ScheduleArgument, *, as_json: JsonOption = False) -> None:
    """Create a task of a schedule now; its planned runs stay."""
    from cli.operator_client import connect_operator
    from cli.task_views import task_fields

    task = connect_operator(chosen_target(context)).run_schedule(name)
    Output(as_json).one(task, task_fields(task))


@app.command()
def remove(context: typer.Context, name: ScheduleArgument) -> None:
    """Remove a schedule; its tasks stay."""
    from cli.operator_client import connect_operator

    connect_operator(chosen_target(context)).delete_schedule(name)


def _when(schedule: "Schedule") -> str:
    if schedule.at:
        return format_time(schedule.at)
    return f"{schedule.cron} {schedule.timezone}"


def _fields(schedule: "Schedule") -> dict[str, str]:
    return {
        "Name": schedule.name,
        "Enabled": "yes" if schedule.enabled else "no",
        "When": _when(schedule),
        "Catches up": schedule.catch_up,
        "Title": schedule.task.title,
        "Kind": schedule.task.kind,
        "Instruction": schedule.task.instruction,
        "Priority": schedule.task.priority,
        "Labels": ", ".join(schedule.task.labels),
        "Group": schedule.task.group or "",
    }
