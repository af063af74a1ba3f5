"""A request as it was received, before it is verified."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from signalbox.models.frozen import frozen

_MAX_RECORDED: Final = 256
_REFUSED: Final = re.compile(r";[ \t]*q=0(?:\.0{0,3})?[ \t]*(?:;|$)", re.IGNORECASE)


@frozen
class InboundRequest:
    """An HTTP request: header names in lower case, the body as the bytes that were sent.

    `base_path` is the part of the URL before `path`, such as the API mapping of a custom domain;
    `query` is the part after its question mark, as it was sent. `received_at` is when the gateway
    took it, None if that is not known.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    source_ip: str = ""
    request_id: str = ""
    base_path: str = ""
    query: str = ""
    received_at: datetime | None = None

    def header(self, name: str) -> str:
        """Return the value of a header, empty if it was not sent."""
        return self.headers.get(name, "")

    def with_headers(self, headers: Mapping[str, str]) -> "InboundRequest":
        """Return the request with these headers added or replaced."""
        return replace(self, headers={**self.headers, **headers})

    @property
    def media_type(self) -> str:
        """Return the media type of the body, empty if it was not sent."""
        return media_type_of(self.header("content-type"))

    @property
    def accepted(self) -> frozenset[str]:
        """Return the media ranges that the client accepts, in lower case.

        Without those of weight 0.

        It is empty if the header is missing; then any type is accepted (RFC 9110, 12.5.1).
        """
        ranges = (part for part in self.header("accept").split(",") if part.strip())
        return frozenset(media_type_of(part) for part in ranges if not _REFUSED.search(part))


def recorded_headers_of(request: InboundRequest, names: Collection[str]) -> dict[str, str]:
    """Return the headers of these names as they are stored with a delivery."""
    return {name: value[:_MAX_RECORDED] for name, value in request.headers.items() if name in names}


def media_type_of(value: str) -> str:
    """Return a media type in lower case, without its parameters (RFC 9110, 8.3.1)."""
    return value.partition(";")[0].strip().lower()
