"""Build the handler of the API."""

from collections.abc import Callable

from signalbox.auth.cursors import Cursors
from signalbox.auth.rate_limit_lots import RateLimitLots
from signalbox.aws.dynamo_table import Table
from signalbox.aws.request_counters import DynamoRequestCounters
from signalbox.http.api import ApiHandler, router
from signalbox.http.audit import AuditTrail
from signalbox.http.cors import CorsPolicy
from signalbox.http.openapi import openapi_document
from signalbox.http.openapi_webhooks import webhook_routes
from signalbox.http.problems import error_fields
from signalbox.http.routes.audit import add_audit
from signalbox.http.routes.docs import add_docs
from signalbox.http.routes.health import add_health
from signalbox.http.routes.logs import add_logs
from signalbox.http.routes.metrics import add_metrics
from signalbox.http.routes.protected_resource import add_protected_resource
from signalbox.http.routes.realtime import add_realtime
from signalbox.http.routes.task_changes import add_dependents, add_task_changes
from signalbox.http.routes.tasks import add_tasks
from signalbox.http.routes.work import add_work
from signalbox.http.routing import MCP, Routes
from signalbox.runtime.auth import authorizer, rate_limiter
from signalbox.runtime.counters import MAX_COUNT_SECONDS, count_changes
from signalbox.runtime.mcp import issuer_urls, mcp_mount
from signalbox.runtime.operator_routes import add_operators
from signalbox.runtime.registry import providers
from signalbox.runtime.sessions import add_logins, session_authenticator
from signalbox.runtime.telemetry import count, exported, logger
from signalbox.runtime.tickets import ticket_manager
from signalbox.runtime.version import VERSION
from signalbox.runtime.wiring import Wiring
from signalbox.services.audit import ListAudit, RecordAudit, VerifyAudit
from signalbox.services.deliveries.redelivery import ReadRedelivery
from signalbox.services.gateway.read_request_metrics import ReadRequestMetrics
from signalbox.services.metrics import ReadMetrics
from signalbox.services.notifications.circuits import ReadCircuits
from signalbox.services.queues.backlog import MeasureBacklog
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
    inspect = MeasureBacklog(queue=wired.queue, tasks=wired.tasks, clock=wired.clock)
    changes = count_changes(wired)
    add_operators(routes, wired, inspect=inspect, count=changes)
    figures = ReadMetrics(
        count=changes,
        inspect=inspect,
        circuits=ReadCircuits(config=wired.config, store=wired.circuits),
        redelivery=ReadRedelivery(config=wired.config, store=wired.redelivery),
        deliveries=wired.deliveries,
        services=ReadRequestMetrics(
            config=wired.config,
            counters=DynamoRequestCounters(table=wired.state_table, clock=wired.clock),
            health=wired.instance_health,
            clock=wired.clock,
        ),
    )
    add_metrics(routes, read=figures, providers=providers(), count_seconds=MAX_COUNT_SECONDS)
    add_realtime(routes, tickets=ticket_manager(wired), url=wired.settings.websocket_url)
    add_audit(
        routes,
        browse=ListAudit(store=wired.audit, clock=wired.clock),
        verify=VerifyAudit(store=wired.audit),
        cursors=Cursors(keys=wired.cursor_keys, clock=wired.clock),
        clock=wired.clock,
    )
    _add_docs(routes, wired.settings.websocket_url)
    add_protected_resource(routes, issuers=lambda: issuer_urls(wired))
    routes.add_external("POST", MCP)
    admit = authorizer(
        wired,
        rate_limiter(wired, lambda stored: RateLimitLots(buckets=stored)),
        session_authenticator(wired),
    )
    log = logger()
    record = RecordAudit(store=wired.audit, clock=wired.clock, random=wired.random)
    trail = AuditTrail(record=record, clock=wired.clock, logger=log, count=count)
    add_logins(routes, wired, authenticate=admit.tokens, audit_trail=trail)
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


def _add_docs(routes: Routes, websocket_url: str) -> None:
    for provider in providers():
        for path in webhook_routes(provider):
            routes.add_external("POST", path)

    def describe(base_path: str) -> str:
        signed = {name: make().signature_header for name, make in providers().items()}
        return openapi_document(routes, version=VERSION, signed=signed, base_path=base_path)

    def describe_events(api_url: str) -> str:
        from signalbox.http.asyncapi import asyncapi_document  # noqa: PLC0415  rarely needed

        return asyncapi_document(version=VERSION, websocket_url=websocket_url, api_url=api_url)

    add_docs(routes, describe=describe, describe_events=describe_events)


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
        cursors=Cursors(keys=wired.cursor_keys, clock=clock),
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
