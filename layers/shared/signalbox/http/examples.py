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
    "Connection": {"id": "team", "connector": "slack", "settings": {}},
    "Failure": {**_LEASE, "reason": "the tests do not pass", "retryable": True},
    "Heartbeat": {**_LEASE, "lease_seconds": 300, "progress": "looking at the logs"},
    "KeyPatch": {"name": "ci-release", "expires_at": "2027-09-01T00:00:00Z"},
    "NewLines": {**_LEASE, "lines": [{"seq": 1, "text": "cloning octo/hello"}]},
    "NewSecrets": {"secrets": ["the-new-one-in-32-characters-or-more", "the-one-before-it"]},
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
    "PauseWanted": {"reason": "the workers are being replaced"},
    "RedriveWanted": {"kind": "task", "priority": "high", "since": "2026-03-01T00:00:00Z"},
    "Return": {**_LEASE, "reason": "this needs a machine with more memory"},
    "Role": {
        "name": "release-manager",
        "description": "May start tasks and see how they go",
        "scopes": ["tasks:read", "tasks:write"],
    },
    "Source": {
        "provider": "github",
        "name": "default",
        "events": ["issues.opened"],
        "authors": ["octocat"],
        "priority": "high",
    },
    "Subscription": {"id": "team", "connection": "team", "changes": ["succeeded", "failed"]},
    "TaskEdit": {"title": "Fix the login on phones", "priority": "normal", "labels": ["bug"]},
    "TaskPatch": {"priority": "low"},
    "WantedKey": {"name": "ci", "roles": ["operator"], "expires_at": "2027-03-01T00:00:00Z"},
}
