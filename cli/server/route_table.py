"""Which function answers a request: the routes of the HTTP API, the most specific one first.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cli.local.processed_template import GatewayRoute

_PARAMETER: Final = re.compile(r"\{(\w+)(\+?)\}")
_ANY: Final = "ANY"
_ESCAPES: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_PERCENT: Final = 0x25


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedRoute:
    """A route, its function, and what stands for the parameters of its path, decoded."""

    key: str
    function: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    key: str
    function: str
    method: str
    path: re.Pattern[str]
    rank: tuple[tuple[int, ...], bool]


class RouteTable:
    """The routes of an HTTP API."""

    def __init__(self, routes: Iterable[GatewayRoute]) -> None:
        self._patterns = sorted(map(_pattern, routes), key=lambda pattern: pattern.rank)

    def match(self, method: str, path: str) -> MatchedRoute | None:
        """Return the route of a request, whose path is as it was sent; None if there is none."""
        for pattern in self._patterns:
            found = pattern.path.fullmatch(path) if pattern.method in (method, _ANY) else None
            if found:
                parameters = {name: decoded_path(text) for name, text in found.groupdict().items()}
                return MatchedRoute(
                    key=pattern.key, function=pattern.function, parameters=parameters
                )
        return None


def decoded_path(path: str) -> str:
    """Return a path as events have it: each escape is decoded, except that of `%`."""
    return _ESCAPES.sub(lambda found: _decoded(found[0]), path)


def _decoded(run: str) -> str:
    data = bytes.fromhex(run.replace("%", ""))
    return "%25".join(part.decode("utf-8", "replace") for part in data.split(bytes([_PERCENT])))


def _pattern(route: GatewayRoute) -> _Pattern:
    method, _, path = route.key.partition(" ")
    segments = path.split("/")[1:]
    expression = "".join(f"/{_segment(segment)}" for segment in segments)
    return _Pattern(
        key=route.key,
        function=route.function,
        method=method,
        path=re.compile(expression),
        rank=(tuple(map(_rank, segments)), method == _ANY),
    )


def _segment(segment: str) -> str:
    found = _PARAMETER.fullmatch(segment)
    if not found:
        return re.escape(segment)
    return f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})"


def _rank(segment: str) -> int:
    """Return how little specific a segment is: 0 a text, 1 a parameter, 2 the rest of a path."""
    found = _PARAMETER.fullmatch(segment)
    return (2 if found[2] else 1) if found else 0
