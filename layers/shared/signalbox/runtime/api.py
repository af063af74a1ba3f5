"""Builds the handler of the API."""

from collections.abc import Callable
from typing import Final

from signalbox.auth.cursors import Cursors
from signalbox.auth.keys import ApiKeys
from signalbox.aws.dynamo import Table
from signalbox.http.api import Api, router
from signalbox.http.routes.health import add_health
from signalbox.http.routes.queue import add_queue
from signalbox.http.routes.tasks import add_tasks
from signalbox.http.routes.work import add_work
from signalbox.http.routing import Routes
from signalbox.runtime.telemetry import logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.browse import ListTasks
from signalbox.services.claim import ClaimTask
from signalbox.services.create import CreateTask
from signalbox.services.hold import HoldTask
from signalbox.services.queues import InspectQueues

VERSION: Final = "0.1.0"

Check = Callable[[], object]


def api(wiring: Wiring | None = None) -> Api:
    """The handler."""
    wired = wiring or Wiring()
    routes = Routes(resolver=router())
    add_health(routes, version=VERSION, checks=_checks(wired))
    add_tasks(
        routes,
        create=CreateTask(tasks=wired.tasks, clock=wired.clock, retention=wired.settings.retention),
        browse=ListTasks(tasks=wired.tasks),
        store=wired.tasks,
        cursors=Cursors(keys=wired.cursor_keys, clock=wired.clock),
    )
    holding = HoldTask(tasks=wired.tasks, queue=wired.queue, clock=wired.clock, random=wired.random)
    claiming = ClaimTask(
        tasks=wired.tasks, queue=wired.queue, clock=wired.clock, random=wired.random
    )
    add_work(routes, claim=claiming, hold=holding)
    add_queue(
        routes,
        inspect=InspectQueues(queue=wired.queue, tasks=wired.tasks, clock=wired.clock),
    )
    keys = ApiKeys(store=wired.keys, clock=wired.clock, environment=wired.settings.key_environment)
    return Api(
        routes=routes,
        authenticate=keys.authenticate,
        limit=wired.settings.max_body_bytes,
        logger=logger(),
    )


def _checks(wired: Wiring) -> dict[str, Check]:
    def reads(table: Table, *names: str) -> Check:
        return lambda: table.get({name: {"S": "ready"} for name in names}, consistent=False)

    return {
        "tasks": reads(wired.tasks_table, "pk", "sk"),
        "config": reads(wired.config_table, "pk", "sk"),
        "deliveries": reads(wired.deliveries_table, "pk"),
        "state": reads(wired.state_table, "pk"),
        "queues": wired.queue.depths,
    }
