"""signalbox audit: who changed what, and whether anybody has touched the log since."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.output import AsJson, Output
from cli.target import chosen

app = typer.Typer(no_args_is_help=True, help="Read and verify the audit log.")


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
    from cli.api import connect

    verdict = connect(chosen(context)).audited(day or f"{datetime.now(UTC):%Y-%m-%d}")
    breach = verdict.breach
    said = f"row {breach.number} {breach.reason}" if breach else "as it was written"
    Output(as_json).one(verdict, {"Day": verdict.day, "Log": said})
    if not verdict.intact:
        raise typer.Exit(1)
