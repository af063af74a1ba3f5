"""signalbox audit: list and verify the audit log."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.output import JsonOption, Output, format_time
from cli.parsing import LimitOption, query_parameters
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="Read and verify the audit log.")


@app.command("list")
def list_(
    context: typer.Context,
    *,
    since: Annotated[str | None, typer.Option(help="The first day; default: 30 days ago.")] = None,
    result: Annotated[str | None, typer.Option(help="allowed, denied or failed.")] = None,
    actor: Annotated[str | None, typer.Option(help="A part of the actor.")] = None,
    action: Annotated[str | None, typer.Option(help="A part of the action.")] = None,
    object_: Annotated[
        str | None, typer.Option("--object", help="A part of what was changed.")
    ] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List the audit log, newest first."""
    from cli.operator_client import connect_operator

    query = query_parameters(since=since, result=result, actor=actor, action=action, object=object_)
    pages = connect_operator(chosen_target(context)).audit(query, limit)
    output = Output(as_json)
    output.rows(
        [row for page in pages for row in page.items][:limit],
        {
            "At": lambda row: format_time(row.entry.at),
            "Who": lambda row: row.entry.actor,
            "Did": lambda row: row.entry.action,
            "To": lambda row: row.entry.object,
            "Ended": lambda row: row.entry.result,
            "From": lambda row: row.entry.source_ip,
            "Request": lambda row: row.entry.request_id,
        },
    )
    for number in (number for page in pages for number in page.unreadable):
        output.note(f"warning: row {number} cannot be read")


@app.command()
def verify(
    context: typer.Context,
    day: Annotated[
        str | None, typer.Argument(help="A day such as 2026-11-21; default: today.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Verify that a day of the audit log was not tampered with. Exit code 1 if it was."""
    from cli.operator_client import connect_operator

    verification = connect_operator(chosen_target(context)).audited(
        day or f"{datetime.now(UTC):%Y-%m-%d}"
    )
    breach = verification.breach
    said = f"row {breach.number} {breach.reason}" if breach else "as it was written"
    Output(as_json).one(verification, {"Day": verification.day, "Log": said})
    if not verification.intact:
        raise typer.Exit(1)
