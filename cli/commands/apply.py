"""signalbox apply: the configuration, from a file."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target


def apply(
    context: typer.Context,
    *,
    file: Annotated[
        Path,
        typer.Option("--file", "-f", exists=True, dir_okay=False, help="The manifest, in YAML."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the changes without making them.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Remove resources that are not in the file, and their secrets."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Apply a manifest.

    It has sources, connections, subscriptions, issuers, roles, limits, services, routes and
    schedules.
    """
    from cli.admin.manifest import change_lines
    from cli.admin.manifest_file import read_manifest
    from cli.admin.stack_manifest import manifest_of_stack
    from cli.locate import find_stack

    manifest = read_manifest(file)
    done = manifest_of_stack(find_stack(chosen_target(context)))(
        manifest, prune=prune, dry_run=dry_run
    )
    output = Output(as_json)
    if as_json:
        output.one(done, {})
        return
    for edit in done.edits:
        output.line(edit, change_lines(edit))
    count = len(done.edits)
    output.note(_summary(count, dry_run=dry_run))
    for warning in done.warnings:
        output.note(f"warning: {warning}")


def _summary(count: int, *, dry_run: bool) -> str:
    if dry_run:
        return f"{count} to change, nothing was"
    effect = ", in effect within 30 seconds" if count else ""
    return f"{count} changed{effect}"
