"""signalbox gateway: the gateway to services as a server."""

from typing import Annotated

import typer

from cli.parsing import TrustOption, trusted_networks
from cli.target import chosen_target


def gateway(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port to listen on.")] = 8080,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that serve.")] = 1,
    trust: TrustOption = None,
) -> None:
    """Serve the gateway to services from this machine, with streaming."""
    from cli.locate import find_stack

    trusted = trusted_networks(trust)
    stack = find_stack(chosen_target(context))
    from cli.gateway_server import function_environment, serve_gateway

    environment = function_environment(stack)
    typer.echo(f"The gateway of {stack.name} listens on http://{host}:{port}", err=True)
    serve_gateway(environment, host=host, port=port, workers=workers, trusted_proxies=trusted)
