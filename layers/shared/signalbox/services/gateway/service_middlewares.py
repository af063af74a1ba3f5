"""Make the middlewares of services, and keep them while their options stay the same."""

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from pydantic import ValidationError

from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import MiddlewareMisconfigured
from signalbox.models.middleware import MiddlewareSpec
from signalbox.models.service import Service
from signalbox.services.gateway.middleware import Middleware, NamedMiddleware
from signalbox.services.gateway.middleware_kind import (
    MiddlewareKind,
    MiddlewareKinds,
    MiddlewareTools,
    OptionsT,
    Place,
)


@frozen
class MiddlewareSteps:
    """The middlewares of a service, in order: those before the authentication, and the others."""

    before_access: tuple[Middleware, ...] = ()
    after_access: tuple[Middleware, ...] = ()


NO_STEPS = MiddlewareSteps()


def no_middlewares(_service: Service) -> MiddlewareSteps:
    """Return no middleware, for a gateway that has none."""
    return NO_STEPS


@frozen
class ServiceMiddlewares:
    """Make the middlewares of services. One lives until a change in the list of its service."""

    kinds: MiddlewareKinds
    tools: MiddlewareTools
    _made: dict[str, tuple[tuple[MiddlewareSpec, ...], MiddlewareSteps]] = field(
        default_factory=dict
    )

    def __call__(self, service: Service) -> MiddlewareSteps:
        """Return the middlewares of a service.

        Raises:
            MiddlewareMisconfigured: One cannot be made.
        """
        if not service.middlewares:
            return NO_STEPS
        specs, steps = self._made.get(service.name, ((), NO_STEPS))
        if specs != service.middlewares:
            steps = self._steps(service)
            self._made[service.name] = service.middlewares, steps
        return steps

    def _steps(self, service: Service) -> MiddlewareSteps:
        placed: Mapping[Place, list[Middleware]] = {place: [] for place in Place}
        for spec in service.middlewares:
            kind = self._kind(spec)
            step = kind.create(self._options(kind, spec), self.tools)
            placed[kind.place].append(NamedMiddleware(name=spec.use, step=step))
        return MiddlewareSteps(
            before_access=tuple(placed[Place.BEFORE_ACCESS]),
            after_access=tuple(placed[Place.AFTER_ACCESS]),
        )

    def _kind(self, spec: MiddlewareSpec) -> MiddlewareKind[Any]:
        load = self.kinds.get(spec.use)
        if load is None:
            raise MiddlewareMisconfigured(f"there is no middleware {spec.use}")
        return load()

    def _options(self, kind: MiddlewareKind[OptionsT], spec: MiddlewareSpec) -> OptionsT:
        try:
            return parse_options(kind, spec)
        except ValidationError:
            reason = f"the options of the middleware {spec.use} are not valid"
        raise MiddlewareMisconfigured(reason)


def parse_options(kind: MiddlewareKind[OptionsT], spec: MiddlewareSpec) -> OptionsT:
    """Return the options of a middleware, as its own model reads them.

    Raises:
        ValidationError: They are not valid.
    """
    return kind.options.model_validate_json(json.dumps(spec.options))
