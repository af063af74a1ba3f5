"""Fetches the key sets of those who issue tokens, through the one HTTP client there is."""

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from signalbox.auth.jwks import MAX_SET
from signalbox.egress.transport import Http, Request
from signalbox.models.errors import SendDelayed, SendRefused, Unavailable
from signalbox.services.guards import Fetch, FetchedKeys

_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=\"?([0-9]{1,9})", re.IGNORECASE)
_OK: Final = 200


def fetch(trusted: Collection[str]) -> Fetch:
    """Asks with short times: a caller waits for the answer."""
    http = Http(trusted=trusted, connect=2.0, read=2.0, total=3.0, max_answer=MAX_SET + 1)

    def ask(url: str) -> FetchedKeys:
        try:
            answer = http(Request(url=url, method="GET"))
        except (SendDelayed, SendRefused) as trouble:
            raise Unavailable(f"the issuer's keys: {trouble.reason}") from None
        if answer.status != _OK:
            raise Unavailable(f"the issuer answered {answer.status}")
        said = _MAX_AGE.search(answer.headers.get("cache-control", ""))
        max_age = timedelta(seconds=int(said[1])) if said else None
        return FetchedKeys(body=answer.body, max_age=max_age)

    return ask
