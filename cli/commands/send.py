"""signalbox send: signed webhooks, as a provider sends them."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target


def send(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    provider: Annotated[str, typer.Argument(help="A provider, such as github.")],
    event: Annotated[
        str | None, typer.Argument(help="An event, such as issue_comment or issues.labeled.")
    ] = None,
    *,
    text: Annotated[
        str | None, typer.Option(help="The text of the comment or description.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file with the payload.")
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(
            "--all",
            exists=True,
            help="Send every example of @octokit/webhooks-examples (GitHub).",
        ),
    ] = None,
    source: Annotated[str, typer.Option(help="The source.")] = "default",
    url: Annotated[
        str | None, typer.Option(help="The URL of the API; default: that of the stack.")
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            envvar="SIGNALBOX_WEBHOOK_SECRET", help="The secret; default: that of the source."
        ),
    ] = None,
    delivery: Annotated[
        str | None, typer.Option(help="The delivery id; with --repeat it is sent several times.")
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, help="How many webhooks to send.")] = 1,
    form: Annotated[bool, typer.Option("--form", help="Send a form instead of JSON.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send a signed webhook as its provider does.

    It is a recorded one, renewed: without --delivery each one has a new id.

    Exit code 1 if one is refused, 3 if the API does not answer. --all prints a table of all
    examples.
    """
    from cli.webhooks.send import SendOptions, SendTarget, send_examples, send_webhooks

    where = SendTarget(
        target=chosen_target(context), provider=provider, source=source, url=url, secret=secret
    )
    output = Output(as_json)
    if examples:
        good = send_examples(examples, where, output, form=form)
    elif event:
        request = SendOptions(
            event=event,
            text=text,
            file=file,
            delivery=delivery,
            repeat=repeat,
            form=form,
        )
        good = send_webhooks(request, where, output)
    else:
        raise typer.BadParameter("say which EVENT, or --all", context)
    raise typer.Exit(0 if good else 1)
