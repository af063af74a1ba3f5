"""The URL at which a request reached the API."""

import re
from typing import Final

from signalbox.models.request import InboundRequest

_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")


def request_origin(request: InboundRequest, scheme: str) -> str:
    """Return scheme, host and base path, or the base path alone if there is no valid host."""
    host = request.header("host")
    return f"{scheme}://{host}{request.base_path}" if _HOST.fullmatch(host) else request.base_path
