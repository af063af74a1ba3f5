"""The services behind the connectors, in memory: they fail, before or after an effect."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse
from signalbox.models.errors import SendDelayed
from tests.faults.fuse import Killed

_ID: Final = re.compile(r"ntf_[a-z0-9]+")
_ANSWERS: Final = {
    "webhook": HttpResponse(status=204),
    "slack-bot": HttpResponse(status=200, body=b'{"ok": true, "ts": "1.2", "channel": "C1"}'),
    "slack-hook": HttpResponse(status=200, body=b"ok"),
    "teams": HttpResponse(status=202),
}

DEDUPLICATES: Final = frozenset({"webhook", "slack-bot"})
"""The targets that recognise a repeat, or show us what we have sent."""


class Targets(HttpClient):
    """An HTTP client that ends at these targets. A host is the name of a target.

    `share` is the share of calls that fail: no connection, 503, 429, the death of our process, or
    an answer that is lost after the effect.
    """

    def __init__(self, clock: Callable[[], datetime], random: Random, share: float) -> None:
        self.calls: Counter[str] = Counter()
        self.injected: Counter[str] = Counter()
        self.effects: dict[str, Counter[str]] = defaultdict(Counter)
        self._posts: list[tuple[float, str]] = []
        self._now = clock
        self._random = random
        self._share = share

    @override
    def trusts(self, url: str) -> bool:
        return True

    @override
    def __call__(self, request: HttpRequest) -> HttpResponse:
        parts = urlsplit(request.url)
        name = str(parts.hostname)
        if "history" in parts.path:
            return self._history(parse_qs(parts.query))
        self.calls[name] += 1
        if self._random.random() >= self._share:
            return self._taken(name, request)
        fault = self._random.choice(
            (self._unreachable, self._unavailable, self._throttled, self._dies, self._lost)
        )
        self.injected[fault.__name__.strip("_")] += 1
        return fault(name, request)

    def _taken(self, name: str, request: HttpRequest) -> HttpResponse:
        found = request.headers.get("webhook-id") or _ID.search(request.body.decode())
        notification = found if isinstance(found, str) else found[0] if found else "none"
        if not (name == "webhook" and self.effects[name][notification]):
            self.effects[name][notification] += 1
        if name == "slack-bot":
            self._posts.append((self._now().timestamp(), request.body.decode()))
        return _ANSWERS[name]

    def _history(self, query: dict[str, list[str]]) -> HttpResponse:
        oldest, latest = float(query["oldest"][0]), float(query["latest"][0])
        limit = int(query["limit"][0])
        found = [post for at, post in self._posts if oldest <= at <= latest]
        messages = [{"ts": "1.2", **json.loads(post)} for post in reversed(found)][:limit]
        return HttpResponse(
            status=200, body=json.dumps({"ok": True, "messages": messages}).encode()
        )

    def _unreachable(self, name: str, request: HttpRequest) -> HttpResponse:
        raise SendDelayed("no connection")

    def _unavailable(self, name: str, request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=503)

    def _throttled(self, name: str, request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=429, retry_after=timedelta(seconds=30))

    def _dies(self, name: str, request: HttpRequest) -> HttpResponse:
        if name in DEDUPLICATES:
            self._taken(name, request)
        raise Killed

    def _lost(self, name: str, request: HttpRequest) -> HttpResponse:
        self._taken(name, request)
        raise SendDelayed("there was no whole answer in 10 seconds")
