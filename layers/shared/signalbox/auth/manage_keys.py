"""Create, list and revoke API keys, and manage custom roles.

Nobody can grant more than they have.
"""

from collections.abc import Callable, Collection
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
from signalbox.models.frozen import frozen
from signalbox.models.ids import KeyId
from signalbox.models.principal import BUILT_IN_ROLES, ApiKey, Principal, Role, Scope
from signalbox.services.ports.config import KeyStore, RoleStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.create import IdempotencyKey

RolePrecondition = Callable[[Role | None], None]
"""Raise if the stored role, or its absence, is not what the caller expects."""


class CreateKeyRequest(Model):
    """The body of a request that creates a key.

    Without `expires_at` it is valid until it is revoked.
    """

    name: Name
    roles: tuple[Name, ...] = Field(default=(), max_length=20, strict=False)
    scopes: tuple[Annotated[Scope, Field(strict=False)], ...] = Field(
        default=(), max_length=len(Scope), strict=False
    )
    expires_at: Rfc3339 | None = None


@frozen
class ManageKeys:
    """Create, list and revoke keys. `environment` is the second part of each key."""

    keys: KeyStore
    roles: "ManageRoles"
    clock: Clock
    environment: str

    def issue(
        self, request: CreateKeyRequest, caller: Principal, named: IdempotencyKey | None = None
    ) -> NewKey:
        """Return a new key, which is stored.

        Requests of one caller with the same key `named` create one.

        Raises:
            Forbidden: It would have more permissions than the caller.
            Conflict: A role does not exist, or the key would have expired.
            IdempotencyKeyReused: The idempotency key was used for another request.
            AlreadyExists: The same request created a key before, which is shown only once.
        """
        new = self.draft(request, caller, named)
        self.store(new, named.fingerprint if named else None)
        return new

    def draft(
        self, request: CreateKeyRequest, caller: Principal, named: IdempotencyKey | None = None
    ) -> NewKey:
        """Return a new key, which is not stored yet.

        Raises:
            Forbidden: It would have more permissions than the caller.
            Conflict: A role does not exist, or the key would have expired.
        """
        role_scopes = {role.name: frozenset(role.scopes) for role in self.roles.all()}
        unknown = [role for role in request.roles if role not in role_scopes]
        if unknown:
            raise Conflict(
                f"there is no role {', '.join(unknown)}; there are {', '.join(role_scopes)}"
            )
        now = self.clock()
        if request.expires_at and request.expires_at <= now:
            raise Conflict("expires_at is over already")
        new = new_key(
            self.environment,
            name=request.name,
            roles=request.roles,
            scopes=request.scopes,
            created_by=caller.name,
            now=now,
            expires_at=request.expires_at,
            named=f"{caller.name}\n{named.text}" if named else None,
        )
        _refuse_excess(new.stored.granted(role_scopes), caller)
        return new

    def store(self, new: NewKey, fingerprint: str | None = None) -> None:
        """Store a new key, with a hash of the request that it comes from.

        Raises:
            IdempotencyKeyReused: The key exists, and comes from another request.
            AlreadyExists: The same request created it before; it is shown only once.
        """
        key = new.stored
        if self.keys.put_new(key.model_copy(update={"fingerprint": fingerprint})):
            return
        there = self.keys.find(key.id)
        if there and there.fingerprint != fingerprint:
            raise IdempotencyKeyReused("the Idempotency-Key was used for another request")
        raise AlreadyExists(
            f"the key {key.id} was created before and is shown only once; revoke it if lost"
        )

    def all(self) -> list[ApiKey]:
        """Return every key, newest first."""
        return sorted(self.keys.all(), key=lambda key: key.created_at, reverse=True)

    def get(self, key: KeyId) -> ApiKey:
        """Return the key.

        Raises:
            NotFound: There is no such key.
        """
        found = self.keys.find(key)
        if found is None:
            raise NotFound("there is no such key")
        return found

    def revoke(self, key: KeyId) -> ApiKey:
        """Return the revoked key. Repeating it changes nothing.

        Raises:
            NotFound: There is no such key.
        """
        found = self.get(key)
        if found.revoked_at:
            return found
        revoked = found.model_copy(update={"revoked_at": self.clock()})
        self.keys.put(revoked)
        return revoked


@frozen
class ManageRoles:
    """Manage custom roles; the built-in ones cannot be changed."""

    config: RoleStore
    keys: KeyStore

    def all(self) -> list[Role]:
        """Return every role, the built-in ones first."""
        self.config.invalidate()
        named = sorted(self.config.roles(), key=lambda role: role.name)
        return [*_BUILT_IN, *(role for role in named if role.name not in BUILT_IN_ROLES)]

    def get(self, name: str) -> Role:
        """Return the role.

        Raises:
            NotFound: There is no such role.
        """
        for role in self.all():
            if role.name == name:
                return role
        raise NotFound("there is no such role")

    def put(self, role: Role, caller: Principal, check: RolePrecondition) -> bool:
        """Store the role and return whether it is new.

        Raises:
            Conflict: The role is built in.
            Forbidden: It would have more permissions than the caller.
            SignalboxError: The precondition does not hold.
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
            NotFound: There is no such role.
            Conflict: The role is in use.
            SignalboxError: The precondition does not hold.
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
    Role.model_construct(name=name, scopes=tuple(sorted(held)))
    for name, held in BUILT_IN_ROLES.items()
)


def _refuse_built_in(name: str) -> None:
    if name in BUILT_IN_ROLES:
        raise Conflict(f"the role {name} is built in")


def _refuse_excess(scopes: Collection[Scope], caller: Principal) -> None:
    excess = sorted(set(scopes) - caller.scopes)
    if excess:
        raise Forbidden(f"nobody gives more than they have, and you have no {', '.join(excess)}")
