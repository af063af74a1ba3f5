"""Serve a stack on AWS, or everything on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cli.errors import CommandError
from cli.gateway_server import listening_socket
from cli.server.deployment import describe_deployment
from cli.server.plan import ServerPlan
from cli.server.run import leave_process, serve_deployment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cli.local.options import LocalOptions
    from cli.server.assembly import ServerOptions
    from cli.server.run import ListenOptions
    from cli.stack import Stack


def read_plan(processed: Path | None) -> ServerPlan:
    """Return the plan in a processed template, by default in template.yaml.

    Raises:
        CommandError: It cannot be read.
    """
    try:
        if processed:
            return ServerPlan.read(processed.read_text())
        from cli.template import translated_template
    except (OSError, ValueError) as odd:
        raise CommandError(f"{processed} is no processed template: {odd}") from None
    except ImportError:
        problem = "SAM CLI is not installed: name a processed template with --template"
        raise CommandError(problem) from None
    return ServerPlan.read(translated_template())


def serve_stack(
    stack: Stack, plan: ServerPlan, options: ServerOptions, listen: ListenOptions
) -> None:
    """Serve a stack on AWS; the process ends with it.

    Raises:
        CommandError: The stack does not fit, or the port is taken.
    """
    deployment = describe_deployment(plan, stack)
    at = listening_socket(listen.host, listen.port)
    _announce(stack.name, listen)
    serve_deployment(deployment, options, listen, at)
    leave_process()


def serve_locally(
    local: LocalOptions,
    plan: ServerPlan,
    parameters: Mapping[str, str],
    options: ServerOptions,
    listen: ListenOptions,
) -> None:
    """Serve everything on this machine, with the state in its directory.

    Raises:
        CommandError: Another local stack has the directory, or a port is taken.
    """
    from cli.local import instance
    from cli.local.instance import LocalInstance
    from cli.local.seed import seed_stack
    from cli.server.local_cloud import local_cloud

    with instance.exclusive(local.home):
        at = listening_socket(listen.host, listen.port)
        with local_cloud(local, plan, parameters) as stack:
            notes = seed_stack(stack, local.echo_url, local.home).notes
            instance.publish(local.home, LocalInstance.of(local, notes))
            _announce(stack.name, listen)
            print(f"The API key is in {local.home / 'key.json'}", flush=True)
            deployment = describe_deployment(plan, stack)
            serve_deployment(deployment, replace(options, alone=True), listen, at)
    leave_process()


def _announce(name: str, listen: ListenOptions) -> None:
    print(f"{name} is served at http://{listen.host}:{listen.port}", flush=True)
