"""signalbox connections: the targets of notifications, and trying one."""

from typing import Annotated

import typer

from cli.output import AsJson, Output
from cli.target import chosen

app = typer.Typer(no_args_is_help=True, help="List and test connections.")


@app.command("list")
def list_(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the connections, never their secrets."""
    from cli.operate import connect_operator

    Output(as_json).rows(
        connect_operator(chosen(context)).connections().items,
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
    as_json: AsJson = False,
) -> None:
    """Send a test through the queue and the connector; `notifications show` tells how it went."""
    from cli.facts import of_notification
    from cli.operate import connect_operator

    owed = connect_operator(chosen(context)).probe(connection_id)
    Output(as_json).one(owed, of_notification(owed))
