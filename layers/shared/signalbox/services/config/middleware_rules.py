"""The rules of the middlewares of a service: their options, and the order of the list."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from signalbox.models.event_vocabulary import suggest
from signalbox.models.manifest import ManifestError
from signalbox.models.middleware import MiddlewareSpec
from signalbox.models.service import Service
from signalbox.models.validation_errors import describe_errors
from signalbox.services.gateway.middleware_kind import MiddlewareKind, MiddlewareKinds, Place
from signalbox.services.gateway.service_middlewares import parse_options


def middleware_violations(service: Service, kinds: MiddlewareKinds) -> Iterator[ManifestError]:
    """Yield what is wrong with the middlewares of a service, with the path within it."""
    loaded: dict[int, MiddlewareKind[Any]] = {}
    for index, spec in enumerate(service.middlewares):
        place = f"middlewares[{index}]"
        if spec.use not in kinds:
            reason = f"there is no middleware {spec.use}; {suggest(spec.use, kinds)}"
            yield ManifestError(path=f"{place}.use", reason=reason)
            continue
        loaded[index] = kinds[spec.use]()
        for path, reason in _option_faults(service, spec, loaded[index]):
            yield ManifestError(path=".".join(filter(None, (place, path))), reason=reason)
    yield from _order_violations(service, loaded)


def _option_faults(
    service: Service, spec: MiddlewareSpec, kind: MiddlewareKind[Any]
) -> Iterator[tuple[str, str]]:
    try:
        options = parse_options(kind, spec)
    except ValidationError as invalid:
        yield from describe_errors(invalid, kind.options)
    else:
        yield from kind.check(options, service)


def _order_violations(
    service: Service, loaded: Mapping[int, MiddlewareKind[Any]]
) -> Iterator[ManifestError]:
    earlier: list[str] = []
    is_after_access = False
    for index, kind in loaded.items():
        name = service.middlewares[index].use
        path = f"middlewares[{index}]"
        if name in earlier and not kind.is_repeatable:
            yield ManifestError(path=path, reason=f"{name} stands there twice")
        if is_after_access and kind.place is Place.BEFORE_ACCESS:
            reason = f"{name} comes before the authentication; move it before {earlier[-1]}"
            yield ManifestError(path=path, reason=reason)
        for other in sorted(kind.precedes.intersection(earlier)):
            yield ManifestError(path=path, reason=f"{name} comes before {other}; move it up")
        is_after_access = is_after_access or kind.place is Place.AFTER_ACCESS
        earlier.append(name)
