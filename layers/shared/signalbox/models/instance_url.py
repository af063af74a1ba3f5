"""Which URLs an instance of a service may have."""

import re
from typing import Final

from signalbox.models.ip_addresses import is_forbidden_address

_AUTHORITY: Final = re.compile(
    r"https?://(\[([0-9a-f:.]+)\]|([a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*))(:[1-9][0-9]{0,4})?(/.*)?",
    re.IGNORECASE,
)
_BASE: Final = re.compile(r"[A-Za-z0-9/._~!$&'()*+,;=:@-]*")


def is_https(url: str) -> bool:
    """Return whether a URL has the scheme https."""
    return url.startswith("https:")


def instance_url_fault(url: str) -> str:
    """Return what is wrong with the URL of an instance, empty if nothing is."""
    parts = _AUTHORITY.fullmatch(url)
    if not parts:
        return "expects an http or https URL of a host, without user name, query and fragment"
    path = parts[6] or ""
    if not _BASE.fullmatch(path) or {".", ".."} & set(path.split("/")) or "//" in path:
        return "has a path that cannot be the beginning of another"
    if is_forbidden_address(parts[2] or parts[3]):
        return "is a link-local address or one of a metadata service, which is never called"
    return ""
