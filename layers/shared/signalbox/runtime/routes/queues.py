"""Build the routes of the queues and their dead letters."""

from signalbox.http.routes.dead_letters import add_dead_letters
from signalbox.http.routes.queue import add_queue
from signalbox.http.routing import Routes
from signalbox.runtime.routes.notifications import redeliver_notification
from signalbox.runtime.wiring import Wiring
from signalbox.services.queues.backlog import MeasureBacklog
from signalbox.services.queues.pause import PauseQueues
from signalbox.services.queues.queue_status import DescribeQueues
from signalbox.services.queues.redrive import ListDeadLetters, RedriveDeadLetters
from signalbox.services.tasks.update import RetryTask


def add_routes(routes: Routes, wired: Wiring) -> None:
    """Add the routes."""
    describe = describe_queues(wired)
    add_queue(routes, describe_queues=describe, pausing=describe.pausing)
    dead = ListDeadLetters(tasks=wired.tasks, notifications=wired.notifications)
    retry = RetryTask(tasks=wired.tasks, clock=wired.clock, wait=wired.await_tasks())
    redrive = RedriveDeadLetters(dead=dead, retry=retry, redeliver=redeliver_notification(wired))
    add_dead_letters(routes, browse=dead, redrive=redrive, cursors=wired.cursors)


def describe_queues(wired: Wiring) -> DescribeQueues:
    """Return what describes the queues."""
    return DescribeQueues(
        inspect=MeasureBacklog(queue=wired.queue, tasks=wired.tasks, clock=wired.clock),
        pausing=PauseQueues(config=wired.config, clock=wired.clock),
        tasks=wired.tasks,
        clock=wired.clock,
    )
