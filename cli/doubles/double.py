"""What a double of a service is: it answers as the service documents, and shows what it got."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Final, Protocol, Self

from pydantic import JsonValue

from cli.errors import CommandError

_HIDDEN: Final = re.compile(r"<!--.*?-->\s*|</?[a-z]+>|\u200b", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINK: Final = re.compile(r"\[([a-z]+)\]\(<[^>]*>\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleRequest:
    """A request; `path` is without the query, and header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> dict[str, JsonValue]:
        """Return the JSON object in the body, an empty one if it is something else."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleResponse:
    """A response."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(
        cls, value: JsonValue, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Self:
        """Return a response with a JSON value."""
        kind = {"Content-Type": "application/json"}
        body = json.dumps(value, ensure_ascii=False).encode()
        return cls(status=status, body=body, headers={**kind, **(headers or {})})


class TargetDouble(Protocol):
    """A service in memory, which checks credentials, fields and limits as the service does."""

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection to this double, which is served at the URL."""

    def secret(self, url: str) -> str | None:
        """Return the secret of such a connection, None if it needs none."""

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Return what the service answers. Requests come one at a time."""

    def shown(self) -> Sequence[str]:
        """Return the texts that a person sees at the service, oldest first."""


def readable_markdown(text: str) -> str:
    """Return Markdown about as a person reads it: without comments, tags and escapes."""
    return _ESCAPE.sub(r"\1", _LINK.sub(r"\1", _HIDDEN.sub("", text))).strip()


def shown_reaction(kind: str, name: str) -> str:
    """Return how a reaction to an object of a forge is shown, by its path: `issues/comments`."""
    return f"👀 on {kind} {name}"


def new_double(connector: str) -> TargetDouble:
    """Return a new double of the service that a connector calls.

    Raises:
        CommandError: There is none.
    """
    module = f"cli.doubles.{connector}"
    if not connector.isidentifier() or find_spec(module) is None:
        raise CommandError(f"there is no double for the connector {connector!r}")
    made: TargetDouble = import_module(module).DOUBLE()
    return made
