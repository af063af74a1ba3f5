"""GitHub's API for the deliveries of a webhook, and GitHub itself, which delivers or fails to."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from pydantic import JsonValue

from signalbox.services.ports.time import Clock
from tests.fakes.http_server import FakeHttpServer, Received, Reply

HOOK = "repos/octo-org/railway/hooks/1"
_PATH = re.compile(r"/(.+)/deliveries(?:/([0-9]+)/attempts)?")


class FakeGitHubHooks(FakeHttpServer):
    """Delivers by `receive`, which returns the status of the answer, 0 without one.

    Its API is at `/api/v3`. `token` is the one that it accepts, or a check of it.
    """

    def __init__(self, clock: Clock, receive: Callable[[str], int] = lambda _: 202) -> None:
        super().__init__()
        self.clock, self.receive = clock, receive
        self.log: list[dict[str, JsonValue]] = []
        self.hook = HOOK
        self.token: str | Callable[[str], bool] = "ghp-token"
        self.page_size = 100
        self.dropping = False

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/v3"

    @property
    def settings(self) -> dict[str, JsonValue]:
        """The settings of a source whose webhook this is."""
        return {"api_url": self.api_url, "redelivery": {"hook": self.hook}}

    def deliver(self, guid: str, *, redelivery: bool = False, at: datetime | None = None) -> int:
        """Delivers an event, or drops it; the status is in the log."""
        status = 0 if self.dropping else self.receive(guid)
        self.log.append(
            {
                "id": 10_000_000_000 + len(self.log),
                "guid": guid,
                "delivered_at": (at or self.clock()).isoformat().replace("+00:00", "Z"),
                "redelivery": redelivery,
                "duration": 0.03,
                "status": "OK" if status // 100 == 2 else "failed to connect to host",
                "status_code": status,
                "event": "issue_comment",
                "action": "created",
                "installation_id": None,
                "repository_id": 123,
                "throttled_at": None,
            }
        )
        return status

    def reply_to(self, received: Received) -> Reply:
        if self.script:
            return super().reply_to(received)
        parts = urlsplit(received.path)
        found = _PATH.fullmatch(parts.path.removeprefix("/api/v3"))
        if not self._accepts(received.headers.get("authorization", "").removeprefix("Bearer ")):
            return _json({"message": "Bad credentials"}, status=401)
        if found is None or found[1] != self._path:
            return _json({"message": "Not Found"}, status=404)
        if received.method == "POST":
            return self._repeat(int(found[2] or 0))
        return self._page(parse_qs(parts.query))

    @property
    def _path(self) -> str:
        return "app/hook" if self.hook == "app" else self.hook

    def _accepts(self, token: str) -> bool:
        return token == self.token if isinstance(self.token, str) else self.token(token)

    def _repeat(self, attempt: int) -> Reply:
        for entry in self.log:
            if entry["id"] == attempt:
                self.deliver(str(entry["guid"]), redelivery=True)
                return _json({}, status=202)
        return _json({"message": "Not Found"}, status=404)

    def _page(self, query: Mapping[str, list[str]]) -> Reply:
        size = min(int(query["per_page"][0]), self.page_size)
        newest_first = list(reversed(self.log))
        cursor = query.get("cursor", [""])[0]
        start = next(
            (at for at, entry in enumerate(newest_first) if f"v1_{entry['id']}" == cursor), 0
        )
        rest = newest_first[start + size :]
        headers = {}
        if rest:
            url = (
                f"{self.api_url}/{self._path}/deliveries?per_page={size}&cursor=v1_{rest[0]['id']}"
            )
            headers["Link"] = f'<{url}>; rel="next"'
        return _json(list[JsonValue](newest_first[start : start + size]), headers=headers)


def _json(
    value: JsonValue, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    return Reply(status=status, body=json.dumps(value).encode(), headers=headers or {})
