"""signalbox incidents: failures, grouped by their cause."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output, format_time
from cli.target import chosen_target
from signalbox.models.incident import IncidentStatus

app = typer.Typer(invoke_without_command=True)

StatusOption = Annotated[IncidentStatus | None, typer.Option(help="Only these; default: all.")]


@app.callback()
def incidents(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List incidents, the latest first: failures, grouped by their cause."""
    if context.invoked_subcommand is None:
        list_(context, as_json=as_json)


@app.command("list")
def list_(
    context: typer.Context, *, status: StatusOption = None, as_json: JsonOption = False
) -> None:
    """List incidents, the latest first."""
    from cli.operator_client import connect_operator
    from cli.parsing import query_parameters

    Output(as_json).rows(
        connect_operator(chosen_target(context)).incidents(query_parameters(status=status)).items,
        {
            "Id": lambda row: row.id,
            "Status": lambda row: row.status,
            "Since": lambda row: format_time(row.first_at),
            "Cause": lambda row: row.cause,
            "Count": lambda row: str(row.count),
            "Last error": lambda row: row.last_error,
            "Look at": lambda row: row.action,
        },
    )


@app.command()
def show(
    context: typer.Context,
    incident_id: Annotated[
        str, typer.Argument(help="The id, as shown by `incidents list` and by alerts.")
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Show an incident."""
    from cli.operator_client import connect_operator
    from cli.views import incident_fields

    found = connect_operator(chosen_target(context)).incident(incident_id)
    Output(as_json).one(found, incident_fields(found))
