"""Build what counts the changes of the tables.

Most functions do not count and should not load it.
"""

from typing import Final

from signalbox.aws.counters import DynamoCounters
from signalbox.aws.streams import DynamoStreamFeed, count_delivery_record, count_task_record
from signalbox.runtime.wiring import Wiring
from signalbox.services.metrics import CountChanges

MAX_COUNT_SECONDS: Final = 2.0
"""How long a request may count."""


def count_changes(wired: Wiring) -> CountChanges:
    """Return what counts the streams of the tables."""
    chosen = wired.settings
    feeds = {
        "tasks": (chosen.tasks_stream, count_task_record),
        "deliveries": (chosen.deliveries_stream, count_delivery_record),
    }
    return CountChanges(
        feeds=[
            DynamoStreamFeed(
                client=wired.streams, arn=arn, name=name, counts=tells, clock=wired.clock
            )
            for name, (arn, tells) in feeds.items()
        ],
        counters=DynamoCounters(table=wired.state_table, feeds=list(feeds)),
    )
