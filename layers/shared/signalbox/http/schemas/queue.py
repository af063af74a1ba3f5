"""Request and response bodies of queue."""

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.task import Priority
from signalbox.models.task_template import SingleLine


class QueueView(Model):
    """A queue.

    Counts are those of SQS, which are approximate.

    `dead_letters` are messages that were received too often and are not processed yet; tasks
    without attempts are listed under `/dead-letters`. `oldest_seconds` is the age of the oldest
    waiting task since its creation, null if there is none.
    """

    priority: Priority
    waiting: int
    in_flight: int
    delayed: int
    dead_letters: int
    oldest_seconds: int | None


class PauseView(Model):
    """When a queue was paused, by whom and why."""

    at: UtcDatetime
    by: str
    reason: str | None = None


class QueueStatusView(QueueView):
    """The status of a queue.

    `pause` is null if tasks are handed out.

    `drain_seconds` estimates when the queue will be empty if no task is added, from the throughput
    of the last ten minutes. It is null without throughput.
    """

    pause: PauseView | None = None
    drain_seconds: int | None = None


class QueueListView(Model):
    """All queues, the most urgent first."""

    queues: tuple[QueueStatusView, ...]


class PauseRequest(Model):
    """Why a queue is paused."""

    reason: SingleLine | None = None


class PauseResponse(Model):
    """A queue and its pause, null if it is not paused. It takes effect within 30 seconds."""

    priority: Priority
    pause: PauseView | None
