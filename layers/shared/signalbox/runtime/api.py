"""Builds the handler of the API."""

from collections.abc import Callable
from typing import Final

from signalbox.auth.cursors import Cursors
from signalbox.aws.dynamo import Table
from signalbox.http.api import Api, router
from signalbox.http.cors import Cors
from signalbox.http.openapi import described
from signalbox.http.openapi_webhooks import webhook_routes
from signalbox.http.routes.audit import add_audit
from signalbox.http.routes.docs import add_docs
from signalbox.http.routes.health import add_health
from signalbox.http.routes.logs import add_logs
from signalbox.http.routes.metrics import add_metrics
from signalbox.http.routes.task_changes import add_task_changes
from signalbox.http.routes.tasks import add_tasks
from signalbox.http.routes.work import add_work
from signalbox.http.routing import Routes
from signalbox.http.trail import Trail
from signalbox.runtime.admission import admission
from signalbox.runtime.counting import counting
from signalbox.runtime.operators import add_operators
from signalbox.runtime.registry import providers
from signalbox.runtime.telemetry import count, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.audit import ListAudit, RecordAudit, VerifyAudit
from signalbox.services.browse import ListTasks
from signalbox.services.circuits import ReadCircuits
from signalbox.services.claim import ClaimTask
from signalbox.services.create import CreateTask
from signalbox.services.edit import CancelTask, EditTask, RetryTask
from signalbox.services.hold import HoldTask
from signalbox.services.logs import AppendLog, FollowLog, ReadLog
from signalbox.services.metrics import ReadMetrics
from signalbox.services.pausing import PauseQueues
from signalbox.services.queues import InspectQueues

VERSION: Final = "0.1.0"
_MAY_COUNT_FOR: Final = 2.0

Check = Callable[[], object]


def api(wiring: Wiring | None = None) -> Api:
    """The handler."""
    wired = wiring or Wiring()
    routes = Routes(resolver=router())
    add_health(routes, version=VERSION, checks=_checks(wired))
    _add_all_of_tasks(routes, wired)
    holding = HoldTask(tasks=wired.tasks, queue=wired.queue, clock=wired.clock, random=wired.random)
    claiming = ClaimTask(
        tasks=wired.tasks,
        queue=wired.queue,
        clock=wired.clock,
        random=wired.random,
        paused=PauseQueues(config=wired.config, clock=wired.clock).paused,
        sleep=wired.sleep,
    )
    add_work(routes, claim=claiming, hold=holding)
    inspect = InspectQueues(queue=wired.queue, tasks=wired.tasks, clock=wired.clock)
    add_operators(routes, wired, inspect)
    figures = ReadMetrics(
        count=counting(wired),
        inspect=inspect,
        circuits=ReadCircuits(config=wired.config, store=wired.circuits),
    )
    add_metrics(routes, read=figures, may_count_for=_MAY_COUNT_FOR)
    add_audit(
        routes,
        browse=ListAudit(store=wired.audit, clock=wired.clock),
        verify=VerifyAudit(store=wired.audit),
        cursors=Cursors(keys=wired.cursor_keys, clock=wired.clock),
        clock=wired.clock,
    )
    _add_docs(routes)
    log = logger()
    record = RecordAudit(store=wired.audit, clock=wired.clock, random=wired.random)
    return Api(
        routes=routes,
        admit=admission(wired),
        cors=Cors(origins=wired.settings.cors),
        trail=Trail(record=record, clock=wired.clock, logger=log, count=count),
        limit=wired.settings.max_body_bytes,
        logger=log,
    )


def _add_docs(routes: Routes) -> None:
    for provider in providers():
        for path in webhook_routes(provider):
            routes.leave("POST", path)

    def describe(base_path: str) -> str:
        signed = {name: make().signature_header for name, make in providers().items()}
        return described(routes, version=VERSION, signed=signed, base_path=base_path)

    add_docs(routes, describe=describe)


def _add_all_of_tasks(routes: Routes, wired: Wiring) -> None:
    tasks, logs, clock = wired.tasks, wired.logs, wired.clock
    add_tasks(
        routes,
        create=CreateTask(tasks=tasks, clock=clock, retention=wired.settings.retention),
        browse=ListTasks(tasks=tasks, clock=clock),
        store=tasks,
        cursors=Cursors(keys=wired.cursor_keys, clock=clock),
    )
    add_task_changes(
        routes,
        edit=EditTask(tasks=tasks, clock=clock),
        cancel=CancelTask(tasks=tasks, clock=clock),
        retry=RetryTask(tasks=tasks, clock=clock),
        store=tasks,
        stack=wired.settings.stack,
    )
    add_logs(
        routes,
        append=AppendLog(tasks=tasks, logs=logs, clock=clock),
        read=ReadLog(tasks=tasks, logs=logs),
        follow=FollowLog(tasks=tasks, logs=logs, clock=clock, sleep=wired.sleep),
    )


def _checks(wired: Wiring) -> dict[str, Check]:
    def reads(table: Table, *names: str) -> Check:
        return lambda: table.get({name: {"S": "ready"} for name in names}, consistent=False)

    return {
        "tasks": reads(wired.tasks_table, "pk", "sk"),
        "config": reads(wired.config_table, "pk", "sk"),
        "deliveries": reads(wired.deliveries_table, "pk"),
        "state": reads(wired.state_table, "pk"),
        "audit": reads(wired.audit.table, "pk", "sk"),
        "queues": wired.queue.depths,
        "connectors": wired.notices.reach,
    }
