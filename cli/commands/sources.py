"""signalbox sources: list, add and verify sources."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="List, add and verify sources.")

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


@app.command("list")
def list_(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the sources, with the number of their secrets."""
    from cli.admin.sources import list_sources
    from cli.locate import find_stack
    from signalbox.runtime.registry import providers

    stack = find_stack(chosen_target(context))
    rows = list_sources(stack.config.sources(), stack.secrets, providers(), stack.base_url)
    Output(as_json).rows(
        list(rows),
        {
            "Source": lambda row: f"{row.provider}/{row.name}",
            "Enabled": lambda row: "yes" if row.enabled else "no",
            "Secrets": lambda row: str(row.secrets or "none"),
            "Events": lambda row: " ".join(row.events),
            "Commands": lambda row: " ".join(row.commands) or "all",
            "Authors": lambda row: " ".join(row.authors) or "all",
            "Rules": lambda row: " ".join(row.rules),
            "URL": lambda row: row.url,
        },
    )


@app.command()
def add(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    provider: Annotated[str, typer.Argument(help="A provider, such as github.")],
    name: Annotated[
        str, typer.Argument(help="The name of the source, the last part of its URL.")
    ] = "default",
    *,
    event: Annotated[
        list[str] | None,
        typer.Option(help="Events that become tasks without a command; repeatable."),
    ] = None,
    from_env: Annotated[
        str | None,
        typer.Option(
            "--from-env",
            help="Environment variable with the secret; default: a generated one.",
        ),
    ] = None,
    repository: Annotated[
        str | None,
        typer.Option(
            help="Create the webhook of this repository, such as octo-org/site, by the API of"
            " GitHub, GitLab or Gitea."
        ),
    ] = None,
    token_env: Annotated[
        str | None,
        typer.Option(
            help="Environment variable with the token for that; default: GITHUB_TOKEN,"
            " GITLAB_TOKEN or GITEA_TOKEN."
        ),
    ] = None,
    api_url: Annotated[
        str | None,
        typer.Option(
            help="The URL of an instance of one's own: https://HOST, for GitHub https://HOST/api/v3."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Add a source and its secret, and print what to enter in the settings of the service.

    With --repository the webhook is created, also for a source that exists; the secret is not
    printed then, unless that fails.
    """
    from cli.admin.add_source import AddSourceOptions, HookOptions, add_source
    from cli.locate import find_stack

    if repository is None and (token_env or api_url):
        raise typer.BadParameter("--token-env and --api-url are for --repository", context)
    hook = repository and HookOptions(
        repository=repository, api_url=api_url, token_variable=token_env
    )
    options = AddSourceOptions(
        provider=provider, name=name, events=event or [], variable=from_env, hook=hook or None
    )
    add_source(find_stack(chosen_target(context)), options, Output(as_json))
