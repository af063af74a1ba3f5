"""signalbox erase: what a stack stores of a person."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.parsing import DryRunOption
from cli.target import chosen_target


def erase(
    context: typer.Context,
    *,
    person: Annotated[str, typer.Option(help="A login or an email address.")],
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Redact a person in finished tasks, notifications and deliveries, and delete their webhooks.

    All deliveries and tasks are read. It can be run again after an interruption. Exit code 1 if
    something is left, such as a task that has not finished.
    """
    from contextlib import nullcontext

    from cli.admin.audit import command_audit
    from cli.backup.storage import backup_storage
    from cli.erase.person import ErasedPerson
    from cli.erase.run import ErasePerson
    from cli.locate import find_stack

    named = ErasedPerson(person)
    stack = find_stack(chosen_target(context))
    run = ErasePerson(storage=backup_storage(stack), person=named, dry_run=dry_run)
    audited = nullcontext() if dry_run else command_audit(stack)("person erase", named.digest)
    with audited:
        report = run()
    output = Output(as_json)
    output.one(
        report,
        {
            table: ", ".join(f"{count} {done}" for done, count in counts.items() if count)
            for table, counts in report.counts.items()
        },
    )
    for left in report.left:
        output.note(f"left: {left}")
    for name in report.configuration:
        output.note(f"the configuration names the person: {name}")
    if not report.complete:
        raise typer.Exit(1)
