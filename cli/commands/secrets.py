"""signalbox secrets: what signs webhooks and tokens, and opens the targets of connections."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import Output
from cli.target import chosen_target

if TYPE_CHECKING:
    from cli.admin.secrets import SecretInput
    from cli.stack import Stack

app = typer.Typer(no_args_is_help=True, help="Set and rotate secrets.")

SecretArgument = Annotated[
    str,
    typer.Argument(
        help="sources/<provider>/<source>, connections/<connection> or issuers/<issuer>"
    ),
]
FromEnvOption = Annotated[
    str | None,
    typer.Option("--from-env", help="Variable that holds it; else a prompt or standard input."),
]
GenerateOption = Annotated[
    bool, typer.Option("--generate", help="Make one of 32 random bytes and print it, this once.")
]

_SOON = "functions know it within five minutes"


@app.command("set")
def set_(
    context: typer.Context,
    name: SecretArgument,
    *,
    from_env: FromEnvOption = None,
    generate: GenerateOption = False,
) -> None:
    """Set a secret in place of all that were there."""
    from cli.admin.audit import command_audit
    from cli.admin.secrets import SecretInput, check_name, is_weak, replace_secret
    from cli.locate import find_stack

    check_name(name)
    stack = find_stack(chosen_target(context))
    secret = _read(stack, name, SecretInput(generate=generate, variable=from_env))
    with command_audit(stack)("secrets set", name):
        replace_secret(stack.secrets, name, secret)
        _tell(secret if generate else "", f"{name} is set; {_SOON}")
    if is_weak(name, secret):
        Output().note("warning: a secret this short can be guessed; --generate makes a good one")


@app.command()
def rotate(
    context: typer.Context,
    name: SecretArgument,
    *,
    from_env: FromEnvOption = None,
    generate: GenerateOption = False,
    drop_previous: Annotated[
        bool, typer.Option("--drop-previous", help="End the overlap: only the current one stays.")
    ] = False,
) -> None:
    """Put a new secret before the current one; both are good until --drop-previous."""
    from cli.admin.audit import command_audit
    from cli.admin.secrets import SecretInput, check_name, drop_previous_secrets, rotate_secret
    from cli.locate import find_stack

    check_name(name)
    stack = find_stack(chosen_target(context))
    changing = command_audit(stack)
    if drop_previous:
        with changing("secrets rotate --drop-previous", name):
            drop_previous_secrets(stack.secrets, name)
            _tell("", f"{name} has its current secret only; {_SOON}")
        return
    secret = _read(stack, name, SecretInput(generate=generate, variable=from_env))
    with changing("secrets rotate", name):
        count = rotate_secret(stack.secrets, name, secret)
        kept = "and the previous one" if count > 1 else "(there was none before)"
        _tell(secret if generate else "", f"{name} has the new secret {kept}; {_SOON}")


def _read(stack: "Stack", name: str, origin: "SecretInput") -> str:
    """Return the secret, of use to the connection of this name.

    Raises:
        CommandError: The command cannot be carried out.
        Conflict: The state of the item does not allow it.
    """
    from cli.admin.secrets import check_use

    secret = origin.read()
    if name.startswith("connections/"):  # who sets those of sources may be let read nothing else
        check_use(name, secret, stack.config.connections(), stack.connectors)
    return secret


def _tell(secret: str, note: str) -> None:
    if secret:
        print(secret)
    Output().note(note)
