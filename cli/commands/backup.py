"""signalbox backup, restore: everything that a stack stores, in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target

if TYPE_CHECKING:
    from cli.backup.run import RestoreReport

_FILE = "A file, or s3://BUCKET/KEY."


def backup(
    context: typer.Context,
    destination: Annotated[str, typer.Argument(help=_FILE)],
    *,
    as_json: JsonOption = False,
) -> None:
    """Write all tasks, deliveries, configuration, hashes of keys and audit records to a file.

    Secrets are left out; their names are listed. The file has what webhooks contained: keep it as
    you keep the stack.
    """
    from cli.backup.archive import ArchiveHeader, ArchiveWriter, compressed
    from cli.backup.location import BackupLocation
    from cli.backup.run import write_backup
    from cli.backup.storage import backup_storage
    from cli.locate import find_stack
    from signalbox.runtime.version import VERSION
    from signalbox.services.ports.time import utc_now

    stack = find_stack(chosen_target(context))
    storage = backup_storage(stack)
    header = ArchiveHeader(
        version=VERSION, stack=stack.name, region=stack.session.region_name, at=utc_now()
    )
    with (
        BackupLocation(text=destination, s3=storage.s3).writing() as path,
        compressed(path) as file,
    ):
        end = write_backup(storage, ArchiveWriter(file=file), header)
    Output(as_json).one(end, {part: str(count) for part, count in end.counts.items()})


def restore(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help=_FILE)],
    *,
    into_existing: Annotated[
        bool, typer.Option(help="Restore into a stack that is not empty, and keep what is there.")
    ] = False,
    check: Annotated[
        bool, typer.Option(help="Compare the backup with the stack, and restore nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Restore a backup into an empty stack, or compare it with one.

    It can be run again after an interruption. Exit code 1 if an entry is missing, or the stack has
    another one in its place, which is kept.
    """
    from cli.admin.audit import command_audit
    from cli.backup.archive import open_archive
    from cli.backup.location import BackupLocation
    from cli.backup.run import Placed, compare_backup, restore_backup
    from cli.backup.storage import backup_storage
    from cli.locate import find_stack

    stack = find_stack(chosen_target(context))
    storage = backup_storage(stack)
    with BackupLocation(text=source, s3=storage.s3).reading() as path:
        archive = open_archive(path)
        if check:
            report = compare_backup(storage, archive)
        else:
            report = restore_backup(storage, archive, into_existing=into_existing)
            with command_audit(stack)("restore", archive.end.sha256):
                pass
    _print_report(Output(as_json), report)
    if report.total(Placed.DIFFERENT) or report.total(Placed.MISSING):
        raise typer.Exit(1)


def _print_report(output: Output, report: RestoreReport) -> None:
    output.one(
        report,
        {
            part: ", ".join(f"{count} {placed}" for placed, count in counts.items())
            for part, counts in report.counts.items()
        }
        | {"Messages": f"{report.messages} for pending tasks" if report.messages else ""},
    )
    for example in report.examples:
        output.note(f"not as in the backup: {example}")
    for name in report.secrets:
        output.note(f"missing secret: {name}  ->  signalbox secrets set {name}")
