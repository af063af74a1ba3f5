"""A worker as the API sees it."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import JsonValue

from tests.functions.system import ApiResponse

Ask = Callable[[str, dict[str, JsonValue]], ApiResponse]
"""Posts to a path of the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A task in a worker's hands."""

    task: str
    lease: str
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Claims tasks and says how they ended, under the lease it was given."""

    ask: Ask
    name: str = "worker"
    seconds: int = 60

    def claim(self) -> Hold | None:
        words: dict[str, JsonValue] = {"worker": self.name, "lease_seconds": self.seconds}
        answer = self.ask("/api/v1/queue/claim", words)
        assert answer.status == 200, answer.text
        return _hold(answer.json_body)

    def complete_and_claim(self, hold: Hold) -> Hold | None:
        """Completes a task and claims the next one in one request."""
        claim: JsonValue = {"worker": self.name, "lease_seconds": self.seconds}
        answer = self._say(hold, "complete", result={"summary": "done"}, claim=claim)
        assert answer.status == 200, answer.text
        return _hold(answer.part("next")) if answer.json_body["next"] else None

    def heartbeat(self, hold: Hold) -> ApiResponse:
        return self._say(hold, "heartbeat", lease_seconds=self.seconds)

    def complete(self, hold: Hold) -> ApiResponse:
        return self._say(hold, "complete", result={"summary": "done"})

    def fail(self, hold: Hold, *, retryable: bool = True) -> ApiResponse:
        return self._say(hold, "fail", reason="it broke", retryable=retryable)

    def release(self, hold: Hold) -> ApiResponse:
        return self._say(hold, "release")

    def _say(self, hold: Hold, what: str, **more: JsonValue) -> ApiResponse:
        words: dict[str, JsonValue] = {"lease_id": hold.lease, "fence": hold.fence}
        return self.ask(f"/api/v1/tasks/{hold.task}/{what}", words | more)


def _hold(claimed: dict[str, JsonValue]) -> Hold | None:
    """The task and the lease of a claim, if it got one."""
    task, lease = claimed["task"], claimed["lease"]
    if not isinstance(task, dict) or not isinstance(lease, dict):
        return None
    return Hold(task=str(task["id"]), lease=str(lease["id"]), fence=int(str(lease["fence"])))
