"""The whole configuration in one document, and the changes that applying it makes.

A document states what should exist. Resources that it does not name stay, or are removed on
request.
"""

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from typing import Final, Literal

from pydantic import JsonValue, ValidationError

from signalbox.models.base import Model
from signalbox.models.config_resource import ConfigResource
from signalbox.models.connection import Connection
from signalbox.models.event_vocabulary import suggest
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId
from signalbox.models.issuer import Issuer
from signalbox.models.principal import BUILT_IN_ROLES, Role
from signalbox.models.rate_limits import Limits
from signalbox.models.schedule import Schedule
from signalbox.models.service import Service
from signalbox.models.service_route import ServiceRoute
from signalbox.models.source import Source
from signalbox.models.subscription import Subscription
from signalbox.models.validation_errors import describe_errors

RESOURCE_KINDS: Final[tuple[type[ConfigResource], ...]] = (
    Connection,
    Source,
    Subscription,
    Issuer,
    Role,
    Limits,
    Service,
    ServiceRoute,
    Schedule,
)
"""The kinds of resources in a manifest."""


class Manifest(Model):
    """Everything that operators configure; secrets are stored separately."""

    version: Literal[1] = 1
    sources: tuple[Source, ...] = ()
    connections: tuple[Connection, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    issuers: tuple[Issuer, ...] = ()
    roles: tuple[Role, ...] = ()
    limits: Limits | None = None
    services: tuple[Service, ...] = ()
    routes: tuple[ServiceRoute, ...] = ()
    schedules: tuple[Schedule, ...] = ()

    def resources(self) -> tuple[ConfigResource, ...]:
        """Return all resources, in the order in which they can be written."""
        limits = (self.limits,) if self.limits else ()
        return (
            *self.connections,
            *self.sources,
            *self.subscriptions,
            *self.roles,
            *self.issuers,
            *limits,
            *self.services,
            *self.routes,
            *self.schedules,
        )


class ManifestError(Model):
    """An error and its path, such as `subscriptions[1].changes[0]`."""

    path: str
    reason: str


class ChangeAction(StrEnum):
    """The kind of a change."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


class FieldChange(Model):
    """One value of a resource before and after; None if there is none."""

    field: str
    before: JsonValue = None
    after: JsonValue = None


class PlannedChange(Model):
    """The change of one resource."""

    action: ChangeAction
    kind: str
    name: str
    differences: tuple[FieldChange, ...] = ()


@frozen
class ManifestPlan:
    """The changes: first `put`, then `remove`, in order."""

    edits: tuple[PlannedChange, ...]
    put: tuple[ConfigResource, ...]
    remove: tuple[ConfigResource, ...]


def validation_errors(invalid: ValidationError) -> tuple[ManifestError, ...]:
    """Return where a document does not have the form of a manifest."""
    return tuple(
        ManifestError(path=path, reason=reason)
        for path, reason in describe_errors(invalid, Manifest)
    )


def manifest_errors(
    manifest: Manifest, known: Collection[ConnectionId] = (), roles: Collection[str] = ()
) -> tuple[ManifestError, ...]:
    """Return duplicate names and references to resources that do not exist.

    `known` are existing connections, `roles` existing custom roles.
    """
    there = {connection.id for connection in manifest.connections} | set(known)
    missing = (
        ManifestError(
            path=f"subscriptions[{index}].connection",
            reason=f"no connection {one.connection}; {suggest(one.connection, there)}",
        )
        for index, one in enumerate(manifest.subscriptions)
        if one.connection not in there
    )
    return (
        *_repeated("sources", manifest.sources),
        *_repeated("connections", manifest.connections),
        *_repeated("subscriptions", manifest.subscriptions),
        *_repeated("issuers", manifest.issuers),
        *_repeated("roles", manifest.roles),
        *_repeated("services", manifest.services),
        *_repeated("routes", manifest.routes),
        *_repeated("schedules", manifest.schedules),
        *missing,
        *_built_in(manifest.roles),
        *_without_role(
            manifest, {*BUILT_IN_ROLES, *roles, *(role.name for role in manifest.roles)}
        ),
    )


def plan_changes(
    manifest: Manifest, there: Sequence[ConfigResource], *, prune: bool
) -> ManifestPlan:
    """Return the changes; with `prune` resources that the manifest does not name are removed."""
    before = {(resource.kind, resource.key): resource for resource in there}
    desired = {(resource.kind, resource.key): resource for resource in manifest.resources()}
    put = tuple(resource for key, resource in desired.items() if before.get(key) != resource)
    gone = [resource for key, resource in before.items() if prune and key not in desired]
    referring = (Subscription, ServiceRoute)
    remove = tuple(sorted(gone, key=lambda resource: not isinstance(resource, referring)))
    return ManifestPlan(
        edits=(
            *(_edit(before.get((resource.kind, resource.key)), resource) for resource in put),
            *(
                PlannedChange(action=ChangeAction.REMOVE, kind=resource.kind, name=resource.key)
                for resource in remove
            ),
        ),
        put=put,
        remove=remove,
    )


def _edit(before: ConfigResource | None, after: ConfigResource) -> PlannedChange:
    kind, name = (after.kind, after.key)
    if before is None:
        differences = tuple(_differences({}, after.model_dump(mode="json", exclude_defaults=True)))
        return PlannedChange(action=ChangeAction.ADD, kind=kind, name=name, differences=differences)
    differences = tuple(_differences(before.model_dump(mode="json"), after.model_dump(mode="json")))
    return PlannedChange(action=ChangeAction.CHANGE, kind=kind, name=name, differences=differences)


def _differences(
    before: dict[str, JsonValue], after: dict[str, JsonValue]
) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield FieldChange(field=name, before=before.get(name), after=after.get(name))


def _repeated(group: str, resources: Sequence[ConfigResource]) -> Iterator[ManifestError]:
    seen: set[tuple[str, str]] = set()
    for index, resource in enumerate(resources):
        key = (resource.kind, resource.key)
        if key in seen:
            yield ManifestError(
                path=f"{group}[{index}]", reason=f"{' '.join(key)} stands there twice"
            )
        seen.add(key)


def _built_in(roles: Sequence[Role]) -> Iterator[ManifestError]:
    for index, role in enumerate(roles):
        if role.name in BUILT_IN_ROLES:
            yield ManifestError(
                path=f"roles[{index}].name", reason=f"the role {role.name} is built in"
            )


def _without_role(manifest: Manifest, there: Collection[str]) -> Iterator[ManifestError]:
    for path, role in _roles_named(manifest):
        if role not in there:
            yield ManifestError(
                path=path, reason=f"there is no role {role}; {suggest(role, there)}"
            )


def _roles_named(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield every role that is referred to, with the path of the reference."""
    for index, issuer in enumerate(manifest.issuers):
        grants = {f"grants.{value}": grant for value, grant in issuer.grants.items()}
        for place, grant in {**grants, "everybody": issuer.everybody}.items():
            for number, role in enumerate(grant.roles):
                yield f"issuers[{index}].{place}.roles[{number}]", role
    for index, service in enumerate(manifest.services):
        for number, role in enumerate(service.access.roles):
            yield f"services[{index}].access.roles[{number}]", role
    for role in manifest.limits.roles if manifest.limits else ():
        yield f"limits.roles.{role}", role
