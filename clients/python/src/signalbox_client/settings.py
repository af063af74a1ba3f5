"""Where the API is, and the key for it."""

import os
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from signalbox_client.errors import ConfigurationError

_KEY: Final = re.compile(r"[!-~]{1,8192}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The address of the API without a slash at its end, and the key."""

    url: str
    key: str = field(repr=False)

    @property
    def is_loopback(self) -> bool:
        """Return whether the API is on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


def settings_of(url: str | None, key: str | None) -> Settings:
    """Return the settings; what is not given is read from SIGNALBOX_URL and SIGNALBOX_API_KEY.

    Raises:
        ConfigurationError: One is missing or malformed.
    """
    url = url or os.environ.get("SIGNALBOX_URL", "")
    key = key or os.environ.get("SIGNALBOX_API_KEY", "")
    if not url:
        raise ConfigurationError("no URL: pass `url` or set SIGNALBOX_URL")
    if not key:
        raise ConfigurationError("no API key: pass `key` or set SIGNALBOX_API_KEY")
    if not _KEY.fullmatch(key):
        raise ConfigurationError("the API key contains what no key contains, such as a space")
    if not _is_base_url(url):
        raise ConfigurationError(
            "the URL has to be one of http or https, without user, query and fragment"
        )
    return Settings(url=url.rstrip("/"), key=key)


def _is_base_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port != 0
    except ValueError:
        return False
    extra = parts.username or parts.password or parts.query or parts.fragment
    return (
        parts.scheme in {"http", "https"} and bool(parts.hostname) and port_is_valid and not extra
    )
