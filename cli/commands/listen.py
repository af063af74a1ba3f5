"""signalbox listen: deliveries of a source, forwarded to a local address."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target


def listen(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(metavar="PROVIDER[/SOURCE]", help="A source, such as github or github/ci."),
    ],
    *,
    forward: Annotated[str, typer.Option(help="Where to, such as http://localhost:3000/hooks.")],
    since: Annotated[
        datetime | None,
        typer.Option(help="Begin with those received at or after this time, in UTC; default: now."),
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            envvar="SIGNALBOX_WEBHOOK_SECRET",
            help="Sign the requests with this secret, as the provider does.",
        ),
    ] = None,
    retries: Annotated[
        int, typer.Option(min=0, max=100, help="Retries of a target that does not answer.")
    ] = 5,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two polls.")] = 2.0,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="End after those since --since, or without it after the first one."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Forward the deliveries of a source to a local address, as they arrive.

    Each is sent with its recorded headers and its body byte for byte. Signatures are not recorded:
    without --secret the requests have none. With --once the exit code is 1 if one was not accepted.
    Ctrl-C ends it.
    """
    from cli.listen.feed import DeliveryFeed
    from cli.listen.forward import ListenTarget
    from cli.listen.run import Listener
    from cli.listen.sign import check_provider, signer
    from cli.operator_client import connect_operator
    from cli.parsing import split_source

    provider, name = split_source(source)
    check_provider(provider)
    output = Output(as_json)
    sign = signer(provider, secret) if secret else None
    target = ListenTarget(url=forward, retries=retries, sign=sign, warn=output.note)
    operator = connect_operator(chosen_target(context))
    start = since.replace(tzinfo=UTC) if since else datetime.now(UTC) - timedelta(days=1)
    listener = Listener(
        operator=operator,
        feed=DeliveryFeed(operator=operator, provider=provider, source=name, since=start),
        target=target,
        output=output,
        every=every,
        once=once,
        backlog=since is not None,
    )
    output.note(f"forwarding deliveries of {provider}/{name} to {forward}; Ctrl-C ends it")
    if not listener.run() and once:
        raise typer.Exit(1)
