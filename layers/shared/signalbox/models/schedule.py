"""Schedules: when tasks are created, and which."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator
from typing_extensions import override

from signalbox.models.base import Model, Name, UtcDatetime
from signalbox.models.config_resource import ConfigResource
from signalbox.models.task_template import GroupedTaskTemplate


class CatchUp(StrEnum):
    """Which runs are made up for that were missed in an outage."""

    LATEST = "latest"
    ALL = "all"
    """All, but the latest hundred at most."""

    NONE = "none"


class ScheduleTiming(Model):
    """When a schedule runs: by `cron` in a time zone, or once `at` a time."""

    enabled: bool
    cron: str | None
    timezone: str
    at: UtcDatetime | None


def _require_one_timing(schema: dict[str, Any]) -> None:
    """Add to the schema that a schedule has either `cron` or `at`."""
    schema["oneOf"] = [
        {"required": [name], "properties": {name: {"type": "string"}}} for name in ("cron", "at")
    ]


class Schedule(ConfigResource):
    """What creates a task at certain times: by `cron` in a time zone, or once `at` a time.

    `cron` has five fields: minute, hour, day, month, day of the week. A schedule that is not
    `enabled` is paused; what it misses meanwhile is not made up for.
    """

    model_config = ConfigDict(json_schema_extra=_require_one_timing)

    kind: ClassVar = "schedule"

    name: Name
    enabled: bool = True
    cron: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    timezone: Annotated[str, Field(min_length=1, max_length=64)] = "UTC"
    at: UtcDatetime | None = None
    catch_up: CatchUp = CatchUp.LATEST
    task: GroupedTaskTemplate

    @model_validator(mode="after")
    def _has_one_timing(self) -> Self:
        if (self.cron is None) is (self.at is None):
            raise ValueError("expects one of `cron` and `at`")
        return self

    @property
    @override
    def key(self) -> str:
        return self.name

    @property
    def timing(self) -> ScheduleTiming:
        """Return when it runs; whoever changes this begins anew."""
        return ScheduleTiming(
            enabled=self.enabled, cron=self.cron, timezone=self.timezone, at=self.at
        )
