"""signalbox connections: list and test the targets of notifications."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="List and test connections.")


@app.command("list")
def list_(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the connections."""
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
    connection_id: Annotated[str, typer.Argument(help="The id, as shown by `connections list`.")],
    *,
    timeout: Annotated[
        float, typer.Option(min=0, max=600, help="Seconds to wait for the outcome.")
    ] = 30,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Do not wait for the outcome.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Send a test notification and wait for its outcome.

    Exit code 1 if it is not delivered in time.
    """
    from cli.operator_client import connect_operator
    from cli.views import notification_fields
    from signalbox.models.notification_status import NotificationStatus

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
