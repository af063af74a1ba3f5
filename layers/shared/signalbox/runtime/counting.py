"""Builds what counts the changes of the tables; most functions do not, and should not load it."""

from signalbox.aws.counters import DynamoCounters
from signalbox.aws.streams import StreamFeed, of_deliveries, of_tasks
from signalbox.runtime.wiring import Wiring
from signalbox.services.metrics import CountChanges


def counting(wired: Wiring) -> CountChanges:
    """Counts what the streams of the tables tell."""
    chosen = wired.settings
    feeds = {
        "tasks": (chosen.tasks_stream, of_tasks),
        "deliveries": (chosen.deliveries_stream, of_deliveries),
    }
    return CountChanges(
        feeds=[
            StreamFeed(client=wired.streams, arn=arn, name=name, counts=tells, clock=wired.clock)
            for name, (arn, tells) in feeds.items()
        ],
        counters=DynamoCounters(table=wired.state_table, feeds=list(feeds)),
    )
