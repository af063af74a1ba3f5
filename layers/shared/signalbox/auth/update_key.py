"""Changes API keys: their name and their end. What they may is what they were made for."""

from dataclasses import dataclass

from pydantic import Field

from signalbox.auth.manage_keys import ManageRoles
from signalbox.models.base import Model, Name, Rfc3339
from signalbox.models.errors import Conflict, Forbidden
from signalbox.models.principal import ApiKey, Principal
from signalbox.services.ports.config import KeyStore
from signalbox.services.ports.time import Clock


class UpdateKeyRequest(Model):
    """What may be changed of a key; what is left out stays as it is.

    Where `expires_at` is null, the key is good until it is revoked.
    """

    name: Name = Field(default_factory=str)  # as a default would be documented as what one gets
    expires_at: Rfc3339 | None = None

    def over(self, kept: ApiKey) -> ApiKey:
        """Return what the key shall be."""
        return kept.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateKey:
    """Changes keys. Nobody prolongs one that may more than they."""

    keys: KeyStore
    roles: ManageRoles
    clock: Clock

    def __call__(self, before: ApiKey, patch: UpdateKeyRequest, caller: Principal) -> ApiKey:
        """Return the key as it is now.

        Raises:
            Conflict: If it is revoked or would be over already.
            Forbidden: If it may more than the caller.
            WriteConflict: If somebody else has changed it meanwhile.
        """
        if before.revoked_at:
            raise Conflict("this key is revoked, and that is for good")
        if patch.expires_at and patch.expires_at <= self.clock():
            raise Conflict("expires_at is over already; what must end now is revoked")
        role_scopes = {role.name: frozenset(role.scopes) for role in self.roles.all()}
        excess = sorted(before.granted(role_scopes) - caller.scopes)
        if excess:
            raise Forbidden(f"the key may more than you, and you have no {', '.join(excess)}")
        after = patch.over(before)
        if after != before:
            self.keys.replace(before, after)
        return after
