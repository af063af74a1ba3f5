"""The log group of all functions, which is polled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.local.logs import LogEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from mypy_boto3_logs import CloudWatchLogsClient

    from cli.local.stack import Deployed


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup:
    """A LogSource."""

    client: CloudWatchLogsClient
    name: str

    @classmethod
    def of(cls, stack: Deployed) -> Self:
        """Return the log group of the stack's functions."""
        client = stack.session.client("logs", endpoint_url=stack.endpoint_url)
        return cls(client=client, name=stack.outputs["FunctionLogs"])

    def since(self, milliseconds: int) -> Iterator[LogEvent]:
        """Return the events from a time on.

        Events have no ids in ministack, so their position is used.
        """
        pages = self.client.get_paginator("filter_log_events")
        numbers: Counter[str] = Counter()
        for page in pages.paginate(logGroupName=self.name, startTime=milliseconds):
            for event in page["events"]:
                place = f"{event['logStreamName']} {event['timestamp']}"
                numbers[place] += 1
                yield LogEvent(
                    id=f"{place} {numbers[place]}",
                    milliseconds=event["timestamp"],
                    message=event["message"],
                )
