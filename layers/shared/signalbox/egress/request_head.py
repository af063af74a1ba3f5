"""The head of an outgoing request, in the form in which it is sent."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

_SENDABLE: Final = "!$%&'()*+,/:;=?@~"
"""What a target may have beside letters and digits; the rest is percent-encoded."""

_LONE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_AUTHORITY: Final = re.compile(r"[^:]+://[^/?#]*")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"(?:[^\s\x00-\x1f\x7f][^\x00-\x08\x0a-\x1f\x7f]*)?")
"""https://www.rfc-editor.org/rfc/rfc9110#section-5.5"""


def request_target(url: str) -> str:
    """Return path and query of a URL as a request has them, without dot segments.

    Raises:
        ValueError: A character cannot be encoded.
    """
    rest = _AUTHORITY.sub("", url, count=1).partition("#")[0]
    path, _, query = rest.partition("?")
    target = f"{_without_dots(path)}?{query}" if query else _without_dots(path)
    return quote(_LONE_PERCENT.sub("%25", target), safe=_SENDABLE)


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers, of those whose names differ by case alone the last.

    Raises:
        ValueError: A request cannot have one of them.
    """
    checked: dict[str, tuple[str, str]] = {}
    for name, value in headers.items():
        value.encode("latin-1")
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError("a header cannot be sent")
        checked[name.lower()] = (name, value)
    return dict(checked.values())


def _without_dots(path: str) -> str:
    """Return an absolute path without `.` and `..`.

    See https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4.
    """
    kept: list[str] = []
    segments = path.removeprefix("/").split("/")
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return f"/{'/'.join(kept)}"
