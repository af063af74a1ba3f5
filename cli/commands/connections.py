"""signalbox connections: the targets of notifications, and trying one."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="List and test connections.")


@app.command("list")
def list_(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the connections, never their secrets."""
    from cli.operator_client import connect_operator

    Output(as_json).rows(
        connect_operator(chosen_target(context)).connections().items,
        {
            "Id": lambda row: row.id,
            "Connector": lambda row: row.connector,
            "Enabled": lambda row: "yes" if row.enabled else "no",
            "Settings": lambda row: " ".join(f"{key}={row.settings[key]}" for key in row.settings),
        },
    )


@app.command("test")
def probe(
    context: typer.Context,
    connection_id: Annotated[str, typer.Argument(help="As `connections list` shows it.")],
    *,
    timeout: Annotated[
        float, typer.Option(min=0, max=600, help="Seconds to wait for the outcome.")
    ] = 30,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Only queue the test; do not wait for it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Send a test through the queue and the connector, and wait until it has been delivered.

    Exits with 1 where it was not delivered, or not in time.
    """
    from cli.operator_client import connect_operator
    from cli.views import notification_fields
    from signalbox.models.notification import NotificationStatus

    operator = connect_operator(chosen_target(context))
    test = operator.probe(connection_id)
    if not no_wait:
        test = operator.awaited(test, timeout)
    Output(as_json).one(test, notification_fields(test))
    if no_wait or test.status is NotificationStatus.DELIVERED:
        return
    if test.status.is_final:
        Output().note(f"the test was not delivered: {test.status}")
    else:
        Output().note(f"the test is {test.status} after {timeout:g} s; `notifications show` tells")
    raise typer.Exit(1)
