"""Create, show and revoke API keys."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel, ValidationError

from cli.errors import CommandError
from signalbox.auth.api_keys import NewKey, new_key
from signalbox.models.ids import KeyId
from signalbox.models.principal import BUILT_IN_ROLES, ApiKey, Scope
from signalbox.services.ports.config import KeyStore


class CreatedKey(BaseModel):
    """A new key, which is shown only once."""

    id: str
    key: str
    expires_at: datetime | None


class KeyRow(BaseModel):
    """A key without its hash."""

    id: str
    name: str
    roles: tuple[str, ...]
    scopes: tuple[Scope, ...]
    status: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey, now: datetime) -> Self:
        """Return the row of a stored key."""
        expired = key.expires_at is not None and key.expires_at <= now
        status = "revoked" if key.revoked_at else "expired" if expired else "active"
        return cls(status=status, **key.model_dump(exclude={"digest"}))


def create_api_key(
    *,
    environment: str,
    name: str,
    roles: Sequence[str],
    scopes: Sequence[str],
    expires: timedelta | None,
    by: str,
    now: datetime,
    custom: Collection[str] = (),
) -> NewKey:
    """Return a new key, which is not stored yet; `custom` are the names of custom roles.

    Raises:
        CommandError: It has no permissions, or unknown ones.
    """
    _check_roles(roles, dict.fromkeys((*BUILT_IN_ROLES, *sorted(custom))))
    _check_scopes(scopes)
    if not roles and not scopes:
        raise CommandError("say what the key may do: --role or --scope")
    try:
        return new_key(
            environment,
            name=name,
            roles=tuple(roles),
            scopes=tuple(Scope(scope) for scope in scopes),
            created_by=by,
            now=now,
            expires_at=now + expires if expires else None,
        )
    except ValidationError:
        problem = f"{name!r} is no name: small letters, digits, - and _, 63 at most"
        raise CommandError(problem) from None


def revoke_api_key(keys: KeyStore, key_id: str, now: datetime) -> ApiKey:
    """Revoke the key and return it.

    Raises:
        CommandError: There is no such key.
    """
    key = keys.find(KeyId(key_id))
    if key is None:
        raise CommandError(f"there is no key {key_id}")
    if key.revoked_at:
        return key
    ended = key.model_copy(update={"revoked_at": now})
    keys.put(ended)
    return ended


def _check_roles(roles: Sequence[str], known: Collection[str]) -> None:
    unknown = [role for role in roles if role not in known]
    if unknown:
        raise CommandError(f"no such role: {', '.join(unknown)}; there are {', '.join(known)}")


def _check_scopes(scopes: Sequence[str]) -> None:
    strange = [scope for scope in scopes if scope not in set(Scope)]
    if strange:
        raise CommandError(f"no such scope: {', '.join(strange)}; there are {', '.join(Scope)}")
