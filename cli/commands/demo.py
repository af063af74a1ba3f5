"""signalbox demo: a scenario in the terminal."""

from typing import Annotated

import typer

from cli.target import chosen_target


def demo(
    context: typer.Context,
    *,
    provider: Annotated[str, typer.Option(help="The provider that sends the webhook.")] = "github",
    port: Annotated[int, typer.Option(help="Port of the API, if the stack is not running.")] = 4600,
) -> None:
    """Show one webhook from receipt to notification, step by step.

    It starts the local stack, if necessary, for the duration of the demo. Exit code 1 if a step
    fails.
    """
    from cli.demo.environment import demo_environment
    from cli.demo.scenario import run_scenario
    from cli.demo.webhooks import demo_webhook
    from cli.errors import CommandError
    from cli.local import instance, run
    from cli.local.options import LocalOptions

    target = chosen_target(context)
    if not target.local or target.url:
        raise CommandError("the demo is for the local stack")
    webhook = demo_webhook(provider)
    if instance.find_instance(target.home):
        run_scenario(demo_environment(target, webhook))
        return
    options = LocalOptions(home=target.home, port=port, echo_port=port + 1, cloud_port=port + 2)
    run.run_in_background(options, reset=False)
    try:
        run_scenario(demo_environment(target, webhook))
    finally:
        run.stop_stack(target.home, reset=False)
