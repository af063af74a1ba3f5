"""Gives API keys and names roles. Nobody gives what they do not have themselves."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from signalbox.auth.api_keys import NewKey, new_key
from signalbox.models.base import Model, Name, Rfc3339
from signalbox.models.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    IdempotencyKeyReused,
    NotFound,
)
from signalbox.models.ids import KeyId
from signalbox.models.principal import BUILT_IN_ROLES, ApiKey, Principal, Role, Scope
from signalbox.services.ports.config import KeyStore, RoleStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.create import IdempotencyKey

RolePrecondition = Callable[[Role | None], None]
"""Raises where the role that is kept is not what the caller takes it for."""


class CreateKeyRequest(Model):
    """What a new key is to be. Without `expires_at` it is good until it is revoked."""

    name: Name
    roles: tuple[Name, ...] = Field(default=(), max_length=20, strict=False)
    scopes: tuple[Annotated[Scope, Field(strict=False)], ...] = Field(
        default=(), max_length=len(Scope), strict=False
    )
    expires_at: Rfc3339 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageKeys:
    """Makes and revokes keys. `environment` is the second word of each."""

    keys: KeyStore
    roles: "ManageRoles"
    clock: Clock
    environment: str

    def issue(
        self, wanted: CreateKeyRequest, caller: Principal, named: IdempotencyKey | None = None
    ) -> NewKey:
        """Return A new key that is stored; of those that a caller has named the same there is one.

        Raises:
            Forbidden: If it is to do more than the caller may.
            Conflict: If it names a role that is not there or is over already.
            IdempotencyKeyReused: If another request had the name.
            AlreadyExists: If this one had it: a key is not told twice.
        """
        role_scopes = {role.name: frozenset(role.scopes) for role in self.roles.all()}
        unknown = [role for role in wanted.roles if role not in role_scopes]
        if unknown:
            raise Conflict(f"there is no role {', '.join(unknown)}")
        now = self.clock()
        if wanted.expires_at and wanted.expires_at <= now:
            raise Conflict("expires_at is over already")
        made = new_key(
            self.environment,
            name=wanted.name,
            roles=wanted.roles,
            scopes=wanted.scopes,
            created_by=caller.name,
            now=now,
            expires_at=wanted.expires_at,
            named=f"{caller.name}\n{named.text}" if named else None,
        )
        _refuse_excess(made.stored.granted(role_scopes), caller)
        self._keep(made.stored, named.fingerprint if named else None)
        return made

    def _keep(self, key: ApiKey, fingerprint: str | None) -> None:
        if self.keys.put_new(key.model_copy(update={"fingerprint": fingerprint})):
            return
        there = self.keys.find(key.id)
        if there and there.fingerprint != fingerprint:
            raise IdempotencyKeyReused("the Idempotency-Key was used for another request")
        raise AlreadyExists(
            f"the key {key.id} was made before, and is told once; revoke it if lost"
        )

    def all(self) -> list[ApiKey]:
        """Return every key, the newest first."""
        return sorted(self.keys.all(), key=lambda key: key.created_at, reverse=True)

    def get(self, key: KeyId) -> ApiKey:
        """Return the key.

        Raises:
            NotFound: It does not exist.
        """
        found = self.keys.find(key)
        if found is None:
            raise NotFound("there is no such key")
        return found

    def revoke(self, key: KeyId) -> ApiKey:
        """Return the key, revoked already; again changes nothing.

        Raises:
            NotFound: It does not exist.
        """
        found = self.get(key)
        if found.revoked_at:
            return found
        revoked = found.model_copy(update={"revoked_at": self.clock()})
        self.keys.put(revoked)
        return revoked


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageRoles:
    """Names and renames sets of scopes; those of ROLES stay what they are."""

    config: RoleStore
    keys: KeyStore

    def all(self) -> list[Role]:
        """Return every role, those that are always there first."""
        self.config.invalidate()
        named = sorted(self.config.roles(), key=lambda role: role.name)
        return [*_BUILT_IN, *(role for role in named if role.name not in BUILT_IN_ROLES)]

    def get(self, name: str) -> Role:
        """Return the role.

        Raises:
            NotFound: It does not exist.
        """
        for role in self.all():
            if role.name == name:
                return role
        raise NotFound("there is no such role")

    def put(self, role: Role, caller: Principal, check: RolePrecondition) -> bool:
        """Store the role; whether there was none of its name.

        Raises:
            Conflict: For a built-in one.
            Forbidden: If it is to do more than the caller may, and whatever `check` does.
        """
        _refuse_built_in(role.name)
        _refuse_excess(frozenset(role.scopes), caller)
        before = next((kept for kept in self.all() if kept.name == role.name), None)
        check(before)
        self.config.replace(before, role)
        return before is None

    def remove(self, name: str, check: RolePrecondition) -> None:
        """Remove the role.

        Raises:
            NotFound: It does not exist.
            Conflict: If it is in use, and as `check` does.
        """
        _refuse_built_in(name)
        role = self.get(name)
        check(role)
        users = (
            *(f"key {k.id}" for k in self.keys.all() if name in k.roles and not k.revoked_at),
            *(f"issuer {issuer.name}" for issuer in self.config.issuers() if name in issuer.roles),
            *("limits" for limits in self.config.configured_limits() if name in limits.roles),
        )
        if users:
            raise Conflict(f"this role is named by {', '.join(sorted(users))}")
        self.config.replace(role, None)


_BUILT_IN = tuple(
    Role(name=name, scopes=tuple(sorted(held))) for name, held in BUILT_IN_ROLES.items()
)


def _refuse_built_in(name: str) -> None:
    if name in BUILT_IN_ROLES:
        raise Conflict(f"the role {name} is built in")


def _refuse_excess(scopes: Collection[Scope], caller: Principal) -> None:
    excess = sorted(set(scopes) - caller.scopes)
    if excess:
        raise Forbidden(f"nobody gives more than they have, and you have no {', '.join(excess)}")
