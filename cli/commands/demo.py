"""signalbox demo: the whole story in the terminal."""

from typing import Annotated

import typer

from cli.target import chosen


def demo(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(help="Port of the API, if the stack is not up yet.")] = 4600,
) -> None:
    """Show the way of one webhook, step by step with ids and times.

    Needs the local stack; starts it for as long as the demo lasts if it is not up. Fails where a
    step does not end as it must.
    """
    from cli.demo.stage import set_up
    from cli.demo.story import play
    from cli.errors import CommandError
    from cli.local import record, run
    from cli.local.options import LocalOptions

    target = chosen(context)
    if not target.local or target.url:
        raise CommandError("the demo is for the local stack")
    if record.find(target.home):
        play(set_up(target))
        return
    options = LocalOptions(home=target.home, port=port, echo_port=port + 1, cloud_port=port + 2)
    run.in_background(options, reset=False)
    try:
        play(set_up(target))
    finally:
        run.stop(target.home, reset=False)
