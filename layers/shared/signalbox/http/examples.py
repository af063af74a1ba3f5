"""An example of every body, by the name of its model."""

from typing import Final

from pydantic import JsonValue

_LEASE: Final[dict[str, JsonValue]] = {"lease_id": "lse_mfrggzdfmztwq2lknnwg23tp", "fence": 1}

EXAMPLES: Final[dict[str, dict[str, JsonValue]]] = {
    "Claim": {"worker": "agent-1", "lease_seconds": 300, "wait_seconds": 10},
    "Completion": {
        **_LEASE,
        "result": {
            "summary": "The login works again",
            "url": "https://github.com/octo/hello/pull/7",
            "data": {"files": 3},
        },
    },
    "Failure": {**_LEASE, "reason": "the tests do not pass", "retryable": True},
    "Heartbeat": {**_LEASE, "lease_seconds": 300, "progress": "looking at the logs"},
    "NewTask": {
        "title": "Fix the login",
        "kind": "fix",
        "description": "Since yesterday nobody can log in with a passkey.",
        "arguments": ["login"],
        "labels": ["bug"],
        "priority": "high",
        "repository": "octo/hello",
        "due": "2026-03-01T12:00:00Z",
    },
    "Return": {**_LEASE, "reason": "this needs a machine with more memory"},
}
