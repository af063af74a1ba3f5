"""signalbox demo: a scenario in the terminal."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.target import Target, chosen_target


class DemoPart(StrEnum):
    """A part of Signalbox with a scenario of its own."""

    GATEWAY = "gateway"


def demo(
    context: typer.Context,
    *,
    provider: Annotated[
        str, typer.Option(help="The provider that sends the webhook; github if none is named.")
    ] = "",
    connector: Annotated[
        str,
        typer.Option(help="Show what the service of this connector gets, or an SMTP server: smtp."),
    ] = "",
    part: Annotated[
        DemoPart | None, typer.Option(help="Show the gateway, with two small services.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the API, if the stack is not running.")] = 4600,
) -> None:
    """Show one webhook from receipt to notification, step by step, or a part of Signalbox.

    It starts the local stack, if necessary, for the duration of the demo. Exit code 1 if a step
    fails.
    """
    from cli.errors import CommandError
    from cli.local import instance, run
    from cli.local.options import LocalOptions

    if part and (provider or connector):
        raise CommandError("--part has neither a provider nor a connector")
    target = chosen_target(context)
    if not target.local or target.url:
        raise CommandError("the demo is for the local stack")
    if instance.find_instance(target.home):
        _play(target, provider, connector, part)
        return
    options = LocalOptions.at_port(target.home, port)
    run.run_in_background(options, reset=False)
    try:
        _play(target, provider, connector, part)
    finally:
        run.stop_stack(target.home, reset=False)


def _play(target: Target, provider: str, connector: str, part: DemoPart | None) -> None:
    if part:
        from cli.demo.gateway_stack import play_gateway

        play_gateway(target)
        return
    _play_webhook(target, provider, connector)


def _play_webhook(target: Target, provider: str, connector: str) -> None:
    from cli.demo.connector_scenario import run_connector_scenario
    from cli.demo.environment import demo_environment
    from cli.demo.replies import FORGES, replying_double
    from cli.demo.scenario import run_scenario
    from cli.demo.targets import ONE_WAY, connected_double
    from cli.demo.webhooks import DEFAULT_PROVIDER, demo_webhook
    from signalbox.runtime.registry import providers

    has_own = connector in providers() and connector not in ONE_WAY
    same = connector if has_own else DEFAULT_PROVIDER
    webhook = demo_webhook(provider or same)
    if not connector and provider in FORGES:
        forge = replying_double(target, webhook)
        run_scenario(demo_environment(target, forge.webhook), forge.double)
        return
    environment = demo_environment(target, webhook)
    if not connector:
        run_scenario(environment)
        return
    with connected_double(target, connector) as double:
        run_connector_scenario(environment, double)
