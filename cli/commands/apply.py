"""signalbox apply: everything that operators configure, from a file."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import AsJson, Output
from cli.target import chosen


def apply(
    context: typer.Context,
    *,
    file: Annotated[
        Path, typer.Option("--file", "-f", exists=True, dir_okay=False, help="What should be.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change and change nothing.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what the file does not name, and its secrets.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the configuration what a file of YAML says.

    That is sources, connections, subscriptions, issuers, roles and limits.
    """
    from cli.admin.manifest import ApplyManifest, read, shown
    from cli.admin.trail import trail_of
    from cli.locate import find
    from signalbox.runtime.registry import vocabularies

    manifest = read(file)
    stack = find(chosen(context))
    run = ApplyManifest(
        config=stack.config,
        secrets=stack.secrets,
        connectors=stack.connectors,
        providers=vocabularies(),
        keys=stack.keys.all,
        changing=trail_of(stack),
    )
    done = run(manifest, prune=prune, dry_run=dry_run)
    output = Output(as_json)
    if as_json:
        output.one(done, {})
        return
    for edit in done.edits:
        output.line(edit, shown(edit))
    count = len(done.edits)
    output.note(f"{count} to change, nothing was" if dry_run else f"{count} changed")
    for warning in done.warnings:
        output.note(f"warning: {warning}")
