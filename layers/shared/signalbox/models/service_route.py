"""Routes to services behind the gateway: what they match, and which of them wins."""

from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints
from typing_extensions import override

from signalbox.models.base import Name
from signalbox.models.config_resource import ConfigResource
from signalbox.models.service import VersionName

_SEGMENT: Final = r"(/([A-Za-z0-9._~!$&'()*+,=:@-]+|\{[a-z][a-z0-9_]{0,30}\}))"

RoutePath = Annotated[str, StringConstraints(pattern=rf"^{_SEGMENT}+$", max_length=300)]
"""A path with parameters that match one segment each, such as `/api/shops/{shop}/orders`."""

RewritePath = Annotated[str, StringConstraints(pattern=rf"^(/|{_SEGMENT}+)$", max_length=300)]
"""A path in which parameters stand for what they matched."""

RouteMethod = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,20}$")]
RouteHost = Annotated[
    str, StringConstraints(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=253)
]
"""A host name in lower case; `*.example.com` matches every name below it."""

FieldName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9a-z-]{1,64}$")]
"""The name of a header, in lower case."""

FieldText = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,254}[!-~])?$")]

Specificity = tuple[int, tuple[int, int], int, tuple[bool, ...], int, bool]


class ServiceRoute(ConfigResource):
    """A route: requests below `path` that meet every condition are for a version of a service.

    The part of the path that matched is replaced by `rewrite`; `/` strips it, and without one the
    path stays as it is. The route of the highest `priority` wins, then the one with the more
    specific host, with the longest path, and with more conditions.
    """

    kind: ClassVar = "route"

    id: Name
    path: RoutePath
    service: Name
    version: VersionName | None = None
    enabled: bool = True
    methods: Annotated[tuple[RouteMethod, ...], Field(max_length=20)] = ()
    host: RouteHost | None = None
    headers: dict[FieldName, FieldText] = Field(default_factory=dict, max_length=10)
    rewrite: RewritePath | None = None
    priority: Annotated[int, Field(ge=0, le=1_000)] = 0

    @property
    @override
    def key(self) -> str:
        return self.id

    @property
    def segments(self) -> tuple[str, ...]:
        """Return the segments of the path."""
        return tuple(self.path[1:].split("/"))

    @property
    def specificity(self) -> Specificity:
        """Return the rank of the route among those that match a request; the highest wins."""
        return (
            self.priority,
            _host_rank(self.host),
            len(self.segments),
            tuple(not is_parameter(segment) for segment in self.segments),
            len(self.headers),
            bool(self.methods),
        )


def is_parameter(segment: str) -> bool:
    """Return whether a segment of a path is a parameter, such as `{shop}`."""
    return segment.startswith("{")


def routes_conflict(one: ServiceRoute, other: ServiceRoute) -> bool:
    """Return whether a request could match both routes, and neither of them wins."""
    return (
        one.enabled
        and other.enabled
        and one.specificity == other.specificity
        and one.host == other.host
        and _literals(one) == _literals(other)
        and (not one.methods or not set(one.methods).isdisjoint(other.methods))
        and all(other.headers.get(name, text) == text for name, text in one.headers.items())
    )


def _literals(route: ServiceRoute) -> tuple[str, ...]:
    return tuple("{}" if is_parameter(segment) else segment for segment in route.segments)


def _host_rank(host: str | None) -> tuple[int, int]:
    if host is None:
        return (0, 0)
    return (1, len(host)) if host.startswith("*") else (2, 0)
