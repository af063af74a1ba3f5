"""signalbox up and signalbox down: the local stack."""

from pathlib import Path
from typing import Annotated

import typer

from cli.target import chosen_target

HomeOption = Annotated[
    Path | None, typer.Option(help="The directory with the state of the local stack.")
]
ResetOption = Annotated[bool, typer.Option("--reset", help="Delete the state of the stack.")]


def up(
    context: typer.Context,
    *,
    port: Annotated[
        int, typer.Option(help="Port of the API; the next three ports are used as well.")
    ] = 4600,
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background.")] = False,
    reset: ResetOption = False,
    follow: Annotated[bool, typer.Option(help="Show the logs of the functions.")] = True,
    home: HomeOption = None,
) -> None:
    """Run the whole stack on this machine, without Docker and without AWS."""
    from cli.local import run
    from cli.local.options import LocalOptions

    where = (home or chosen_target(context).home).resolve()
    options = LocalOptions.at_port(where, port)
    if detach:
        run.run_in_background(options, reset=reset)
    else:
        run.run_in_foreground(options, reset=reset, follow=follow)


def down(context: typer.Context, *, reset: ResetOption = False, home: HomeOption = None) -> None:
    """Stop the local stack. It keeps its state."""
    from cli.local import run

    run.stop_stack((home or chosen_target(context).home).resolve(), reset=reset)
