"""Split the requests of a service over its versions."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Annotated, Final

from pydantic import Field, StringConstraints, model_validator

from signalbox.models.event_vocabulary import suggest
from signalbox.models.frozen import frozen
from signalbox.models.middleware import MiddlewareOptions
from signalbox.models.service import HashKey, Service
from signalbox.services.gateway.forward import client_key
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind
from signalbox.services.ports.gateway import GatewayResponse

_DEFAULT: Final = "default"
_HASHED_BYTES: Final = 8

SplitName = Annotated[str, StringConstraints(pattern=r"^(default|v[0-9]{1,4}(\.[0-9]{1,4}){0,2})$")]
"""A version, or `default` for the instances of no version."""


class Options(MiddlewareOptions):
    """The weights of versions, and what keeps a client at its version; chance if it is not given.

    Versions are in the order of the list: who is moved when weights change is at their borders.
    """

    versions: Annotated[
        dict[SplitName, Annotated[int, Field(ge=0, le=10_000)]], Field(min_length=1, max_length=20)
    ]
    hash_key: HashKey | None = None

    @model_validator(mode="after")
    def _has_weight(self) -> "Options":
        if not any(self.versions.values()):
            raise ValueError("versions expects a weight over 0")
        return self


@frozen
class Split:
    """Sends requests that name no version to one by weight."""

    options: Options
    random: Random

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Return the response of the version that the request is for."""
        if call.destination.version is not None:
            return await call_next(call)
        chosen = self._chosen(self._share(call))
        version = None if chosen == _DEFAULT else chosen
        call.record.version = version
        return await call_next(
            replace(call, destination=replace(call.destination, version=version))
        )

    def _share(self, call: GatewayCall) -> float:
        """Return a number from 0 to 1, the same for each request of one client."""
        if self.options.hash_key is None:
            return self.random.random()
        # with the name of the service, as otherwise the same clients try everything that is new
        key = f"{call.destination.service.name}:{client_key(self.options.hash_key, call.request)}"
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()[:_HASHED_BYTES]
        return int.from_bytes(digest) / (1 << (8 * _HASHED_BYTES))

    def _chosen(self, share: float) -> str:
        weights = [(name, weight) for name, weight in self.options.versions.items() if weight]
        left = share * sum(weight for _, weight in weights)
        for name, weight in weights:
            left -= weight
            if left < 0:
                return name
        return weights[-1][0]


def _unknown_versions(options: Options, service: Service) -> Iterator[tuple[str, str]]:
    for name in options.versions:
        if name != _DEFAULT and name not in service.versions:
            hint = suggest(name, [*service.versions, _DEFAULT])
            yield "versions", f"the service has no version {name}; {hint}"
    if not service.instances and not service.is_dynamic:
        yield "", "the service has no instances for requests that name no version"


MIDDLEWARE: Final = MiddlewareKind(
    options=Options,
    create=lambda options, tools: Split(options=options, random=tools.random),
    check=_unknown_versions,
    precedes=frozenset({"cache", "shadow"}),
)
