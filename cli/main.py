"""The `signalbox` command: one module of cli/commands for each group of commands.

The module of a command imports only what its options need, and its body the rest, so that `--help`
is fast.
"""

import typer
from typer.core import TyperGroup

from cli.commands import (
    apply,
    audit,
    backup,
    connections,
    cost,
    deliveries,
    demo,
    doctor,
    erase,
    gateway,
    incidents,
    keys,
    listen,
    metrics,
    notifications,
    queue,
    schedules,
    secrets,
    send,
    serve,
    services,
    sessions,
    sources,
    tasks,
    up,
    watch,
    work,
)
from cli.errors import explain_error
from cli.output import replace_unprintable
from cli.target import choose_target


class _Signalbox(TyperGroup):
    """End with a line and an exit code if a command raises an expected error."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # typer's own
        replace_unprintable()
        try:
            return super().invoke(ctx)
        except Exception as error:
            problem = explain_error(error)
            if problem is None:
                raise
            typer.secho(f"signalbox: {problem}", fg=typer.colors.RED, err=True)
            raise typer.Exit(problem.exit_code) from None


app = typer.Typer(
    name="signalbox",
    cls=_Signalbox,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.callback()(choose_target)
app.command()(up.up)
app.command()(up.down)
app.add_typer(keys.app, name="keys")
app.add_typer(sessions.app, name="sessions")
app.add_typer(secrets.app, name="secrets")
app.command()(apply.apply)
app.command()(send.send)
app.add_typer(sources.app, name="sources")
app.add_typer(services.app, name="services")
app.command()(gateway.gateway)
app.command()(serve.serve)
app.add_typer(tasks.app, name="tasks")
app.add_typer(schedules.app, name="schedules")
app.add_typer(queue.app, name="queue")
app.command()(watch.watch)
app.command()(work.work)
app.add_typer(deliveries.app, name="deliveries")
app.command()(listen.listen)
app.add_typer(notifications.app, name="notifications")
app.add_typer(connections.app, name="connections")
app.command()(metrics.metrics)
app.add_typer(incidents.app, name="incidents")
app.command()(doctor.doctor)
app.add_typer(audit.app, name="audit")
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(erase.erase)
app.command()(cost.cost)
app.command()(demo.demo)
