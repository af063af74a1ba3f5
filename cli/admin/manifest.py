"""Apply a manifest to a stack: check, compare, write."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from pydantic import BaseModel, JsonValue

from cli.admin.audit import AuditChange
from cli.admin.manifest_file import raise_errors
from cli.admin.network_warnings import network_warnings
from cli.admin.tls_warnings import tls_warnings
from signalbox.models.config_resource import ConfigResource
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, PayloadInvalid
from signalbox.models.event_vocabulary import suggest
from signalbox.models.manifest import (
    RESOURCE_KINDS,
    ChangeAction,
    Manifest,
    ManifestError,
    ManifestPlan,
    PlannedChange,
    manifest_errors,
    plan_changes,
)
from signalbox.models.principal import ApiKey, Role
from signalbox.models.service import Service
from signalbox.models.source import CommandPermission, Source
from signalbox.runtime.registry import permission_api_opener
from signalbox.services.config.configure import remove_secret
from signalbox.services.config.gateway_rules import gateway_errors
from signalbox.services.config.middleware_rules import middleware_violations
from signalbox.services.config.rules import rule_violations, vocabularies_of
from signalbox.services.gateway.middleware_kind import MiddlewareKinds
from signalbox.services.ports.config import ConfigWriter, SecretStore
from signalbox.services.ports.deliveries import Providers
from signalbox.services.ports.notifications import Connector

_SIGNS: Final[Mapping[ChangeAction, str]] = {
    ChangeAction.ADD: "+",
    ChangeAction.CHANGE: "~",
    ChangeAction.REMOVE: "-",
}


class ManifestConfig(ConfigWriter, Protocol):
    """A ConfigWriter that can also write without comparing."""

    def put(self, resource: ConfigResource) -> None:
        """Store the resource, replacing one with the same key."""

    def remove(self, resource: ConfigResource) -> None:
        """Remove the resource."""


class SecretRemover(SecretStore, Protocol):
    """A SecretStore from which secrets can be removed."""

    def remove(self, name: str) -> None:
        """Remove the secrets of this name, if there are any.

        Raises:
            Unavailable: The store did not answer.
        """


class ApplyResult(BaseModel):
    """What was changed, or would be."""

    applied: bool
    edits: tuple[PlannedChange, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyManifest:
    """Apply a manifest to the configuration of a stack. `keys` returns all API keys."""

    config: ManifestConfig
    secrets: SecretRemover
    connectors: Mapping[str, Connector]
    providers: Providers
    keys: Callable[[], Sequence[ApiKey]]
    changing: AuditChange
    middlewares: MiddlewareKinds = field(default_factory=dict)

    def __call__(self, manifest: Manifest, *, prune: bool, dry_run: bool) -> ApplyResult:
        """Apply the manifest and return the changes.

        The secret of a removed resource is removed too, and that of an issuer that no longer uses
        one.

        Raises:
            CommandError: Something in the manifest is wrong; nothing was changed.
        """
        current = [resource for kind in RESOURCE_KINDS for resource in self.config.all(kind)]
        plan = plan_changes(manifest, current, prune=prune)
        raise_errors([*self._errors(manifest, () if prune else current), *self._roles_in_use(plan)])
        if not dry_run:
            before = {(resource.kind, resource.key): resource for resource in current}
            for edit, resource in zip(plan.edits, (*plan.put, *plan.remove), strict=True):
                with self.changing(f"apply {edit.action}", f"{edit.kind} {edit.name}"):
                    after = None if edit.action is ChangeAction.REMOVE else resource
                    self._change(before.get((resource.kind, resource.key)), after)
        warnings = tuple(self._warnings(manifest))
        return ApplyResult(applied=not dry_run, edits=plan.edits, warnings=warnings)

    def _change(self, before: ConfigResource | None, after: ConfigResource | None) -> None:
        if before and (after is None or after.secret_name is None):
            kept = after.secret_names if after else ()
            remove_secret(before, self.secrets.remove, kept=kept)
        if after:
            self.config.put(after)
        elif before:
            self.config.remove(before)

    def _errors(self, manifest: Manifest, stays: Sequence[ConfigResource]) -> list[ManifestError]:
        connections = [resource.id for resource in stays if isinstance(resource, Connection)]
        roles = [resource.name for resource in stays if isinstance(resource, Role)]
        errors = list(manifest_errors(manifest, connections, roles))
        for index, source in enumerate(manifest.sources):
            errors += self._source_errors(source, f"sources[{index}]")
        for index, connection in enumerate(manifest.connections):
            errors += self._settings_errors(connection, f"connections[{index}]")
        vocabularies = vocabularies_of(self.providers)
        for group, resources in (
            ("sources", manifest.sources),
            ("subscriptions", manifest.subscriptions),
            ("schedules", manifest.schedules),
        ):
            errors += (
                ManifestError(path=f"{group}[{index}].{error.path}", reason=error.reason)
                for index, resource in enumerate(resources)
                for error in rule_violations(resource, vocabularies)
            )
        for index, service in enumerate(manifest.services):
            errors += (
                ManifestError(path=f"services[{index}].{error.path}", reason=error.reason)
                for error in middleware_violations(service, self.middlewares)
            )
        return [*errors, *gateway_errors(manifest, stays)]

    def _source_errors(self, source: Source, path: str) -> list[ManifestError]:
        create_provider = self.providers.get(source.provider)
        if create_provider is None:
            hint = suggest(source.provider, self.providers)
            reason = f"there is no provider {source.provider}; {hint}"
            return [ManifestError(path=f"{path}.provider", reason=reason)]
        try:
            create_provider().with_settings(source.settings)
        except PayloadInvalid as invalid:
            return [ManifestError(path=f"{path}.settings", reason=invalid.reason)]
        return []

    def _settings_errors(self, connection: Connection, path: str) -> list[ManifestError]:
        connector = self.connectors.get(connection.connector)
        if connector is None:
            hint = suggest(connection.connector, self.connectors)
            reason = f"there is no connector {connection.connector}; {hint}"
            return [ManifestError(path=f"{path}.connector", reason=reason)]
        try:
            connector.check(connection)
        except PayloadInvalid as invalid:
            return [ManifestError(path=f"{path}.settings", reason=invalid.reason)]
        return []

    def _roles_in_use(self, plan: ManifestPlan) -> Iterator[ManifestError]:
        gone = [resource.name for resource in plan.remove if isinstance(resource, Role)]
        keys = [key for key in self.keys() if not key.revoked_at] if gone else []
        for role in gone:
            holders = sorted(key.id for key in keys if role in key.roles)
            if holders:
                reason = f"keys have the role {role}: {', '.join(holders)}"
                yield ManifestError(path="roles", reason=reason)

    def _warnings(self, manifest: Manifest) -> Iterator[str]:
        for source in manifest.sources:
            yield from self._token_warnings(source)
            yield from network_warnings(source, self.config)
        for resource in manifest.resources():
            if isinstance(resource, Service):
                yield from tls_warnings(resource, self.secrets)
            name = resource.secret_name
            if name is None:
                continue
            secrets = self.secrets.refresh(name)
            if isinstance(resource, Source) and self._refuses_every_command(resource):
                yield (
                    f"source {resource.key} accepts no command: list `authors`, set "
                    f"{resource.token_name}, or set `permission: off`"
                )
            if not self._uses_secret(resource):
                continue
            if not secrets:
                yield f"{name} has no secret; `signalbox secrets set {name}` gives it one"
            else:
                try:
                    self._check_secret(resource, secrets[0])
                except Conflict as conflict:
                    yield f"{name}: {conflict.reason}"

    def _token_warnings(self, source: Source) -> Iterator[str]:
        name = source.token_name
        provider = self.providers[source.provider]().with_settings(source.settings)
        if provider.uses_token and not self.secrets.refresh(name):
            yield f"{name} has no token; `signalbox secrets set {name}` gives it one"

    def _uses_secret(self, resource: ConfigResource) -> bool:
        """Return whether it needs its secret: not if there are published keys, or roles of AWS."""
        match resource:
            case Connection():
                return self.connectors[resource.connector].uses_secret(resource)
            case Source():
                provider = self.providers[resource.provider]()
                return provider.with_settings(resource.settings).uses_secret
        return True

    def _refuses_every_command(self, source: Source) -> bool:
        """Return whether nothing tells who may give commands."""
        if source.authors or source.permission is CommandPermission.OFF:
            return False
        return permission_api_opener(source.provider) is None or not self.secrets.refresh(
            source.token_name
        )

    def _check_secret(self, resource: ConfigResource, secret: str) -> None:
        match resource:
            case Connection():
                self.connectors[resource.connector].check_secret(resource, secret)
            case Source():
                self.providers[resource.provider]().check_secret(secret)


def change_lines(edit: PlannedChange) -> str:
    """Return a change as lines of text."""
    head = f"{_SIGNS[edit.action]} {edit.kind} {edit.name}"
    if edit.action is ChangeAction.ADD:
        values = [f"    {each.field}: {_value(each.after)}" for each in edit.differences]
    else:
        values = [
            f"    {each.field}: {_value(each.before)} -> {_value(each.after)}"
            for each in edit.differences
        ]
    return "\n".join((head, *values))


def _value(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
