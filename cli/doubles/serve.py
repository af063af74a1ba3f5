"""Serve the doubles: each under `/doubles/NAME`, made when it is first called.

GET /doubles/NAME/-/shown    what a person sees at the service, as a JSON list
POST /doubles/NAME/-/fail    the next request is answered with 503; DELETE /doubles/NAME forgets all
/api/v3/…                    the double of GitHub, as GitHub Enterprise Server
"""

import json
import threading
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from cli.doubles.double import DoubleRequest, DoubleResponse, TargetDouble, new_double
from cli.errors import CommandError

DOUBLES_PATH: Final = "/doubles/"
SHOWN_PATH: Final = "/-/shown"
FAIL_PATH: Final = "/-/fail"
ENTERPRISE_PATH: Final = "/api/v3/"
"""GitHub Enterprise Server is always at the root of its host."""


@dataclass(slots=True)
class ServedDoubles:
    """The doubles of one server, shared by all connections."""

    _doubles: dict[str, TargetDouble] = field(default_factory=dict)
    _failures: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def respond(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> DoubleResponse:
        """Return what a double answers to a request, whose target is the path with its query."""
        parts = urlsplit(target)
        name, path = _name_and_path(parts.path)
        with self._lock:
            if (method, path) == ("DELETE", ""):
                self._doubles.pop(name, None)
                return DoubleResponse(status=204)
            try:
                double = self._double(name)
            except CommandError as error:
                return DoubleResponse(status=404, body=str(error).encode())
            if (method, path) == ("GET", SHOWN_PATH):
                return DoubleResponse(body=json.dumps(list(double.shown())).encode())
            if (method, path) == ("POST", FAIL_PATH):
                self._failures[name] = 1
                return DoubleResponse(status=204)
            if self._failures.pop(name, 0):
                return DoubleResponse(status=503, body=b"down for maintenance")
            request = DoubleRequest(
                method=method,
                path=path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers=headers,
                body=body,
            )
            return double.respond(request)

    def _double(self, name: str) -> TargetDouble:
        if name not in self._doubles:
            self._doubles[name] = new_double(name)
        return self._doubles[name]


def is_double_path(path: str) -> bool:
    """Return whether a double is served at a path."""
    return path.startswith((DOUBLES_PATH, ENTERPRISE_PATH))


def _name_and_path(path: str) -> tuple[str, str]:
    """Return the name of a double, and the path at its service."""
    if path.startswith(ENTERPRISE_PATH):
        return "github", "/" + path.removeprefix(ENTERPRISE_PATH)
    name, slash, rest = path.removeprefix(DOUBLES_PATH).partition("/")
    return name, slash + rest


def double_url(echo_url: str, connector: str) -> str:
    """Return where the double of a connector's service is served."""
    return f"{echo_url}{DOUBLES_PATH}{connector}"
