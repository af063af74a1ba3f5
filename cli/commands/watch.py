"""signalbox watch: live updates."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target


def filter_pair(text: str) -> tuple[str, str]:
    """Return the name and the value of NAME=VALUE."""
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise typer.BadParameter("a filter is NAME=VALUE")
    return name, value


def watch(
    context: typer.Context,
    topic: Annotated[
        str,
        typer.Argument(
            help="tasks, deliveries, notifications, queue, services, incidents, "
            "task/ID or task/ID/log."
        ),
    ] = "tasks",
    *,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="NAME=VALUE, such as status=failed; repeatable."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print what changes as it changes, until Ctrl-C. It reconnects by itself."""
    from cli.api_client import connect_api
    from cli.live.client import LiveEvents, ask_websocket_url
    from cli.live.view import print_frames

    pairs = dict(map(filter_pair, filters or ()))
    api, output = connect_api(chosen_target(context)), Output(as_json)
    events = LiveEvents(
        url=ask_websocket_url(api), key=api.key, topic=topic, filters=pairs, note=output.note
    )
    print_frames(events, output)
