"""The stack that a command is for, from options and environment."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer

PROJECT: Final = Path(__file__).resolve().parents[1]
DEFAULT_HOME: Final = PROJECT / ".signalbox"
LOCAL_STAGE: Final = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The local stack, unless a stage, a stack or a profile selects one on AWS.

    `stage` is an environment in samconfig.toml. Commands that only use the API need nothing but
    `url` and `key`.
    """

    home: Path = DEFAULT_HOME
    stage: str = LOCAL_STAGE
    stack: str | None = None
    profile: str | None = None
    region: str | None = None
    url: str | None = None
    key: str | None = field(default=None, repr=False)

    @property
    def local(self) -> bool:
        """Return whether the local stack is selected."""
        return self.stage == LOCAL_STAGE and not (self.stack or self.profile)


def choose_target(
    context: typer.Context,
    *,
    stage: Annotated[
        str, typer.Option(envvar="SIGNALBOX_STAGE", help="A stage in samconfig.toml.")
    ] = LOCAL_STAGE,
    stack: Annotated[
        str | None, typer.Option(envvar="SIGNALBOX_STACK", help="The name of a stack on AWS.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(envvar="SIGNALBOX_PROFILE", help="AWS profile.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(envvar="SIGNALBOX_REGION", help="AWS region.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(envvar="SIGNALBOX_URL", help="The URL of the API; AWS is not needed then."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(envvar="SIGNALBOX_API_KEY", help="API key.", show_envvar=True)
    ] = None,
    home: Annotated[
        Path,
        typer.Option(
            envvar="SIGNALBOX_HOME", help="The directory with the state of the local stack."
        ),
    ] = DEFAULT_HOME,
) -> None:
    """Turn SaaS webhooks into durable tasks for workers and agents.

    Exit codes: 0 success, 1 failed or refused, 2 wrong usage, 3 unreachable.
    """
    context.obj = Target(
        home=home.resolve(),
        stage=stage,
        stack=stack,
        profile=profile,
        region=region,
        url=url,
        key=key,
    )


def chosen_target(context: typer.Context) -> Target:
    """Return the target that the options before the command select."""
    return context.find_object(Target) or Target()
