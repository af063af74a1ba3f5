"""signalbox keys: who may call the API."""

from datetime import timedelta
from typing import Annotated

import typer

from cli.output import AsJson, Output, moment
from cli.target import chosen

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def span(text: str) -> timedelta:
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
        timedelta | None, typer.Option(parser=span, help="When it ends: 90d, 12h, 30m from now.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, this once; the stack keeps only its hash."""
    from cli.admin.keys import Made, made
    from cli.admin.trail import trail_of
    from cli.locate import find
    from signalbox.runtime.wiring import now

    stack = find(chosen(context))
    new = made(
        environment=stack.outputs.key_environment,
        name=name,
        roles=role or [],
        scopes=scope or [],
        expires=expires,
        by=f"cli:{stack.caller}",
        now=now(),
        custom=[known.name for known in stack.config.roles()] if role else [],
    )
    output = Output(as_json)
    told = Made(id=new.stored.id, key=new.text, expires_at=new.stored.expires_at)
    with trail_of(stack)("keys create", f"key {new.stored.id}"):
        stack.keys.put(new.stored)
        output.line(told, new.text)
    output.note(f"{new.stored.id} ({new.stored.name}): this key is not shown again")


@app.command("list")
def list_(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the keys, never what they are."""
    from cli.admin.keys import KeyView
    from cli.locate import find
    from signalbox.runtime.wiring import now

    keys = sorted(find(chosen(context)).keys.all(), key=lambda key: key.created_at)
    Output(as_json).rows(
        [KeyView.of(key, now()) for key in keys],
        {
            "Id": lambda key: key.id,
            "Name": lambda key: key.name,
            "May": lambda key: ", ".join((*key.roles, *key.scopes)),
            "Status": lambda key: key.status,
            "Created": lambda key: moment(key.created_at),
            "By": lambda key: key.created_by,
            "Expires": lambda key: moment(key.expires_at),
        },
    )


@app.command()
def revoke(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(help="Its id, as `keys list` shows it.")],
) -> None:
    """Revoke a key; within half a minute it opens nothing any more."""
    from cli.admin.keys import revoked
    from cli.admin.trail import trail_of
    from cli.locate import find
    from signalbox.runtime.wiring import now

    stack = find(chosen(context))
    with trail_of(stack)("keys revoke", f"key {key_id}"):
        key = revoked(stack.keys, key_id, now())
    Output().note(f"{key.id} ({key.name}) is revoked")
