"""signalbox audit: who changed what, and whether anybody has touched the log since."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.output import AsJson, Output, moment
from cli.target import chosen
from cli.wanted import Limit, given

app = typer.Typer(no_args_is_help=True, help="Read and verify the audit log.")


@app.command("list")
def list_(
    context: typer.Context,
    *,
    since: Annotated[
        str | None, typer.Option(help="The first day; 30 days ago if left out.")
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List who did what, and who was not let; the newest first."""
    from cli.operate import connect_operator

    pages = connect_operator(chosen(context)).audit(given(since=since), limit)
    output = Output(as_json)
    output.rows(
        [row for page in pages for row in page.items][:limit],
        {
            "At": lambda row: moment(row.entry.at),
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
        str | None, typer.Argument(help="Such as 2026-11-21; today if left out.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Find out whether a day of the log is as it was written; fails where it is not."""
    from cli.operate import connect_operator

    verdict = connect_operator(chosen(context)).audited(day or f"{datetime.now(UTC):%Y-%m-%d}")
    breach = verdict.breach
    said = f"row {breach.number} {breach.reason}" if breach else "as it was written"
    Output(as_json).one(verdict, {"Day": verdict.day, "Log": said})
    if not verdict.intact:
        raise typer.Exit(1)
