"""signalbox keys: create, list and revoke API keys."""

from datetime import timedelta
from typing import Annotated

import typer

from cli.output import JsonOption, Output, format_time
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="Create, list and revoke API keys.")

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """Parse a duration such as 90d, 12h or 30m."""
    number, unit = text[:-1], _UNITS.get(text[-1:])
    if unit is None or not number.isdecimal() or not 0 < int(number) < 10**6:
        raise typer.BadParameter("a number of days, hours or minutes: 90d, 12h, 30m")
    return timedelta(**{unit: int(number)})


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name, such as ci.")],
    *,
    role: Annotated[
        list[str] | None,
        typer.Option(help="viewer, worker, operator, admin or a custom role; repeatable."),
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="A scope, such as tasks:read; repeatable.")
    ] = None,
    expires: Annotated[
        timedelta | None,
        typer.Option(parser=duration, help="Lifetime: 90d, 12h or 30m."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create an API key and print it. It is shown only once."""
    from cli.admin.audit import command_audit
    from cli.admin.keys import CreatedKey, command_principal, key_request, key_service
    from cli.locate import find_stack
    from signalbox.services.ports.time import utc_now

    request = key_request(
        name=name,
        roles=role or [],
        scopes=scope or [],
        expires_at=utc_now() + expires if expires else None,
    )
    stack = find_stack(chosen_target(context))
    service = key_service(stack)
    new = service.draft(request, command_principal(stack))
    output = Output(as_json)
    created = CreatedKey(id=new.stored.id, key=new.text, expires_at=new.stored.expires_at)
    with command_audit(stack)("keys create", f"key {new.stored.id}"):
        service.store(new)
        output.line(created, new.text)
    output.note(f"{new.stored.id} ({new.stored.name}): this key is not shown again")


@app.command("list")
def list_(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the API keys."""
    from cli.admin.keys import KeyRow
    from cli.locate import find_stack
    from signalbox.services.ports.time import utc_now

    keys = sorted(find_stack(chosen_target(context)).keys.all(), key=lambda key: key.created_at)
    Output(as_json).rows(
        [KeyRow.of(key, utc_now()) for key in keys],
        {
            "Id": lambda key: key.id,
            "Name": lambda key: key.name,
            "May": lambda key: ", ".join((*key.roles, *key.scopes)),
            "Status": lambda key: key.status,
            "Created": lambda key: format_time(key.created_at),
            "By": lambda key: key.created_by,
            "Expires": lambda key: format_time(key.expires_at),
        },
    )


@app.command("rotate-identity")
def rotate_identity(
    context: typer.Context,
    *,
    at_once: Annotated[
        bool,
        typer.Option(
            "--at-once", help="Drop the current key, as it is not secret any more. Requests fail."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Replace the key by which services behind the gateway know who calls.

    The new key is published at once and signs 15 minutes later; the old one stays published for
    75 minutes after that.
    """
    from cli.admin.audit import command_audit
    from cli.admin.identity import rotate_identity_key
    from cli.locate import find_stack
    from signalbox.auth.identity import IDENTITY_KEY_NAME
    from signalbox.services.ports.time import utc_now

    stack = find_stack(chosen_target(context))
    action = "keys rotate-identity --at-once" if at_once else "keys rotate-identity"
    with command_audit(stack)(action, IDENTITY_KEY_NAME):
        rotated = rotate_identity_key(stack.secrets, utc_now(), at_once=at_once)
    Output(as_json).one(
        rotated, {"kid": rotated.kid, "signs from": format_time(rotated.signs_from)}
    )
    if at_once:
        Output().note("functions use it within five minutes; services have to fetch the keys again")


@app.command()
def revoke(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(help="The id, as shown by `keys list`.")],
) -> None:
    """Revoke an API key. It takes effect within 30 seconds."""
    from cli.admin.audit import command_audit
    from cli.admin.keys import key_service
    from cli.locate import find_stack
    from signalbox.models.ids import KeyId

    stack = find_stack(chosen_target(context))
    with command_audit(stack)("keys revoke", f"key {key_id}"):
        key = key_service(stack).revoke(KeyId(key_id))
    Output().note(f"{key.id} ({key.name}) is revoked")
