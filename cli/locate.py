"""Find a stack: the running one of this machine, or one on AWS by its name."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ValidationError

from cli.errors import CommandError, Unreachable
from cli.local import instance
from cli.local.options import REGION
from cli.target import LOCAL_STAGE, PROJECT, Target

if TYPE_CHECKING:
    from cli.stack import Stack

LOCAL_STACK_DOWN: Final = "the local stack is not running; start it with `signalbox up`"
_PRODUCTION: Final = "signalbox"


class _Stage(BaseModel):
    stack_name: str
    region: str | None = None
    profile: str | None = None


def find_stack(target: Target) -> Stack:
    """Return the stack.

    Raises:
        CommandError: There is no such stack or stage.
        Unreachable: It is not running, or AWS does not answer.
    """
    import boto3

    from cli.stack import describe_stack

    if target.local:
        running = local_stack(target)
        return describe_stack(
            boto3.Session("test", "test", region_name=REGION),
            running.stack_name,
            endpoint_url=running.endpoint_url,
            base_url=target.url or running.base_url,
        )
    stage = _stage(target)
    session = boto3.Session(
        profile_name=target.profile or stage.profile, region_name=target.region or stage.region
    )
    return describe_stack(session, target.stack or stage.stack_name, base_url=target.url)


def local_stack(target: Target) -> instance.LocalInstance:
    """Return the running stack of this machine.

    Raises:
        Unreachable: It is not running.
    """
    running = instance.find_instance(target.home)
    if running is None:
        raise Unreachable(LOCAL_STACK_DOWN)
    return running


def _stage(target: Target) -> _Stage:
    """Return the settings of the stage in samconfig.toml."""
    if target.stage == LOCAL_STAGE:
        return _Stage(stack_name=_PRODUCTION)
    stages = tomllib.loads((PROJECT / "samconfig.toml").read_text())
    try:
        return _Stage.model_validate(stages[target.stage]["deploy"]["parameters"])
    except (KeyError, TypeError, ValidationError):
        problem = f"samconfig.toml has no stage {target.stage} with a stack_name"
        raise CommandError(problem) from None
