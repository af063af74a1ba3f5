"""URLs of the API as its clients see them."""

import re
from typing import Final
from urllib.parse import urlsplit

from signalbox.models.request import InboundRequest

_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}(?::\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def is_this_machine(host: str) -> bool:
    """Return whether a host name or address is this machine."""
    return host.lower() in _LOOPBACK


def public_url(request: InboundRequest) -> str:
    """Return the URL of the API without a path, by the host that the client asked for.

    It is https, except on this machine. An odd host becomes empty, which makes the URL relative.
    """
    host = request.header("host")
    if not _HOST.fullmatch(host):
        return request.base_path
    scheme = "http" if is_this_machine(urlsplit(f"//{host}").hostname or "") else "https"
    return f"{scheme}://{host}{request.base_path}"
