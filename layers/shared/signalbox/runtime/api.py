"""Build the handler of the API."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Final

from signalbox.auth.rate_limit_lots import RateLimitLots
from signalbox.aws.dynamo_table import Table
from signalbox.http.api import ApiHandler, router
from signalbox.http.audit import AuditTrail
from signalbox.http.authorize import Authenticate
from signalbox.http.cors import CorsPolicy
from signalbox.http.problems import error_fields
from signalbox.http.routes.health import add_health
from signalbox.http.routes.logs import add_logs
from signalbox.http.routes.task_changes import add_dependents, add_task_changes
from signalbox.http.routes.tasks import add_tasks
from signalbox.http.routes.work import add_work
from signalbox.http.routing import MCP, Routes
from signalbox.runtime.auth import authorizer, rate_limiter
from signalbox.runtime.environment import process_environment
from signalbox.runtime.mcp import mcp_mount
from signalbox.runtime.sessions import session_authenticator
from signalbox.runtime.telemetry import count, exported, logger
from signalbox.runtime.version import VERSION
from signalbox.runtime.wiring import Wiring
from signalbox.services.audit import RecordAudit
from signalbox.services.queues.pause import PauseQueues
from signalbox.services.tasks.cancel_subtree import CancelSubtree
from signalbox.services.tasks.claim import ClaimTask
from signalbox.services.tasks.claim_next import ClaimNext
from signalbox.services.tasks.create import CreateTask
from signalbox.services.tasks.dependencies import ListDependents
from signalbox.services.tasks.leases import ManageLease
from signalbox.services.tasks.list_tasks import ListTasks
from signalbox.services.tasks.logs import AppendLog, FollowLog, ReadLog
from signalbox.services.tasks.update import ApproveTask, CancelTask, RetryTask, UpdateTask

_LATER: Final[Mapping[str, tuple[str, ...]]] = {
    "access": ("keys", "roles"),
    "audit": ("audit",),
    "config": (
        "connections",
        "providers",
        "routes",
        "schedules",
        "services",
        "sources",
        "subscriptions",
    ),
    "deliveries": ("deliveries", "explain", "rejections"),
    "docs": (
        ".well-known",
        "asyncapi.json",
        "docs",
        "openapi.json",
        "problems",
        "webhooks",
    ),
    "metrics": ("cost", "incidents", "metrics", "overview"),
    "notifications": ("notifications", "tasks"),
    "queues": ("queue",),
    "realtime": ("realtime",),
}
"""The modules of signalbox.runtime.routes, each with the resources whose routes it adds.

They take a third of the start of a function, and workers need none of them. A module is imported by
the first request for one of its routes.
"""

_ON_DEMAND: Final = "on-demand"
"""The type of initialization during which a caller waits."""

ReadinessCheck = Callable[[], object]


def api(wiring: Wiring | None = None) -> ApiHandler:
    """Return the handler."""
    wired = wiring or Wiring()
    routes = Routes(resolver=router())
    add_health(routes, version=VERSION, clock=wired.clock, checks=readiness_checks(wired))
    _add_all_of_tasks(routes, wired)
    holding = ManageLease(
        tasks=wired.tasks, queue=wired.queue, clock=wired.clock, random=wired.random
    )
    claiming = ClaimTask(
        tasks=wired.tasks,
        queue=wired.queue,
        clock=wired.clock,
        random=wired.random,
        paused=PauseQueues(config=wired.config, clock=wired.clock).paused,
        sleep=wired.sleep,
        limits=wired.concurrency_limits,
        slots=lambda: wired.task_slots,
    )
    add_work(
        routes,
        claim_next=ClaimNext(claim=claiming, failed=_report_failed_claim),
        leases=holding,
    )
    for module, resources in _LATER.items():
        routes.add_later(resources, partial(_add_later, module, routes, wired))
    routes.add_external("POST", MCP)
    admit = authorizer(
        wired,
        rate_limiter(wired, lambda stored: RateLimitLots(buckets=stored)),
        session_authenticator(wired),
    )
    log = logger()
    record = RecordAudit(store=wired.audit, clock=wired.clock, random=wired.random)
    trail = AuditTrail(record=record, clock=wired.clock, logger=log, count=count)
    routes.add_later(("sessions",), partial(_add_logins, routes, wired, admit.tokens, trail))
    if process_environment().get("AWS_LAMBDA_INITIALIZATION_TYPE", _ON_DEMAND) != _ON_DEMAND:
        routes.load()
    handler = ApiHandler(
        routes=routes,
        admit=admit,
        cors=CorsPolicy(origins=wired.settings.cors),
        audit_trail=trail,
        limit=wired.settings.max_body_bytes,
        logger=log,
        mounts={MCP: mcp_mount(routes, wired)},
    )
    return exported(handler, "http", wired.telemetry_headers)


def _report_failed_claim(error: Exception) -> None:
    logger().error("the next task was not claimed", extra=error_fields(error))


def _add_later(module: str, routes: Routes, wired: Wiring) -> None:
    import_module(f"signalbox.runtime.routes.{module}").add_routes(routes, wired)


def _add_logins(
    routes: Routes, wired: Wiring, authenticate: Authenticate, audit_trail: AuditTrail
) -> None:
    from signalbox.runtime.routes.sessions import add_logins  # noqa: PLC0415  as those of _LATER

    add_logins(routes, wired, authenticate=authenticate, audit_trail=audit_trail)


def _add_all_of_tasks(routes: Routes, wired: Wiring) -> None:
    tasks, logs, clock = wired.tasks, wired.logs, wired.clock
    wait = wired.await_tasks()
    add_tasks(
        routes,
        create=CreateTask(
            tasks=tasks,
            clock=clock,
            retention=wired.settings.retention,
            wait=wait,
        ),
        browse=ListTasks(tasks=tasks, clock=clock),
        store=tasks,
        cursors=wired.cursors,
    )
    add_task_changes(
        routes,
        edit=UpdateTask(tasks=tasks, clock=clock),
        cancel=CancelTask(tasks=tasks, clock=clock),
        cancel_subtree=CancelSubtree(tasks=tasks, index=wired.dependents, clock=clock),
        retry=RetryTask(tasks=tasks, clock=clock, wait=wait),
        approve=ApproveTask(tasks=tasks, clock=clock),
        store=tasks,
        stack=wired.settings.stack,
    )
    add_dependents(routes, ListDependents(tasks=tasks, index=wired.dependents))
    add_logs(
        routes,
        append=AppendLog(tasks=tasks, logs=logs, clock=clock),
        read=ReadLog(tasks=tasks, logs=logs),
        follow=FollowLog(tasks=tasks, logs=logs, clock=clock, sleep=wired.sleep),
    )


def readiness_checks(wired: Wiring) -> dict[str, ReadinessCheck]:
    """Return what calls each table and the queues; each raises Unavailable without an answer."""

    def reads(table: Table, *names: str) -> ReadinessCheck:
        return lambda: table.get({name: {"S": "ready"} for name in names}, consistent=False)

    return {
        "tasks": reads(wired.tasks_table, "pk", "sk"),
        "config": reads(wired.config_table, "pk", "sk"),
        "deliveries": reads(wired.deliveries_table, "pk"),
        "state": reads(wired.state_table, "pk"),
        "audit": reads(wired.audit.table, "pk", "sk"),
        "queues": wired.queue.depths,
        "connectors": wired.notification_queue.reach,
    }
