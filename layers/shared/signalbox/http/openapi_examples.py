"""Examples of request bodies, by the name of their model."""

from typing import Final

from pydantic import JsonValue

_LEASE: Final[dict[str, JsonValue]] = {"lease_id": "lse_mfrggzdfmztwq2lknnwg23tp", "fence": 1}

EXAMPLES: Final[dict[str, dict[str, JsonValue]]] = {
    "ClaimRequest": {"worker": "agent-1", "lease_seconds": 300, "wait_seconds": 10},
    "CompleteRequest": {
        **_LEASE,
        "result": {
            "summary": "The login works again",
            "url": "https://github.com/octo/hello/pull/7",
            "data": {"files": 3},
        },
        "claim": {"worker": "agent-1", "lease_seconds": 300},
    },
    "Connection": {"id": "team", "connector": "slack", "settings": {}},
    "FailRequest": {**_LEASE, "reason": "the tests do not pass", "retryable": True},
    "HeartbeatRequest": {**_LEASE, "lease_seconds": 300, "progress": "looking at the logs"},
    "UpdateKeyRequest": {"name": "ci-release", "expires_at": "2027-09-01T00:00:00Z"},
    "AppendLogRequest": {**_LEASE, "lines": [{"seq": 1, "text": "cloning octo/hello"}]},
    "PutSecretsRequest": {"secrets": ["the-new-one-in-32-characters-or-more", "the-one-before-it"]},
    "CreateTaskRequest": {
        "title": "Fix the login",
        "kind": "fix",
        "description": "Since yesterday nobody can log in with a passkey.",
        "arguments": ["login"],
        "labels": ["bug"],
        "priority": "high",
        "repository": "octo/hello",
        "due": "2026-03-01T12:00:00Z",
    },
    "CancelTaskRequest": {"reason": "the release is put off", "subtree": True},
    "PauseRequest": {"reason": "the workers are being replaced"},
    "PreviewRequest": {"template": "{{ change }}: {{ title }}", "change": "failed"},
    "RedeliverRequest": {
        "status": "failed",
        "connection": "team",
        "since": "2026-03-01T00:00:00Z",
    },
    "RedriveRequest": {"kind": "task", "priority": "high", "since": "2026-03-01T00:00:00Z"},
    "ReleaseRequest": {**_LEASE, "reason": "this needs a machine with more memory"},
    "Role": {
        "name": "release-manager",
        "description": "May start tasks and see how they go",
        "scopes": ["tasks:read", "tasks:write"],
    },
    "RegisterInstanceRequest": {
        "url": "https://10-0-3-7.orders.example.com:8443",
        "zone": "eu-central-1a",
        "ttl_seconds": 30,
    },
    "Schedule": {
        "name": "monday-report",
        "cron": "0 7 * * MON",
        "timezone": "Europe/Berlin",
        "task": {"kind": "report", "title": "Write the weekly report"},
    },
    "Service": {
        "name": "orders",
        "instances": [{"id": "a", "url": "https://orders-a.example.com", "weight": 2}],
    },
    "ServiceRoute": {
        "id": "shop",
        "path": "/api/shop/{shop}",
        "service": "orders",
        "rewrite": "/shops/{shop}",
    },
    "Source": {
        "provider": "github",
        "name": "default",
        "events": ["issues.opened"],
        "authors": ["octocat"],
        "priority": "high",
    },
    "Subscription": {"id": "team", "connection": "team", "changes": ["succeeded", "failed"]},
    "ReplaceTaskRequest": {
        "title": "Fix the login on phones",
        "priority": "normal",
        "labels": ["bug"],
    },
    "UpdateTaskRequest": {"priority": "low"},
    "CreateKeyRequest": {"name": "ci", "roles": ["operator"], "expires_at": "2027-03-01T00:00:00Z"},
}
