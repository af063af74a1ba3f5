"""Things that a request may be about: the caller's own, another's, or none at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final

from pydantic import JsonValue

from signalbox.auth.api_keys import new_key
from signalbox.aws.incidents import DynamoIncidents
from signalbox.aws.registrations import DynamoRegistrations
from signalbox.models.connection import Connection
from signalbox.models.ids import ConnectionId, LeaseId, SubscriptionId, TaskId, delivery_id
from signalbox.models.incident import Incident
from signalbox.models.lifecycle import cancelled, leased
from signalbox.models.notification import refused
from signalbox.models.principal import Role, Scope
from signalbox.models.registration import new_registration
from signalbox.models.subscription import Subscription
from signalbox.runtime.wiring import Wiring
from tests.builders import (
    a_delivery,
    a_lease,
    a_notification,
    a_route,
    a_schedule,
    a_service,
    a_source,
    a_task,
    an_incident,
    an_instance,
)
from tests.functions.system import System

OWN: Final = "own"
ANOTHERS: Final = "another's"
ABSENT: Final = "absent"

Body = dict[str, JsonValue]

_numbers = count(1)


@dataclass(frozen=True)
class Found:
    """What a row asks about: words for its path, members for its body."""

    words: Mapping[str, str]
    body: Mapping[str, JsonValue] | None = None

    def fill(self, path: str) -> str:
        for word, value in self.words.items():
            path = path.replace(f"<{word}>", value)
        return path


Thing = Callable[[System, str], Found]


def nothing(_: System, __: str) -> Found:
    return Found({})


def nowhere(_: System, __: str) -> Found:
    return Found({"issuer": "nowhere"})


def task(system: System, whose: str) -> Found:
    made = a_task(author=whose)
    if whose != ABSENT:
        system.wiring.tasks.create(made)
    return Found({"task_id": made.id})


def ended_task(system: System, whose: str) -> Found:
    found = task(system, whose)
    if whose != ABSENT:
        before = system.wiring.tasks.get(TaskId(found.words["task_id"]))
        system.wiring.tasks.replace(before, cancelled(before, None, system.clock(), "somebody"))
    return found


def held_task(system: System, whose: str) -> Found:
    """A task in the caller's hands, or in those of another worker."""
    found = task(system, whose)
    lease: Body = {"lease_id": "lse_mine", "fence": 1}
    if whose != ABSENT:
        before = system.wiring.tasks.get(TaskId(found.words["task_id"]))
        holder = LeaseId("lse_mine" if whose == OWN else "lse_anothers")
        until = system.clock.advance(seconds=1).replace(year=2_100)
        held = leased(before, a_lease(id=holder, expires_at=until), system.clock())
        system.wiring.tasks.replace(before, held)
    return Found(found.words, lease)


def delivery(system: System, whose: str) -> Found:
    key_ = f"d-{next(_numbers)}"
    made = a_delivery(id=delivery_id("github", "default", key_), key=key_)
    if whose != ABSENT:
        system.wiring.deliveries.create(made, b"{}")
    return Found({"delivery_id": made.id, "key": made.key})


def notification(system: System, whose: str) -> Found:
    connection(system, OWN)
    made = refused(a_notification(), "no", system.clock())
    if whose != ABSENT:
        system.wiring.notifications.create(made)
    return Found({"task_id": made.task_id, "notification_id": made.id})


def incident(system: System, whose: str) -> Found:
    made = an_incident(id=f"inc_{next(_numbers)}")
    if whose != ABSENT:
        store_incidents(system.wiring, made)
    return Found({"incident_id": made.id})


def store_incidents(wired: Wiring, *incidents: Incident) -> None:
    """Store incidents beside those that are stored."""
    store = DynamoIncidents(table=wired.state_table, clock=wired.clock)
    before = store.get()
    update = {"version": before.version + 1, "incidents": (*before.incidents, *incidents)}
    store.replace(before, before.model_copy(update=update))


def connection(system: System, whose: str) -> Found:
    name = f"team-{next(_numbers)}"
    made = Connection(id=ConnectionId(name), connector="slack")
    if whose != ABSENT:
        system.wiring.config.put(made)
    return Found({"connection_id": name}, {"id": name, "connector": "slack"})


def subscription(system: System, whose: str) -> Found:
    target = connection(system, OWN).words["connection_id"]
    name = SubscriptionId(f"all-{next(_numbers)}")
    if whose != ABSENT:
        system.wiring.config.put(Subscription(id=name, connection=ConnectionId(target)))
    return Found({"subscription_id": name}, {"id": name, "connection": target})


def schedule(system: System, whose: str) -> Found:
    made = a_schedule(name=f"schedule-{next(_numbers)}")
    if whose != ABSENT:
        system.wiring.config.put(made)
    body: Body = {"name": made.name, "cron": "0 7 * * *", "task": {"title": "Report"}}
    return Found({"name": made.name}, body)


def source(system: System, whose: str) -> Found:
    name = f"source-{next(_numbers)}"
    if whose != ABSENT:
        system.wiring.config.put(a_source(name=name))
    return Found({"provider": "github", "name": name}, {"provider": "github", "name": name})


def service(system: System, whose: str) -> Found:
    name = f"service-{next(_numbers)}"
    if whose != ABSENT:
        system.wiring.config.put(a_service(name=name))
    instance: Body = {"id": "a", "url": "https://a.example.com"}
    return Found({"name": name}, {"name": name, "instances": [instance]})


def instance(system: System, whose: str) -> Found:
    """An instance that registered itself at a service."""
    name = f"service-{next(_numbers)}"
    url = "https://i.example.com"
    if whose != ABSENT:
        system.wiring.config.put(a_service(name=name, self_registration=True))
        made = new_registration(an_instance(id="i", url=url), 60, system.clock())
        DynamoRegistrations(table=system.wiring.state_table).replace(name, None, made)
    return Found({"name": name, "instance_id": "i"}, {"url": url})


def service_route(system: System, whose: str) -> Found:
    target = service(system, OWN).words["name"]
    name = f"route-{next(_numbers)}"
    if whose != ABSENT:
        system.wiring.config.put(a_route(id=name, path=f"/api/{name}", service=target))
    return Found({"route_id": name}, {"id": name, "path": f"/api/{name}", "service": target})


def role(system: System, whose: str) -> Found:
    name = f"role-{next(_numbers)}"
    if whose != ABSENT:
        system.wiring.config.put(Role(name=name, scopes=(Scope.TASKS_READ,)))
    return Found({"name": name}, {"name": name, "scopes": ["tasks:read"]})


def key(system: System, whose: str) -> Found:
    made = new_key(
        "live", name="k", roles=("viewer",), scopes=(), created_by=whose, now=system.clock()
    )
    if whose != ABSENT:
        system.wiring.keys.put(made.stored)
    return Found({"key_id": made.stored.id})


def priority(_: System, whose: str) -> Found:
    return Found({"priority": "low" if whose != ABSENT else "no-such"})


def day(system: System, whose: str) -> Found:
    return Found({"day": system.clock().date().isoformat() if whose != ABSENT else "2026-02-31"})


def problem(_: System, whose: str) -> Found:
    return Found({"slug": "not-found" if whose != ABSENT else "no-such"})


def bare(thing: Thing) -> Thing:
    """The thing without what a body would say of it."""
    return lambda system, whose: Found(thing(system, whose).words)
