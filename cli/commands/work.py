"""signalbox work: a worker that runs a command for each task."""

import socket
from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target


def work(
    context: typer.Context,
    command: Annotated[
        list[str],
        typer.Argument(help="After --: one argument is a shell command, several are a program."),
    ],
    *,
    worker: Annotated[str, typer.Option(help="The name of the worker.")] = "",
    lease: Annotated[
        int, typer.Option(min=10, max=43_200, help="Duration of a lease in seconds.")
    ] = 60,
    wait: Annotated[int, typer.Option(min=0, max=20, help="Seconds to wait for a task.")] = 10,
    once: Annotated[
        bool, typer.Option("--once", help="Run at most one task; exit code 1 unless it succeeds.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Claim tasks and run a command for each.

    The command gets the task as JSON on standard input and in SIGNALBOX_TASK_* variables; quote
    them, since they contain untrusted text. Its output is the result, the last line the progress;
    an exit code other than 0 fails the attempt. It is killed when the task is cancelled or the
    lease cannot be extended. Ctrl-C, SIGTERM or a closed terminal stops it and releases the task;
    if the worker itself is killed, so is the command.
    """
    from cli.api_client import connect_api
    from cli.work.attempt import AttemptRunner
    from cli.work.loop import Worker
    from cli.work.process import command_argv, command_starter
    from cli.work.running import AttemptOutcome
    from cli.work.signals import stop_on_signals
    from signalbox.models.ids import WorkerId

    start = command_starter(command_argv(command))
    runner = AttemptRunner(
        api=connect_api(chosen_target(context)),
        name=WorkerId(worker or socket.gethostname()),
        output=Output(as_json, detached=True),
        lease_seconds=lease,
        stopping=stop_on_signals(),
    )
    done = Worker(runner=runner, start=start, wait_seconds=wait)
    if not once:
        done.run()
    elif done.once() not in {None, AttemptOutcome.SUCCEEDED}:
        raise typer.Exit(1)
