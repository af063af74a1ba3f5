"""signalbox serve: the functions as a server."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.parsing import TrustOption, trusted_networks
from cli.target import chosen_target


class Role(StrEnum):
    """What a replica does."""

    ALL = "all"
    HTTP = "http"
    WORKERS = "workers"


def serve(  # noqa: PLR0913  typer makes an option of each
    context: typer.Context,
    *,
    port: Annotated[
        int,
        typer.Option(
            min=1, max=65_532, help="The port; a local server uses the next three as well."
        ),
    ] = 8080,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    role: Annotated[
        Role, typer.Option(help="Whether to answer requests, to poll, or both.")
    ] = Role.ALL,
    threads: Annotated[
        int, typer.Option(min=1, max=512, help="Requests that functions answer at once.")
    ] = 32,
    grace: Annotated[
        float, typer.Option(min=0, max=600, help="Seconds for what runs when it stops.")
    ] = 30.0,
    drain: Annotated[
        float, typer.Option(min=0, max=600, help="Seconds to answer on after a signal.")
    ] = 0.0,
    trust: TrustOption = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(help="A parameter of the template, NAME=VALUE; for a local server."),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            envvar="SIGNALBOX_TEMPLATE", help="The processed template, instead of template.yaml."
        ),
    ] = None,
) -> None:
    """Serve the functions from one process: a stack on AWS, or everything on this machine."""
    from cli.locate import find_stack
    from cli.server.assembly import ServerOptions
    from cli.server.run import ListenOptions
    from cli.server.serve import read_plan, serve_locally, serve_stack

    trusted = trusted_networks(trust)
    pairs = [pair.partition("=") for pair in parameter or ()]
    if not all(equals for _, equals, _ in pairs):
        raise typer.BadParameter("a parameter is NAME=VALUE", param_hint="--parameter")
    target, plan = chosen_target(context), read_plan(template)
    options = ServerOptions(
        serves=role is not Role.WORKERS,
        polls=role is not Role.HTTP,
        threads=threads,
        trusted_proxies=trusted,
    )
    listen = ListenOptions(host=host, port=port, grace=grace, drain=drain)
    if not target.local:
        serve_stack(find_stack(target), plan, options, listen)
    from cli.local.options import LocalOptions

    given = {name: value for name, _, value in pairs}
    serve_locally(LocalOptions.at_port(target.home, port), plan, given, options, listen)
