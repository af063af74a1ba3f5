"""The task queues: status, pause and resume."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.queue import (
    PauseRequest,
    PauseResponse,
    PauseView,
    QueueListView,
    QueueStatusView,
    QueueView,
)
from signalbox.models.pause import Pause
from signalbox.models.principal import Scope
from signalbox.models.task import Priority
from signalbox.services.queues.backlog import QueueBacklog
from signalbox.services.queues.pause import PauseQueues
from signalbox.services.queues.queue_status import DescribeQueues, QueueStatus

_NO_REASON = PauseRequest()


def add_queue(routes: Routes, *, describe_queues: DescribeQueues, pausing: PauseQueues) -> None:
    """Add the routes."""

    @routes.add(
        Route(
            method="GET",
            path="/api/v1/queue",
            scope=Scope.QUEUE_READ,
            tag="queue",
            summary="Get depth, age, dead letters and pause of each queue",
            response_model=QueueListView,
        )
    )
    def queues() -> Response[str]:
        return json_response(
            QueueListView(queues=tuple(queue_status_view(each) for each in describe_queues()))
        )

    @routes.add(_pausing("pause", "Pause a queue: hand out no tasks until it is resumed"))
    def pause_queue(
        priority: Annotated[Priority, Path()], body: Annotated[PauseRequest, Body()] = _NO_REASON
    ) -> Response[str]:
        pause = pausing.pause(priority, by=routes.call().caller.name, reason=body.reason)
        return json_response(PauseResponse(priority=priority, pause=_pause(pause)))

    @routes.add(_pausing("resume", "Give tasks from a queue again"))
    def resume_queue(priority: Annotated[Priority, Path()]) -> Response[str]:
        pausing.resume(priority)
        return json_response(PauseResponse(priority=priority, pause=None))


def _pausing(verb: str, summary: str) -> Route:
    return Route(
        method="POST",
        path=f"/api/v1/queue/<priority>/{verb}",
        scope=Scope.QUEUE_WRITE,
        tag="queue",
        summary=summary,
        response_model=PauseResponse,
        problems=(404, 422),
    )


def queue_status_view(status: QueueStatus) -> QueueStatusView:
    """Return the status of a queue as clients see it."""
    return QueueStatusView(
        **queue_view(status.backlog).__dict__,
        pause=_pause(status.pause) if status.pause else None,
        drain_seconds=status.drain_seconds,
    )


def _pause(pause: Pause) -> PauseView:
    return PauseView(at=pause.at, by=pause.by, reason=pause.reason)


def queue_view(state: QueueBacklog) -> QueueView:
    """Return a queue as clients see it."""
    return QueueView(
        priority=state.priority,
        waiting=state.depth.waiting,
        in_flight=state.depth.in_flight,
        delayed=state.depth.delayed,
        dead_letters=state.depth.dead_letters,
        oldest_seconds=state.oldest_seconds,
    )
