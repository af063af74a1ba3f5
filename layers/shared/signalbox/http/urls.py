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


def request_origin(request: InboundRequest, scheme: str) -> str:
    """Return the URL of the API without a path, by the host that the client asked for.

    An odd host becomes empty, which makes the URL relative.
    """
    host = request.header("host")
    return f"{scheme}://{host}{request.base_path}" if _host_name(host) else request.base_path


def public_url(request: InboundRequest) -> str:
    """Return the URL of the API as `request_origin` does: https, except on this machine."""
    on_this_machine = is_this_machine(_host_name(request.header("host")))
    return request_origin(request, "http" if on_this_machine else "https")


def _host_name(host: str) -> str:
    """Return a host without its port, empty if it is not valid."""
    if not _HOST.fullmatch(host):
        return ""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets without an address
        return ""
