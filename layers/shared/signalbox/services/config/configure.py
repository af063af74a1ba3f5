"""Changes what operators configure: sources, connections, subscriptions."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from signalbox.models.config import Connection, Source, Subscription
from signalbox.models.errors import Conflict, InvalidRequest, NotFound, Unavailable
from signalbox.models.event_vocabulary import Vocabularies
from signalbox.models.manifest import ConfigResource, ManifestError, resource_key, secret_name
from signalbox.services.config.rules import rule_violations
from signalbox.services.ports.config import ConfigWriter
from signalbox.services.ports.notifications import Connectors

T = TypeVar("T", bound=ConfigResource)

PreconditionCheck = Callable[[ConfigResource | None], None]
"""Raises where what is kept is not what the caller takes it for."""


RemoveSecret = Callable[[str], None]
"""Removes the secrets of this name, if there are any. Raises Unavailable."""


class ConfigInvalid(InvalidRequest):
    """It is of the right form and could never do what it says."""

    status = 422
    code = "validation_failed"

    def __init__(self, flaws: Sequence[ManifestError]) -> None:
        super().__init__("; ".join(f"{flaw.path}: {flaw.reason}" for flaw in flaws))
        self.flaws = flaws


@dataclass(frozen=True, slots=True, kw_only=True)
class Configure:
    """Changes the configuration. What refers to something that is not there is refused."""

    config: ConfigWriter
    remove_secret: RemoveSecret
    connectors: Connectors
    providers: Collection[str]
    vocabularies: Callable[[], Vocabularies]

    def put(self, thing: ConfigResource, check: PreconditionCheck) -> bool:
        """Keeps the thing; whether there was none of its name.

        Raises Conflict, PayloadInvalid for odd settings, ConfigInvalid for what could never match,
        and whatever `check` does.
        """
        before = self._kept(thing)
        check(before)
        self._refuse(thing)
        self.config.replace(before, thing)
        return before is None

    def remove(self, thing: ConfigResource, check: PreconditionCheck) -> None:
        """Removes the thing and its secret.

        Raises Conflict where something refers to it, Unavailable, and whatever `check` does.
        """
        check(thing)
        if isinstance(thing, Connection):
            users = [s.id for s in self.config.subscriptions() if s.connection == thing.id]
            if users:
                raise Conflict(f"subscriptions refer to it: {', '.join(sorted(users))}")
        kept = thing
        if isinstance(thing, Source | Connection) and thing.enabled:
            # who has changed it meanwhile is met here, before the secret is gone
            kept = thing.model_copy(update={"enabled": False})
            self.config.replace(thing, kept)
        remove_secret(thing, self.remove_secret)
        self.config.replace(kept, None)

    def all(self, kind: type[T]) -> list[T]:
        """Everything of a kind, in the order of their names, as it is kept now."""
        self.config.invalidate()
        things: Sequence[ConfigResource]
        if issubclass(kind, Source):
            things = self.config.sources()
        elif issubclass(kind, Connection):
            things = self.config.connections()
        else:
            things = self.config.subscriptions()
        return sorted((thing for thing in things if isinstance(thing, kind)), key=resource_key)

    def get(self, kind: type[T], name: str) -> T:
        """The thing of this name, a source's being `<provider>/<name>`. Raises NotFound."""
        for thing in self.all(kind):
            if resource_key(thing)[1] == name:
                return thing
        raise NotFound(f"there is no such {kind.__name__.lower()}")

    def _kept(self, thing: ConfigResource) -> ConfigResource | None:
        try:
            return self.get(type(thing), resource_key(thing)[1])
        except NotFound:
            return None

    def _refuse(self, thing: ConfigResource) -> None:
        match thing:
            case Source():
                if thing.provider not in self.providers:
                    raise Conflict(f"there is no provider {thing.provider}")
            case Connection():
                make = self.connectors.get(thing.connector)
                if make is None:
                    raise Conflict(f"there is no connector {thing.connector}")
                make().check(thing)
            case Subscription():
                if thing.connection not in {one.id for one in self.config.connections()}:
                    raise Conflict(f"there is no connection {thing.connection}")
        flaws = tuple(rule_violations(thing, self.vocabularies()))
        if flaws:
            raise ConfigInvalid(flaws)


def remove_secret(thing: ConfigResource, remove: RemoveSecret) -> None:
    """Removes the secret of a thing that is removed next, so that a repetition finishes both.

    Raises Unavailable, which says that the thing stays.
    """
    name = secret_name(thing)
    if name is None:
        return
    try:
        remove(name)
    except Unavailable as unavailable:
        problem = f"{' '.join(resource_key(thing))} stays, as its secret could not be removed"
        raise Unavailable(problem) from unavailable.__cause__
