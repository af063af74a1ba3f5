"""signalbox sources: verify sources."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="Verify sources.")

SourceArgument = Annotated[
    str, typer.Argument(metavar="PROVIDER[/SOURCE]", help="A source, such as github or github/ci.")
]


@app.command()
def verify(
    context: typer.Context,
    source: SourceArgument,
    *,
    url: Annotated[
        str | None, typer.Option(help="The URL of the webhooks; default: that of the stack.")
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            envvar="SIGNALBOX_WEBHOOK_SECRET", help="The secret; default: that of the source."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Send valid and forged requests to a source, and compare each response with the expected one.

    The valid ones are stored as deliveries; they create no task if a sample of the provider allows
    it. Exit code 1 if a response differs, 3 if the API does not answer.
    """
    from cli.parsing import split_source
    from cli.webhooks.send import SendTarget
    from cli.webhooks.verify import verify_source

    provider, name = split_source(source)
    where = SendTarget(
        target=chosen_target(context), provider=provider, source=name, url=url, secret=secret
    )
    if not verify_source(where, Output(as_json)):
        raise typer.Exit(1)
