"""The messages of ASGI 3 that the gateway reads and sends.

See https://asgi.readthedocs.io/en/latest/specs/www.html.
"""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypedDict

AsgiMessage = dict[str, Any]
Receive = Callable[[], Coroutine[Any, Any, AsgiMessage]]
Send = Callable[[AsgiMessage], Coroutine[Any, Any, None]]


class HttpScope(TypedDict):
    """A request, as far as the gateway reads it."""

    type: str
    http_version: str
    method: str
    scheme: str
    raw_path: bytes
    query_string: bytes
    headers: Iterable[tuple[bytes, bytes]]
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None
