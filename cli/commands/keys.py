"""signalbox keys: who may call the API."""

from datetime import timedelta
from typing import Annotated

import typer

from cli.output import JsonOption, Output, format_time
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """90d, 12h or 30m."""
    number, unit = text[:-1], _UNITS.get(text[-1:])
    if unit is None or not number.isdecimal() or not 0 < int(number) < 10**6:
        raise typer.BadParameter("a number of days, hours or minutes: 90d, 12h, 30m")
    return timedelta(**{unit: int(number)})


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for, such as ci.")],
    *,
    role: Annotated[
        list[str] | None,
        typer.Option(help="viewer, worker, operator, admin or one of your own; repeatable."),
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="One permission, such as tasks:read; repeatable.")
    ] = None,
    expires: Annotated[
        timedelta | None,
        typer.Option(parser=duration, help="When it ends: 90d, 12h, 30m from now."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, this once; the stack keeps only its hash."""
    from cli.admin.audit import command_audit
    from cli.admin.keys import CreatedKey, create_api_key
    from cli.locate import find_stack
    from signalbox.services.ports.time import utc_now

    stack = find_stack(chosen_target(context))
    new = create_api_key(
        environment=stack.outputs.key_environment,
        name=name,
        roles=role or [],
        scopes=scope or [],
        expires=expires,
        by=f"cli:{stack.caller}",
        now=utc_now(),
        custom=[known.name for known in stack.config.roles()] if role else [],
    )
    output = Output(as_json)
    told = CreatedKey(id=new.stored.id, key=new.text, expires_at=new.stored.expires_at)
    with command_audit(stack)("keys create", f"key {new.stored.id}"):
        stack.keys.put(new.stored)
        output.line(told, new.text)
    output.note(f"{new.stored.id} ({new.stored.name}): this key is not shown again")


@app.command("list")
def list_(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the keys, never what they are."""
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


@app.command()
def revoke(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(help="Its id, as `keys list` shows it.")],
) -> None:
    """Revoke a key; within 30 seconds it opens nothing any longer."""
    from cli.admin.audit import command_audit
    from cli.admin.keys import revoke_api_key
    from cli.locate import find_stack
    from signalbox.services.ports.time import utc_now

    stack = find_stack(chosen_target(context))
    with command_audit(stack)("keys revoke", f"key {key_id}"):
        key = revoke_api_key(stack.keys, key_id, utc_now())
    Output().note(f"{key.id} ({key.name}) is revoked")
