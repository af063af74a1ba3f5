"""signalbox send: webhooks as their providers would send them, signed."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="Send a webhook as its provider would, signed.")


@app.command()
def github(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    event: Annotated[
        str | None, typer.Argument(help="An event, such as issue_comment or issues.labeled.")
    ] = None,
    *,
    text: Annotated[str | None, typer.Option(help="What is written in it.")] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A payload in place of ours.")
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option("--all", exists=True, help="Every example of @octokit/webhooks-examples."),
    ] = None,
    source: Annotated[str, typer.Option(help="Which source receives it.")] = "default",
    url: Annotated[str | None, typer.Option(help="Where it goes, in place of the stack.")] = None,
    secret: Annotated[
        str | None,
        typer.Option(envvar="SIGNALBOX_WEBHOOK_SECRET", help="In place of the source's own."),
    ] = None,
    delivery: Annotated[
        str | None, typer.Option(help="GitHub's id of it; the same is sent again and again.")
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, help="How often.")] = 1,
    form: Annotated[bool, typer.Option("--form", help="As a form, not as JSON.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send GitHub's webhook EVENT; without --delivery each one is new.

    Fails where one was not taken; 3 where nothing answers. With --all a table by event is printed.
    """
    from cli.webhooks.send import SendOptions, SendTarget, send_examples, send_webhooks

    request = SendOptions(
        event=event,
        text=text,
        file=file,
        delivery=delivery,
        repeat=repeat,
        form=form,
    )
    where = SendTarget(target=chosen_target(context), source=source, url=url, secret=secret)
    output = Output(as_json)
    if examples:
        good = send_examples(examples, where, output, form=form)
    elif event:
        good = send_webhooks(request, where, output)
    else:
        raise typer.BadParameter("say which EVENT, or --all", context)
    raise typer.Exit(0 if good else 1)
