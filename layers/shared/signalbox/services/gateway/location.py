"""Turn the `Location` of a service into one of the gateway."""

from signalbox.services.gateway.request import Destination
from signalbox.services.ports.gateway import HeaderFields


def public_locations(
    fields: HeaderFields, destination: Destination, *, instance_url: str, base: str
) -> HeaderFields:
    """Return the fields with every `Location` below the instance as a path below the gateway.

    Other URLs, and paths that are not below `destination.internal`, stay as they are.
    """
    return tuple(
        (name, _public(value, destination, instance_url, base))
        if name.lower() == "location"
        else (name, value)
        for name, value in fields
    )


def _public(value: str, destination: Destination, instance_url: str, base: str) -> str:
    scheme, _, rest = instance_url.partition("://")
    authority, _, prefix = rest.partition("/")
    origin = f"{scheme}://{authority}"
    path = value.removeprefix(origin)
    if path != value and path[:1] not in ("", "/", "?", "#"):
        return value  # another host whose name begins alike
    path = path or "/"
    if not path.startswith("/") or path.startswith("//"):
        return value
    inside = f"/{prefix}".rstrip("/") + destination.internal
    if path != inside and not path.startswith((f"{inside}/", f"{inside}?", f"{inside}#")):
        return path
    return base + destination.external + path[len(inside) :]
