"""The directives of `Cache-Control`, of requests and responses (RFC 9111, 5.2)."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

_DIRECTIVE: Final = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s,\"]*))?"
)
_SECONDS: Final = re.compile(r"[0-9]{1,10}", re.ASCII)

CacheDirectives = Mapping[str, str]
"""Directives by name in lower case; the value is empty where there is none."""


def parse_cache_control(values: Iterable[str]) -> CacheDirectives:
    """Return the directives of all fields; of one that is repeated the first."""
    found: dict[str, str] = {}
    for value in values:
        for name, argument in _DIRECTIVE.findall(value):
            found.setdefault(name.lower(), argument.strip('"'))
    return found


def seconds_of(directives: CacheDirectives, name: str) -> int | None:
    """Return the seconds of a directive, None if it is not there, 0 if it has no valid number."""
    if name not in directives:
        return None
    text = directives[name]
    return int(text) if _SECONDS.fullmatch(text) else 0
