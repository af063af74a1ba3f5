"""signalbox secrets: set and rotate secrets of sources, connections, issuers, and tokens."""

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
        help="sources/<provider>/<source>, tokens/<provider>/<source>, "
        "connections/<connection>, connections/<connection>/certificate, services/<service>/ca, "
        "services/<service>/certificate, issuers/<issuer> or telemetry/headers"
    ),
]
FromEnvOption = Annotated[
    str | None,
    typer.Option(
        "--from-env",
        help="Environment variable with the secret; default: prompt or standard input.",
    ),
]
GenerateOption = Annotated[
    bool, typer.Option("--generate", help="Generate 32 random bytes and print them once.")
]

_EFFECT = "it takes effect within five minutes"


@app.command("set")
def set_(
    context: typer.Context,
    name: SecretArgument,
    *,
    from_env: FromEnvOption = None,
    generate: GenerateOption = False,
) -> None:
    """Set a secret, replacing all others of the name."""
    from cli.admin.audit import command_audit
    from cli.admin.secrets import SecretInput, check_name, is_pem, is_weak, replace_secret
    from cli.locate import find_stack

    check_name(name, generate=generate)
    stack = find_stack(chosen_target(context))
    origin = SecretInput(generate=generate, variable=from_env, certificate=is_pem(name))
    secret = _read(stack, name, origin)
    with command_audit(stack)("secrets set", name):
        replace_secret(stack.secrets, name, secret)
        _tell(secret if generate else "", f"{name} is set; {_EFFECT}")
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
        bool, typer.Option("--drop-previous", help="Remove all secrets but the current one.")
    ] = False,
) -> None:
    """Put a new secret before the current one. Both are valid until --drop-previous."""
    from cli.admin.audit import command_audit
    from cli.admin.secrets import SecretInput, check_name, drop_previous_secrets, rotate_secret
    from cli.locate import find_stack

    check_name(name, generate=generate)
    stack = find_stack(chosen_target(context))
    changing = command_audit(stack)
    if drop_previous:
        with changing("secrets rotate --drop-previous", name):
            drop_previous_secrets(stack.secrets, name)
            _tell("", f"{name} has its current secret only; {_EFFECT}")
        return
    secret = _read(stack, name, SecretInput(generate=generate, variable=from_env))
    with changing("secrets rotate", name):
        count = rotate_secret(stack.secrets, name, secret)
        kept = "and the previous one" if count > 1 else "(there was none before)"
        _tell(secret if generate else "", f"{name} has the new secret {kept}; {_EFFECT}")


def _read(stack: "Stack", name: str, origin: "SecretInput") -> str:
    """Return the secret, after checking that its source or connection can use it.

    Raises:
        CommandError: There is no secret, or it is not valid.
        Conflict: The source or connection cannot use it.
    """
    from cli.admin.secrets import check_source_use, check_use, is_pem
    from cli.admin.tls_warnings import check_tls_secret
    from signalbox.runtime.registry import providers

    secret = origin.read()
    if is_pem(name):
        check_tls_secret(name, secret)
        return secret
    check_source_use(name, secret, providers())
    if name.startswith("connections/"):  # who sets those of sources may be let read nothing else
        check_use(name, secret, stack.config.connections(), stack.connectors)
    return secret


def _tell(secret: str, note: str) -> None:
    if secret:
        print(secret)
    Output().note(note)
