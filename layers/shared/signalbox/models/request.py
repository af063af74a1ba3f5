"""A request as it arrived, before anybody believed it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRequest:
    """One HTTP request: header names in lower case, the body as the bytes that were sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    source_ip: str = ""
    request_id: str = ""

    def header(self, name: str) -> str:
        """The value of a header, empty where it was not sent."""
        return self.headers.get(name, "")
