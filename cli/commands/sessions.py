"""signalbox sessions: who is logged in to the dashboard."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output, format_time
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="List and end sessions of the dashboard.")


@app.command("list")
def list_(
    context: typer.Context,
    *,
    principal: Annotated[
        str | None, typer.Option(help="Only those of key:ID or jwt:ISSUER/SUBJECT.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the sessions, newest first."""
    from cli.api_client import connect_api
    from cli.parsing import query_parameters
    from signalbox.http.schemas.sessions import SESSIONS, SessionList

    api = connect_api(chosen_target(context))
    found = api.ask("GET", SESSIONS, SessionList, query=query_parameters(principal=principal))
    output = Output(as_json)
    output.rows(
        found.items,
        {
            "Principal": lambda row: row.principal,
            "Name": lambda row: row.name,
            "Began": lambda row: format_time(row.created_at),
            "Ends": lambda row: format_time(row.expires_at),
        },
    )
    if found.total > len(found.items):
        output.note(f"these are the newest of {found.total} sessions")


@app.command()
def end(
    context: typer.Context,
    principal: Annotated[str, typer.Argument(help="key:ID or jwt:ISSUER/SUBJECT.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """End all sessions of a principal at once. Its key or token stays valid."""
    from cli.api_client import connect_api
    from signalbox.http.schemas.sessions import SESSIONS, EndSessionsResponse

    api = connect_api(chosen_target(context))
    response = api.ask("DELETE", SESSIONS, EndSessionsResponse, query={"principal": principal})
    Output(as_json).one(response, {"Sessions ended": str(response.ended)})
