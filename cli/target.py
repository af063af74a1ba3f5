"""Which stack a command is for, as said on the command line or in the environment."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer

PROJECT: Final = Path(__file__).resolve().parents[1]
DEFAULT_HOME: Final = PROJECT / ".signalbox"
LOCAL_STAGE: Final = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A stack of this machine, unless a stage, a stack or a profile says that it is on AWS.

    `stage` is an environment of samconfig.toml. `url` and `key` are all that the commands need
    which only speak with the API.
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
        """Return whether the stack of this machine is meant."""
        return self.stage == LOCAL_STAGE and not (self.stack or self.profile)


def choose_target(
    context: typer.Context,
    *,
    stage: Annotated[
        str, typer.Option(envvar="SIGNALBOX_STAGE", help="Environment of samconfig.toml.")
    ] = LOCAL_STAGE,
    stack: Annotated[
        str | None, typer.Option(envvar="SIGNALBOX_STACK", help="Name of a stack on AWS.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(envvar="SIGNALBOX_PROFILE", help="AWS profile.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(envvar="SIGNALBOX_REGION", help="AWS region.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(envvar="SIGNALBOX_URL", help="The API, where AWS is not asked.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(envvar="SIGNALBOX_API_KEY", help="API key.", show_envvar=True)
    ] = None,
    home: Annotated[
        Path, typer.Option(envvar="SIGNALBOX_HOME", help="Where the local stack keeps its state.")
    ] = DEFAULT_HOME,
) -> None:
    """Turn SaaS webhooks into durable tasks for workers and agents.

    Exit codes: 0 done, 1 failed or refused, 2 wrong usage, 3 not reachable.
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
    """Return what the options before the command's name say."""
    return context.find_object(Target) or Target()
