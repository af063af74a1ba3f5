"""signalbox secrets: what signs webhooks and tokens, and opens the targets of connections."""

from typing import Annotated

import typer

from cli.output import Output
from cli.target import chosen

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
    from cli.locate import find

    check_name(name)
    store = find(chosen(context)).secrets
    secret = Origin(generate=generate, variable=from_env).read()
    replaced(store, name, secret)
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
    from cli.locate import find

    check_name(name)
    store = find(chosen(context)).secrets
    if drop_previous:
        without_previous(store, name)
        _tell("", f"{name} has its current secret only; {_SOON}")
        return
    secret = Origin(generate=generate, variable=from_env).read()
    count = rotated(store, name, secret)
    kept = "and the previous one" if count > 1 else "(there was none before)"
    _tell(secret if generate else "", f"{name} has the new secret {kept}; {_SOON}")


def _tell(secret: str, note: str) -> None:
    if secret:
        print(secret)
    Output().note(note)
