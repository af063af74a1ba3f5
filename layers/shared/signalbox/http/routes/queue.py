"""What waits in the queues."""

from aws_lambda_powertools.event_handler import Response

from signalbox.http.routing import Route, Routes, said
from signalbox.models.base import Model
from signalbox.models.principal import Scope
from signalbox.models.task import Priority
from signalbox.services.queues import InspectQueues


class QueueView(Model):
    """One queue. Counts are SQS's own and approximate.

    `oldest_seconds` is the age of the task that has waited longest, null where none waits.
    """

    priority: Priority
    waiting: int
    in_flight: int
    delayed: int
    dead_letters: int
    oldest_seconds: int | None


class QueuesView(Model):
    """All queues, the most urgent first."""

    queues: tuple[QueueView, ...]


def add_queue(routes: Routes, *, inspect: InspectQueues) -> None:
    """Adds the routes."""

    @routes.add(
        Route(
            method="GET",
            path="/api/v1/queue",
            scope=Scope.QUEUE_READ,
            tag="queue",
            summary="Depth, in flight, oldest age and dead letters for each priority",
            answers=QueuesView,
        )
    )
    def queues() -> Response[str]:
        rows = (
            QueueView(
                priority=state.priority,
                waiting=state.depth.waiting,
                in_flight=state.depth.in_flight,
                delayed=state.depth.delayed,
                dead_letters=state.depth.dead_letters,
                oldest_seconds=state.oldest_seconds,
            )
            for state in inspect()
        )
        return said(QueuesView(queues=tuple(rows)))
