"""signalbox doctor: what is missing or wrong in a stack."""

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target


def doctor(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Check a stack for what is missing or wrong, and print what to do.

    Exit code 1 if there is a fault, 3 if neither the stack nor its API answers. Warnings, notes and
    checks that cannot be made do not count.
    """
    from cli.doctor.examine import examine
    from cli.doctor.findings import summary_line

    report = examine(chosen_target(context))
    output = Output(as_json)
    if as_json:
        output.one(report, {})
    else:
        for finding in report.findings:
            action = f"  ->  {finding.action}" if finding.action else ""
            output.line(finding, f"{finding.level:<9}  {finding.subject}: {finding.text}{action}")
        output.note(summary_line(report.findings))
    if not report.healthy:
        raise typer.Exit(1)
