"""What the commands of API keys ask of the service of the API, and print of its answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ValidationError

from cli.errors import CommandError
from cli.stack import Stack
from signalbox.auth.manage_keys import CreateKeyRequest, ManageKeys, ManageRoles
from signalbox.models.principal import ApiKey, Principal, Scope
from signalbox.models.validation_errors import describe_errors
from signalbox.services.ports.time import utc_now


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


def key_service(stack: Stack) -> ManageKeys:
    """Return the service of the API for the keys of a stack."""
    return ManageKeys(
        keys=stack.keys,
        roles=ManageRoles(config=stack.config, keys=stack.keys),
        clock=utc_now,
        environment=stack.outputs.key_environment,
    )


def command_principal(stack: Stack) -> Principal:
    """Return who creates a key on the command line: whoever may write the table may do all."""
    return Principal(name=f"cli:{stack.caller}", scopes=frozenset(Scope))


def key_request(
    *, name: str, roles: Sequence[str], scopes: Sequence[str], expires_at: datetime | None
) -> CreateKeyRequest:
    """Return the request for a new key.

    Raises:
        CommandError: It has no permissions or unknown ones, or the name is not valid.
    """
    strange = [scope for scope in scopes if scope not in set(Scope)]
    if strange:
        raise CommandError(f"no such scope: {', '.join(strange)}; there are {', '.join(Scope)}")
    if not roles and not scopes:
        raise CommandError("say what the key may do: --role or --scope")
    try:
        return CreateKeyRequest.model_validate(
            {"name": name, "roles": roles, "scopes": scopes, "expires_at": expires_at}
        )
    except ValidationError as invalid:
        ((_, reason), *_) = describe_errors(invalid, CreateKeyRequest)
        raise CommandError(f"{name!r}: {reason}") from None
