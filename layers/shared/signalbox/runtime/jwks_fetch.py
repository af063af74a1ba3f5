"""Fetch the key sets of issuers of tokens, through the HTTP client of the connectors."""

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from signalbox.auth.jwks import MAX_JWKS_BYTES
from signalbox.egress.http_client import HttpClient, HttpRequest
from signalbox.models.errors import SendDelayed, SendRefused, Unavailable
from signalbox.services.ports.auth import FetchedJwks, FetchJwks

_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=\"?([0-9]{1,9})", re.IGNORECASE)
_OK: Final = 200


def jwks_fetcher(trusted: Collection[str]) -> FetchJwks:
    """Return a fetcher with short timeouts, since a caller waits for the response."""
    http = HttpClient(
        trusted=trusted, connect=2.0, read=2.0, total=3.0, max_answer=MAX_JWKS_BYTES + 1
    )

    def ask(url: str) -> FetchedJwks:
        try:
            answer = http(HttpRequest(url=url, method="GET"))
        except (SendDelayed, SendRefused) as trouble:
            raise Unavailable(f"the issuer's keys: {trouble.reason}") from None
        if answer.status != _OK:
            raise Unavailable(f"the issuer answered {answer.status}")
        said = _MAX_AGE.search(answer.headers.get("cache-control", ""))
        max_age = timedelta(seconds=int(said[1])) if said else None
        return FetchedJwks(body=answer.body, max_age=max_age)

    return ask
