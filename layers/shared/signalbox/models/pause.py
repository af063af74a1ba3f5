"""A paused queue."""

from typing import ClassVar

from typing_extensions import override

from signalbox.models.base import UtcDatetime
from signalbox.models.config_resource import ConfigResource
from signalbox.models.task import Priority


class Pause(ConfigResource):
    """A paused queue: no task is handed out, and waiting tasks stay."""

    kind: ClassVar = "pause"

    priority: Priority
    at: UtcDatetime
    by: str
    reason: str | None = None

    @property
    @override
    def key(self) -> str:
        return self.priority
