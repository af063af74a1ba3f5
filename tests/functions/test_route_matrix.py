"""Who may do what with whose things: every operation, every role, one's own, another's, nothing.

The table says it again, apart from the routes, so that no slip in a route goes unseen; a new route
without a row fails.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pytest
from pydantic import JsonValue

from signalbox.runtime.gateway import gateway
from tests.functions.crud import (
    ABSENT,
    ANOTHERS,
    OWN,
    Body,
    Thing,
    bare,
    connection,
    day,
    delivery,
    ended_task,
    held_task,
    incident,
    instance,
    key,
    nothing,
    notification,
    nowhere,
    priority,
    problem,
    role,
    schedule,
    service,
    service_route,
    source,
    subscription,
    task,
)
from tests.functions.system import Context, System, event, running

pytestmark = pytest.mark.untraced  # it repeats what others cover, and tracing slows it down

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
ROLES: Final = ("anonymous", "viewer", "worker", "operator", "admin")

ALL: Final = "viewer worker operator admin"
READERS: Final = "viewer operator admin"
WORKERS: Final = "worker admin"
OPERATORS: Final = "operator admin"
ADMINS: Final = "admin"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Who may, and what they are answered. Nobody else learns whether there is such a thing."""

    who: str
    own: int = 200
    anothers: int | None = None
    absent: int | None = None
    about: Thing = nothing
    body: Mapping[str, JsonValue] | None = None
    headers: Mapping[str, str] | None = None

    def allows(self, name: str) -> bool:
        return not self.who or name in self.who.split()

    def expected(self, name: str, whose: str) -> int:
        if not self.allows(name):
            return 401 if name == "anonymous" else 403
        if whose == ABSENT and self.absent:
            return self.absent
        return self.anothers or self.own if whose == ANOTHERS else self.own

    @property
    def kinds(self) -> tuple[str, ...]:
        return (OWN, ANOTHERS, ABSENT) if self.absent else (OWN,)


_ANY: Final = {"if-match": "*"}
_SECRETS: Final[Body] = {"secrets": ["https://hooks.slack.com/services/T1/B1/matrix"]}

TABLE: Final[Mapping[str, Row]] = {
    "GET /.well-known/oauth-protected-resource": Row(who="", own=404),
    "GET /.well-known/oauth-protected-resource/mcp": Row(who="", own=404),
    "GET /health": Row(who=""),
    "GET /ready": Row(who=""),
    "GET /openapi.json": Row(who=""),
    "GET /docs": Row(who=""),
    "GET /api/v1/asyncapi.json": Row(who=""),
    "GET /docs/style.css": Row(who=""),
    "GET /docs/swagger-ui.js": Row(who=""),
    "GET /docs/start.js": Row(who=""),
    "GET /problems/<slug>": Row(who="", about=problem, absent=404),
    "GET /metrics": Row(who=READERS),
    "GET /api/v1/metrics": Row(who=READERS),
    "GET /api/v1/metrics/history": Row(who=READERS),
    "GET /api/v1/overview": Row(who=READERS),
    "GET /api/v1/cost": Row(who=READERS),
    "POST /api/v1/realtime/tickets": Row(who=ALL, own=201),
    "POST /api/v1/sessions": Row(who=ALL, own=201),
    "GET /api/v1/sessions": Row(who=ADMINS),
    "DELETE /api/v1/sessions": Row(who=ALL),
    "GET /api/v1/sessions/issuers": Row(who=""),
    "GET /api/v1/sessions/login/<issuer>": Row(who="", about=nowhere, own=404),
    "GET /api/v1/sessions/callback": Row(who="", own=303),
    # by a key there is no session
    "GET /api/v1/sessions/current": Row(who=ALL, own=401),
    "DELETE /api/v1/sessions/current": Row(who=ALL, own=204),
    "GET /api/v1/tasks": Row(who=ALL),
    "POST /api/v1/tasks": Row(who=OPERATORS, own=201, body={"title": "Tidy up"}),
    "GET /api/v1/tasks/<task_id>": Row(who=ALL, about=task, absent=404),
    "PUT /api/v1/tasks/<task_id>": Row(
        who=OPERATORS, about=task, absent=404, body={"title": "Tidy up"}, headers=_ANY
    ),
    "PATCH /api/v1/tasks/<task_id>": Row(
        who=OPERATORS, about=task, absent=404, body={"priority": "low"}, headers=_ANY
    ),
    "DELETE /api/v1/tasks/<task_id>": Row(who=OPERATORS, about=task, absent=404, headers=_ANY),
    "POST /api/v1/tasks/<task_id>/cancel": Row(
        who=OPERATORS, body={"subtree": True}, about=task, absent=404
    ),
    "POST /api/v1/tasks/<task_id>/retry": Row(who=OPERATORS, about=ended_task, absent=404),
    "GET /api/v1/tasks/<task_id>/dependents": Row(who=ALL, about=task, absent=404),
    "GET /api/v1/tasks/<task_id>/changes": Row(who=ALL, about=task, absent=404),
    "GET /api/v1/tasks/<task_id>/logs": Row(who=ALL, about=task, absent=404),
    "POST /api/v1/tasks/<task_id>/logs": Row(
        who=WORKERS,
        about=held_task,
        anothers=409,
        absent=404,
        body={"lines": [{"seq": 1, "text": "begun"}]},
    ),
    "POST /api/v1/tasks/<task_id>/heartbeat": Row(
        who=WORKERS, about=held_task, anothers=409, absent=404
    ),
    "POST /api/v1/tasks/<task_id>/complete": Row(
        who=WORKERS, about=held_task, anothers=409, absent=404
    ),
    "POST /api/v1/tasks/<task_id>/fail": Row(
        who=WORKERS, about=held_task, anothers=409, absent=404, body={"reason": "no luck"}
    ),
    "POST /api/v1/tasks/<task_id>/release": Row(
        who=WORKERS, about=held_task, anothers=409, absent=404
    ),
    "POST /api/v1/queue/claim": Row(who=WORKERS, body={"worker": "w1"}),
    "GET /api/v1/queue": Row(who=ALL),
    "POST /api/v1/queue/<priority>/pause": Row(who=OPERATORS, about=priority, absent=422),
    "POST /api/v1/queue/<priority>/resume": Row(who=OPERATORS, about=priority, absent=422),
    "GET /api/v1/queue/dead-letters": Row(who=ALL),
    "POST /api/v1/notifications/redeliver?dry_run=true": Row(
        who=OPERATORS, body={"status": "dead"}
    ),
    "POST /api/v1/queue/redrive?dry_run=true": Row(who=OPERATORS, body={"kind": "task"}),
    "GET /api/v1/deliveries": Row(who=READERS),
    "GET /api/v1/deliveries/<delivery_id>": Row(who=READERS, about=delivery, absent=404),
    "GET /api/v1/deliveries/<delivery_id>/body": Row(who=OPERATORS, about=delivery, absent=404),
    "GET /api/v1/deliveries/<delivery_id>/explain": Row(who=READERS, about=delivery, absent=404),
    "POST /api/v1/deliveries/<delivery_id>/replay": Row(who=OPERATORS, about=delivery, absent=404),
    "GET /api/v1/explain?provider=github&key=<key>": Row(who=READERS, about=delivery, absent=404),
    "GET /api/v1/rejections": Row(who=READERS),
    "GET /api/v1/incidents": Row(who=READERS),
    "GET /api/v1/incidents/<incident_id>": Row(who=READERS, about=incident, absent=404),
    "GET /api/v1/notifications": Row(who=READERS),
    "GET /api/v1/tasks/<task_id>/notifications": Row(who=READERS, about=notification, absent=404),
    "GET /api/v1/tasks/<task_id>/notifications/<notification_id>": Row(
        who=READERS, about=notification, absent=404
    ),
    "POST /api/v1/tasks/<task_id>/notifications/<notification_id>/redeliver": Row(
        who=OPERATORS, own=202, about=notification, absent=404
    ),
    "POST /api/v1/tasks/<task_id>/approve": Row(who=OPERATORS, own=409, about=task, absent=404),
    "POST /api/v1/tasks/<task_id>/reject": Row(who=OPERATORS, own=409, about=task, absent=404),
    "POST /api/v1/notifications/preview": Row(who=OPERATORS, body={"template": "{{ title }}"}),
    "GET /api/v1/providers": Row(who=OPERATORS),
    "GET /api/v1/sources/<provider>/<name>/setup": Row(who=OPERATORS, about=source),
    "GET /api/v1/sources": Row(who=OPERATORS),
    "GET /api/v1/sources/<provider>/<name>": Row(who=OPERATORS, about=source, absent=404),
    "PUT /api/v1/sources/<provider>/<name>": Row(
        who=ADMINS, about=source, absent=412, headers=_ANY
    ),
    "DELETE /api/v1/sources/<provider>/<name>": Row(
        who=ADMINS, own=204, about=source, absent=404, headers=_ANY
    ),
    "PUT /api/v1/sources/<provider>/<name>/secret": Row(
        who=ADMINS, about=bare(source), absent=404, body=_SECRETS
    ),
    "PUT /api/v1/sources/<provider>/<name>/token": Row(
        who=ADMINS, about=bare(source), absent=404, body={"secrets": ["a-token"]}
    ),
    "GET /api/v1/connections": Row(who=OPERATORS),
    "GET /api/v1/connections/<connection_id>": Row(who=OPERATORS, about=connection, absent=404),
    "PUT /api/v1/connections/<connection_id>": Row(
        who=ADMINS, about=connection, absent=412, headers=_ANY
    ),
    "DELETE /api/v1/connections/<connection_id>": Row(
        who=ADMINS, own=204, about=connection, absent=404, headers=_ANY
    ),
    "PUT /api/v1/connections/<connection_id>/secret": Row(
        who=ADMINS, about=bare(connection), absent=404, body=_SECRETS
    ),
    "POST /api/v1/connections/<connection_id>/test": Row(
        who=ADMINS, own=202, about=bare(connection), absent=404
    ),
    "GET /api/v1/services": Row(who=OPERATORS),
    "GET /api/v1/services/<name>": Row(who=OPERATORS, about=service, absent=404),
    "PUT /api/v1/services/<name>": Row(who=ADMINS, about=service, absent=412, headers=_ANY),
    "DELETE /api/v1/services/<name>": Row(
        who=ADMINS, own=204, about=service, absent=404, headers=_ANY
    ),
    "GET /api/v1/services/<name>/instances": Row(who=OPERATORS, about=service, absent=404),
    "PUT /api/v1/services/<name>/instances/<instance_id>": Row(
        who=ADMINS, about=instance, absent=404
    ),
    "DELETE /api/v1/services/<name>/instances/<instance_id>": Row(
        who=ADMINS, own=204, about=instance, absent=404
    ),
    "GET /api/v1/routes": Row(who=OPERATORS),
    "GET /api/v1/routes/<route_id>": Row(who=OPERATORS, about=service_route, absent=404),
    "PUT /api/v1/routes/<route_id>": Row(who=ADMINS, about=service_route, absent=412, headers=_ANY),
    "DELETE /api/v1/routes/<route_id>": Row(
        who=ADMINS, own=204, about=service_route, absent=404, headers=_ANY
    ),
    "GET /api/v1/schedules": Row(who=OPERATORS),
    "GET /api/v1/schedules/<name>": Row(who=OPERATORS, about=schedule, absent=404),
    "PUT /api/v1/schedules/<name>": Row(who=ADMINS, about=schedule, absent=412, headers=_ANY),
    "DELETE /api/v1/schedules/<name>": Row(
        who=ADMINS, own=204, about=schedule, absent=404, headers=_ANY
    ),
    "GET /api/v1/schedules/<name>/runs": Row(who=OPERATORS, about=schedule, absent=404),
    "POST /api/v1/schedules/<name>/pause": Row(who=ADMINS, about=bare(schedule), absent=404),
    "POST /api/v1/schedules/<name>/resume": Row(who=ADMINS, about=bare(schedule), absent=404),
    "POST /api/v1/schedules/<name>/run": Row(
        who=OPERATORS, own=201, about=bare(schedule), absent=404
    ),
    "GET /api/v1/subscriptions": Row(who=OPERATORS),
    "GET /api/v1/subscriptions/<subscription_id>": Row(
        who=OPERATORS, about=subscription, absent=404
    ),
    "PUT /api/v1/subscriptions/<subscription_id>": Row(
        who=ADMINS, about=subscription, absent=412, headers=_ANY
    ),
    "DELETE /api/v1/subscriptions/<subscription_id>": Row(
        who=ADMINS, own=204, about=subscription, absent=404, headers=_ANY
    ),
    "GET /api/v1/keys": Row(who=ADMINS),
    "POST /api/v1/keys": Row(who=ADMINS, own=201, body={"name": "ci", "roles": ["viewer"]}),
    "GET /api/v1/keys/<key_id>": Row(who=ADMINS, about=key, absent=404),
    "PATCH /api/v1/keys/<key_id>": Row(
        who=ADMINS, about=key, absent=404, body={"name": "renamed"}, headers=_ANY
    ),
    "DELETE /api/v1/keys/<key_id>": Row(who=ADMINS, about=key, absent=404),
    "GET /api/v1/roles": Row(who=ADMINS),
    "GET /api/v1/roles/<name>": Row(who=ADMINS, about=role, absent=404),
    "PUT /api/v1/roles/<name>": Row(who=ADMINS, about=role, absent=412, headers=_ANY),
    "DELETE /api/v1/roles/<name>": Row(who=ADMINS, own=204, about=role, absent=404, headers=_ANY),
    "GET /api/v1/audit": Row(who=ADMINS),
    "GET /api/v1/audit/<day>/verify": Row(who=ADMINS, about=day, absent=404),
}


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running() as system:
        yield system


@pytest.fixture(scope="module")
def keys(system: System) -> Mapping[str, str | None]:
    return {name: None if name == "anonymous" else system.key(name) for name in ROLES}


def test_every_operation_has_a_row(system: System) -> None:
    operations = {f"{route.method} {route.path}" for route in system.api.routes.all}

    assert {name.partition("?")[0] for name in TABLE} == operations


@pytest.mark.parametrize("operation", TABLE)
def test_an_operation_does_for_each_what_its_row_says_and_tells_nobody_else_what_is_there(
    system: System, keys: Mapping[str, str | None], operation: str
) -> None:
    row = TABLE[operation]
    method, _, path = operation.partition(" ")
    expected, answered = {}, {}
    details: dict[str, set[str]] = {}

    for name in ROLES:
        for whose in row.kinds:
            found = row.about(system, whose)
            sent = {**(found.body or {}), **(row.body or {})} if method in WITH_BODY else {}
            answer = system.ask(
                method, found.fill(path), sent or None, key=keys[name], headers=row.headers
            )
            expected[name, whose] = row.expected(name, whose)
            answered[name, whose] = answer.status
            if not row.allows(name):
                details.setdefault(name, set()).add(str(answer.json_body["detail"]))

    assert answered == expected
    assert all(len(response) == 1 for response in details.values()), details


GATEWAY: Final[Mapping[str, Row]] = {
    "GET /api/gateway/status": Row(who=READERS),
    "GET /api/gateway/services": Row(who=OPERATORS),
    "GET /api/gateway/jwks.json": Row(who=""),
    "POST /api/gateway/status": Row(who=READERS, own=405),
    "DELETE /api/gateway/services": Row(who=OPERATORS, own=405),
    "GET /api/gateway/nothing": Row(who="", own=404),
}
"""What the function of the gateway answers of itself; a service is never reached."""


@pytest.mark.parametrize("operation", GATEWAY)
def test_every_own_path_of_the_gateway_answers_whoever_may(
    system: System, keys: Mapping[str, str | None], operation: str
) -> None:
    row, handler = GATEWAY[operation], gateway(system.wiring)
    method, _, path = operation.partition(" ")

    answered = {}
    for name in ROLES:
        key_of = keys[name]
        headers = {"host": "api.example.com"} | ({"x-api-key": key_of} if key_of else {})
        answered[name] = handler(event(method, path, headers, b""), Context())["statusCode"]

    assert answered == {name: row.expected(name, OWN) for name in ROLES}
