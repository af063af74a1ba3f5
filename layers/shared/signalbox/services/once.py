"""Keeps the one API key that an Idempotency-Key makes, and knows a repeat for what it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from signalbox.models.errors import IdempotencyKeyReused, MadeBefore
from signalbox.models.ids import KeyId
from signalbox.models.principal import ApiKey
from signalbox.services.create import IdempotencyKey
from signalbox.services.ports import KeyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOnce:
    """A KeyStore for one request, which names itself by `named`."""

    keys: KeyStore
    named: IdempotencyKey

    def find(self, key: KeyId) -> ApiKey | None:
        """See the port."""
        return self.keys.find(key)

    def put(self, key: ApiKey) -> None:
        """See the port."""
        self.keys.put(key)

    def put_new(self, key: ApiKey) -> bool:
        """Keeps a new key and what made it. Raises IdempotencyKeyReused, MadeBefore."""
        mine = key.model_copy(update={"fingerprint": self.named.fingerprint})
        if self.keys.put_new(mine):
            return True
        there = self.keys.find(key.id)
        if there and there.fingerprint != mine.fingerprint:
            raise IdempotencyKeyReused("the Idempotency-Key was used for another request")
        raise MadeBefore(f"the key {key.id} was made before, and is told once; revoke it if lost")

    def all(self) -> Sequence[ApiKey]:
        """See the port."""
        return self.keys.all()
