"""Applies a file of YAML to a stack: read, checked, compared, kept."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import yaml
from pydantic import BaseModel, JsonValue, ValidationError

from cli.admin.audit import AuditChange
from cli.errors import CommandError
from signalbox.models.config import Connection
from signalbox.models.config_resource import ConfigResource
from signalbox.models.errors import Conflict, PayloadInvalid
from signalbox.models.event_vocabulary import Vocabularies, suggest
from signalbox.models.manifest import (
    RESOURCE_KINDS,
    ChangeAction,
    Manifest,
    ManifestError,
    ManifestPlan,
    PlannedChange,
    manifest_errors,
    plan_changes,
    validation_errors,
)
from signalbox.models.principal import ApiKey, Role
from signalbox.services.config.configure import remove_secret
from signalbox.services.config.rules import rule_violations
from signalbox.services.ports.config import ConfigWriter, SecretStore
from signalbox.services.ports.notifications import Connector

_LARGEST: Final = 1_000_000
_SIGNS: Final[Mapping[ChangeAction, str]] = {
    ChangeAction.ADD: "+",
    ChangeAction.CHANGE: "~",
    ChangeAction.REMOVE: "-",
}


class ManifestConfig(ConfigWriter, Protocol):
    """A ConfigWriter that writes without looking."""

    def put(self, resource: ConfigResource) -> None:
        """Store the thing in place of one with the same name."""

    def remove(self, resource: ConfigResource) -> None:
        """Remove the thing."""


class SecretRemover(SecretStore, Protocol):
    """A SecretStore that secrets can be taken from."""

    def remove(self, name: str) -> None:
        """Remove the secrets of this name, if there are any.

        Raises:
            Unavailable: A service that is needed did not answer.
        """


class ApplyResult(BaseModel):
    """What was changed, or would be."""

    applied: bool
    edits: tuple[PlannedChange, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyManifest:
    """Makes a stack's configuration what a manifest says. `keys` are all API keys there are."""

    config: ManifestConfig
    secrets: SecretRemover
    connectors: Mapping[str, Connector]
    providers: Vocabularies
    keys: Callable[[], Sequence[ApiKey]]
    changing: AuditChange

    def __call__(self, manifest: Manifest, *, prune: bool, dry_run: bool) -> ApplyResult:
        """Return what is removed takes its secret with it.

        As does a change that leaves it without use.

        Raises:
            CommandError: And changes nothing, where anything is wrong with it.
        """
        there = [resource for kind in RESOURCE_KINDS for resource in self.config.all(kind)]
        plan = plan_changes(manifest, there, prune=prune)
        raise_errors([*self._flaws(manifest, () if prune else there), *self._still_held(plan)])
        if not dry_run:
            before = {(resource.kind, resource.key): resource for resource in there}
            for edit, resource in zip(plan.edits, (*plan.put, *plan.remove), strict=True):
                with self.changing(f"apply {edit.action}", f"{edit.kind} {edit.name}"):
                    after = None if edit.action is ChangeAction.REMOVE else resource
                    self._change(before.get((resource.kind, resource.key)), after)
        warnings = tuple(self._warnings(manifest))
        return ApplyResult(applied=not dry_run, edits=plan.edits, warnings=warnings)

    def _change(self, before: ConfigResource | None, after: ConfigResource | None) -> None:
        if before and (after is None or after.secret_name is None):
            remove_secret(before, self.secrets.remove)
        if after:
            self.config.put(after)
        elif before:
            self.config.remove(before)

    def _flaws(self, manifest: Manifest, stays: Sequence[ConfigResource]) -> list[ManifestError]:
        connections = [resource.id for resource in stays if isinstance(resource, Connection)]
        roles = [resource.name for resource in stays if isinstance(resource, Role)]
        found = list(manifest_errors(manifest, connections, roles))
        for index, source in enumerate(manifest.sources):
            if source.provider not in self.providers:
                hint = suggest(source.provider, self.providers)
                reason = f"there is no provider {source.provider}; {hint}"
                found.append(ManifestError(path=f"sources[{index}].provider", reason=reason))
        for index, connection in enumerate(manifest.connections):
            found += self._refused(connection, f"connections[{index}]")
        for group, resources in (
            ("sources", manifest.sources),
            ("subscriptions", manifest.subscriptions),
        ):
            found += (
                ManifestError(path=f"{group}[{index}].{flaw.path}", reason=flaw.reason)
                for index, resource in enumerate(resources)
                for flaw in rule_violations(resource, self.providers)
            )
        return found

    def _refused(self, connection: Connection, path: str) -> list[ManifestError]:
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

    def _still_held(self, plan: ManifestPlan) -> Iterator[ManifestError]:
        gone = [resource.name for resource in plan.remove if isinstance(resource, Role)]
        keys = [key for key in self.keys() if not key.revoked_at] if gone else []
        for role in gone:
            holders = sorted(key.id for key in keys if role in key.roles)
            if holders:
                reason = f"keys have the role {role}: {', '.join(holders)}"
                yield ManifestError(path="roles", reason=reason)

    def _warnings(self, manifest: Manifest) -> Iterator[str]:
        for resource in manifest.resources():
            name = resource.secret_name
            if name is None:
                continue
            secrets = self.secrets.refresh(name)
            if not secrets:
                yield f"{name} has no secret; `signalbox secrets set {name}` gives it one"
            elif isinstance(resource, Connection):
                try:
                    self.connectors[resource.connector].check_secret(resource, secrets[0])
                except Conflict as conflict:
                    yield f"{name}: {conflict.reason}"


def read_manifest(path: Path) -> Manifest:
    """Return the manifest in a file.

    Raises:
        CommandError: Which names what is wrong with it.
    """
    try:
        document = _document(path.read_bytes())
        return Manifest.model_validate_json(json.dumps(document))
    except ValidationError as invalid:
        raise_errors(validation_errors(invalid))
        raise
    except yaml.MarkedYAMLError as odd:
        line = odd.problem_mark.line + 1 if odd.problem_mark else 1
        raise CommandError(f"{path} is no YAML: line {line}: {odd.problem}") from odd
    except (OSError, yaml.YAMLError, TypeError, ValueError) as odd:
        raise CommandError(f"{path} cannot be read: {odd}") from odd


def raise_errors(found: Sequence[ManifestError]) -> None:
    """Check whether it is valid.

    Raises:
        CommandError: If there are flaws, a line for each.
    """
    lines = [f"{flaw.path}: {flaw.reason}" if flaw.path else flaw.reason for flaw in found]
    if lines:
        raise CommandError("\n  ".join(("the manifest is not right:", *lines)))


def change_lines(edit: PlannedChange) -> str:
    """Return an edit as lines for people."""
    head = f"{_SIGNS[edit.action]} {edit.kind} {edit.name}"
    if edit.action is ChangeAction.ADD:
        values = [f"    {each.field}: {_value(each.after)}" for each in edit.differences]
    else:
        values = [
            f"    {each.field}: {_value(each.before)} -> {_value(each.after)}"
            for each in edit.differences
        ]
    return "\n".join((head, *values))


def _document(raw: bytes) -> JsonValue:
    """Return the one document of a file: plain values, no aliases, no key twice."""
    if len(raw) > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST} bytes")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(raw, yaml.SafeLoader)):
        raise ValueError("aliases (*name) are not taken")
    _check_names(yaml.compose(raw, yaml.SafeLoader))
    found: JsonValue = yaml.safe_load(raw)
    return {} if found is None else found


def _check_names(node: yaml.Node | None) -> None:
    """Check whether it is valid.

    Raises:
        ValueError: If a mapping names a key twice: YAML would take the last.
    """
    if isinstance(node, yaml.MappingNode):
        names = [str(key.value) for key, _ in node.value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            line = node.start_mark.line + 1
            raise ValueError(f"line {line}: {', '.join(twice)} stands there twice")
        for _, value in node.value:
            _check_names(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_names(item)


def _value(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
