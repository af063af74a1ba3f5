"""signalbox work: a worker that runs a command, or a Job in Kubernetes, for each task."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.errors import CommandError
from cli.output import JsonOption, Output
from cli.target import chosen_target

if TYPE_CHECKING:
    from cli.jobs.pool import JobPool

_JOB_BEAT_SECONDS: Final = 20.0
"""A cancelled task is noticed by the next heartbeat, also under the long lease of a Job."""


def work(  # noqa: PLR0913  typer makes an option of each
    context: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(help="After --: one argument is a shell command, several are a program."),
    ] = None,
    *,
    worker: Annotated[str, typer.Option(help="The name of the worker.")] = "",
    lease: Annotated[
        int, typer.Option(min=10, max=43_200, help="Duration of a lease in seconds.")
    ] = 60,
    wait: Annotated[int, typer.Option(min=0, max=20, help="Seconds to wait for a task.")] = 10,
    once: Annotated[
        bool, typer.Option("--once", help="Run at most one task; exit code 1 unless it succeeds.")
    ] = False,
    kubernetes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Run a Job for each task: a manifest as its template."),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option(help="Of the Jobs; by default that of the template or the kubeconfig."),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=50, help="How many Jobs run at the same time.")
    ] = 4,
    keep_jobs: Annotated[
        bool,
        typer.Option("--keep-jobs", help="When stopped, leave Jobs to the next start."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Claim tasks and run a command for each, or with --kubernetes a Job.

    The command gets the task as JSON on standard input and in SIGNALBOX_TASK_* variables; quote
    them, since they contain untrusted text. Its output is the result, the last line the progress;
    an exit code other than 0 fails the attempt. It is killed when the task is cancelled or the
    lease cannot be extended. Ctrl-C, SIGTERM or a closed terminal stops it and releases the task;
    if the worker itself is killed, so is the command.

    With --kubernetes the Job gets the task in the same variables and in the file
    SIGNALBOX_TASK_FILE. It outlives a worker that is killed, and is adopted when a worker with the
    same name starts. docs/kubernetes.md describes it.
    """
    from cli.api_client import connect_api
    from cli.work.attempt import AttemptRunner
    from cli.work.loop import Worker
    from cli.work.process import command_argv, command_starter
    from cli.work.running import AttemptOutcome
    from cli.work.signals import stop_on_signals
    from cli.work.spans import start_spans
    from signalbox.models.ids import WorkerId
    from signalbox.runtime.telemetry import end_export

    if bool(command) == bool(kubernetes):
        raise typer.BadParameter("give a command after --, or --kubernetes FILE")
    start_spans()
    argv = command_argv(command) if command else []
    runner = AttemptRunner(
        api=connect_api(chosen_target(context)),
        name=WorkerId(worker or socket.gethostname()),
        output=Output(as_json, detached=True),
        lease_seconds=lease,
        stopping=stop_on_signals(),
        beat_seconds=_JOB_BEAT_SECONDS if kubernetes else None,
        lossless=kubernetes is not None,
        program=Path(argv[0]).name if argv else "kubernetes",
    )
    done: Worker | JobPool
    if kubernetes is None:
        start = command_starter(argv)
        done = Worker(runner=runner, start=start, wait_seconds=wait)
    else:
        with _needs_group("kubernetes"):
            from cli.jobs.assembly import job_pool
        done = job_pool(
            runner,
            kubernetes,
            namespace=namespace,
            concurrency=concurrency,
            wait_seconds=wait,
            keep=keep_jobs,
        )
    try:
        if not once:
            done.run()
        elif done.once() not in {None, AttemptOutcome.SUCCEEDED}:
            raise typer.Exit(1)
    finally:
        end_export()


@contextmanager
def _needs_group(name: str) -> Iterator[None]:
    """Inside the block something is imported that a group of dependencies has.

    Raises:
        CommandError: It is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        problem = f"{package} is not installed: `uv sync --group {name}` installs it"
        raise CommandError(problem) from None
