"""Request and response bodies of queue."""

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.task import Priority
from signalbox.services.tasks.create import SingleLine


class QueueView(Model):
    """One queue.

    Counts are SQS's own and approximate.

    `dead_letters` are messages that came back too often and were not looked into yet; tasks without
    attempts left are listed under `/dead-letters`. `oldest_seconds` is the age, since it was made,
    of the oldest task that waits, null if none does.
    """

    priority: Priority
    waiting: int
    in_flight: int
    delayed: int
    dead_letters: int
    oldest_seconds: int | None


class PauseView(Model):
    """Since when a queue is paused, by whom and why."""

    at: UtcDatetime
    by: str
    reason: str | None = None


class QueueStatusView(QueueView):
    """One queue and its outlook.

    `pause` is null if tasks are given from it.

    `drain_seconds` is an estimate of when it will be empty if nothing comes: what waits, at the
    pace of the last ten minutes. It is null if nothing says so.
    """

    pause: PauseView | None = None
    drain_seconds: int | None = None


class QueueListView(Model):
    """All queues, the most urgent first."""

    queues: tuple[QueueStatusView, ...]


class PauseRequest(Model):
    """Why a queue is to be paused."""

    reason: SingleLine | None = None


class PauseResponse(Model):
    """A queue and its pause, which is null if it is not paused.

    Every function knows of it within 30 seconds.
    """

    priority: Priority
    pause: PauseView | None
