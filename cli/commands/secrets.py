"""signalbox secrets: what signs webhooks and tokens, and opens the targets of connections."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import Output
from cli.target import chosen

if TYPE_CHECKING:
    from cli.admin.secrets import Origin
    from cli.stack import Stack

app = typer.Typer(no_args_is_help=True, help="Set and rotate secrets.")

Named = Annotated[
    str,
    typer.Argument(
        help="sources/<provider>/<source>, connections/<connection> or issuers/<issuer>"
    ),
]
FromEnv = Annotated[
    str | None,
    typer.Option("--from-env", help="Variable that holds it; else a prompt or standard input."),
]
Generate = Annotated[
    bool, typer.Option("--generate", help="Make one of 32 random bytes and print it, this once.")
]

_SOON = "functions know it within five minutes"


@app.command("set")
def set_(
    context: typer.Context, name: Named, *, from_env: FromEnv = None, generate: Generate = False
) -> None:
    """Set a secret in place of all that were there."""
    from cli.admin.secrets import Origin, check_name, is_weak, replaced
    from cli.admin.trail import trail_of
    from cli.locate import find

    check_name(name)
    stack = find(chosen(context))
    secret = _read(stack, name, Origin(generate=generate, variable=from_env))
    with trail_of(stack)("secrets set", name):
        replaced(stack.secrets, name, secret)
        _tell(secret if generate else "", f"{name} is set; {_SOON}")
    if is_weak(name, secret):
        Output().note("warning: a secret this short can be guessed; --generate makes a good one")


@app.command()
def rotate(
    context: typer.Context,
    name: Named,
    *,
    from_env: FromEnv = None,
    generate: Generate = False,
    drop_previous: Annotated[
        bool, typer.Option("--drop-previous", help="End the overlap: only the current one stays.")
    ] = False,
) -> None:
    """Put a new secret before the current one; both are good until --drop-previous."""
    from cli.admin.secrets import Origin, check_name, rotated, without_previous
    from cli.admin.trail import trail_of
    from cli.locate import find

    check_name(name)
    stack = find(chosen(context))
    changing = trail_of(stack)
    if drop_previous:
        with changing("secrets rotate --drop-previous", name):
            without_previous(stack.secrets, name)
            _tell("", f"{name} has its current secret only; {_SOON}")
        return
    secret = _read(stack, name, Origin(generate=generate, variable=from_env))
    with changing("secrets rotate", name):
        count = rotated(stack.secrets, name, secret)
        kept = "and the previous one" if count > 1 else "(there was none before)"
        _tell(secret if generate else "", f"{name} has the new secret {kept}; {_SOON}")


def _read(stack: "Stack", name: str, origin: "Origin") -> str:
    """The secret, of use to the connection of this name. Raises CommandError, Conflict."""
    from cli.admin.secrets import check_use

    secret = origin.read()
    if name.startswith("connections/"):  # who sets those of sources may be let read nothing else
        check_use(name, secret, stack.config.connections(), stack.connectors)
    return secret


def _tell(secret: str, note: str) -> None:
    if secret:
        print(secret)
    Output().note(note)
