"""GitLab's API for the events of a webhook, and GitLab itself, which delivers or fails to."""

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from pydantic import JsonValue

from tests.fakes.http_server import FakeHttpServer, Received, Reply

HOOK = "projects/octo-org/railway/hooks/7"
_PATH = re.compile(r"/api/v4/(.+)/events(?:/([0-9]+)/resend)?")


class FakeGitLabHooks(FakeHttpServer):
    """Delivers by `receive`, which returns the status of the answer, 0 without one."""

    def __init__(self, receive: Callable[[str], int] = lambda _: 202) -> None:
        super().__init__()
        self.receive = receive
        self.log: list[dict[str, JsonValue]] = []
        self.path = HOOK.replace("octo-org/railway", "octo-org%2Frailway")
        self.token = "glpat-token"
        self.page_size = 20
        self.dropping = False

    @property
    def settings(self) -> dict[str, JsonValue]:
        """The settings of a source whose webhook this is."""
        return {"api_url": f"{self.url}/api/v4", "redelivery": {"hook": HOOK}}

    def deliver(self, key: str, **changes: JsonValue) -> int:
        """Delivers an event, or drops it; the status is in the log."""
        status = 0 if self.dropping else self.receive(key)
        self.log.append(
            {
                "id": 500 + len(self.log),
                "url": "https://signalbox.example.com/",
                "trigger": "push_hooks",
                "request_headers": {
                    "Content-Type": "application/json",
                    "Idempotency-Key": key,
                    "X-Gitlab-Event": "Push Hook",
                    "X-Gitlab-Token": "[REDACTED]",
                },
                "request_data": {"object_kind": "push"},
                "response_headers": {},
                "response_body": "",
                "execution_duration": 1.2,
                "response_status": str(status) if status else "internal error",
                **changes,
            }
        )
        return status

    def reply_to(self, received: Received) -> Reply:
        if self.script:
            return super().reply_to(received)
        parts = urlsplit(received.path)
        found = _PATH.fullmatch(parts.path)
        if received.headers.get("authorization") != f"Bearer {self.token}":
            return _json({"message": "401 Unauthorized"}, status=401)
        if found is None or found[1] != self.path:
            return _json({"message": "404 Not found"}, status=404)
        if received.method == "POST":
            return self._resend(int(found[2] or 0))
        query = parse_qs(parts.query)
        return self._page(int(query["page"][0]), min(int(query["per_page"][0]), self.page_size))

    def _resend(self, number: int) -> Reply:
        for entry in self.log:
            headers = entry["request_headers"]
            if entry["id"] == number and isinstance(headers, dict):
                status = self.deliver(str(headers["Idempotency-Key"]))
                if not status:
                    return _json({"message": "Failed to open TCP connection"}, status=422)
                return _json({"response_status": status}, status=201)
        return _json({"message": "404 Not found"}, status=404)

    def _page(self, page: int, size: int) -> Reply:
        newest_first = list(reversed(self.log))
        shown = newest_first[(page - 1) * size : page * size]
        following = str(page + 1) if newest_first[page * size :] else ""
        return _json(list[JsonValue](shown), headers={"X-Next-Page": following})


def _json(value: JsonValue, *, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status=status, body=json.dumps(value).encode(), headers=headers or {})
