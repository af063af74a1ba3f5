"""Update API keys: their name and expiry. Their permissions cannot be changed."""

from pydantic import Field

from signalbox.auth.manage_keys import ManageRoles
from signalbox.models.base import Model, Name, Rfc3339
from signalbox.models.errors import Conflict, Forbidden
from signalbox.models.frozen import frozen
from signalbox.models.principal import ApiKey, Principal
from signalbox.services.ports.config import KeyStore
from signalbox.services.ports.time import Clock


class UpdateKeyRequest(Model):
    """The body of a request that updates a key; omitted fields keep their values.

    With `expires_at: null` the key is valid until it is revoked.
    """

    name: Name = Field(default_factory=str)  # as a default would be documented as what one gets
    expires_at: Rfc3339 | None = None

    def over(self, kept: ApiKey) -> ApiKey:
        """Return the key with these changes applied."""
        return kept.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


@frozen
class UpdateKey:
    """Update keys. Nobody can prolong a key that has more permissions than they have."""

    keys: KeyStore
    roles: ManageRoles
    clock: Clock

    def __call__(self, before: ApiKey, patch: UpdateKeyRequest, caller: Principal) -> ApiKey:
        """Return the updated key.

        Raises:
            Conflict: The key is revoked, or would have expired.
            Forbidden: The key has more permissions than the caller.
            WriteConflict: The key was changed meanwhile.
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
