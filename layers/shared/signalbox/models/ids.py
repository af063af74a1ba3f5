"""Ids are types: a `TaskId` cannot be passed where a `ConnectionId` belongs."""

import base64
import hashlib
import secrets
from datetime import datetime
from typing import NewType

TaskId = NewType("TaskId", str)
DeliveryId = NewType("DeliveryId", str)
LeaseId = NewType("LeaseId", str)
WorkerId = NewType("WorkerId", str)
ChangeId = NewType("ChangeId", str)
NotificationId = NewType("NotificationId", str)
ConnectionId = NewType("ConnectionId", str)
SubscriptionId = NewType("SubscriptionId", str)
KeyId = NewType("KeyId", str)
RequestId = NewType("RequestId", str)

_BYTES = 15


def _text(raw: bytes) -> str:
    return base64.b32encode(raw).decode().lower()


def _derived(prefix: str, parts: tuple[str, ...]) -> str:
    """120 bits of SHA-256 over the parts, each with its length, so that no two lists collide."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return f"{prefix}_{_text(digest.digest()[:_BYTES])}"


def _random(prefix: str) -> str:
    return f"{prefix}_{_text(secrets.token_bytes(_BYTES))}"


def task_id(*parts: str) -> TaskId:
    """Return the id of the task that these parts name; the same parts always name the same task."""
    return TaskId(_derived("tsk", parts))


def random_task_id() -> TaskId:
    """Return an id for a task that nothing names."""
    return TaskId(_random("tsk"))


def delivery_id(provider: str, source: str, key: str) -> DeliveryId:
    """Return the id of the delivery that the provider knows by this key."""
    return DeliveryId(_derived("dlv", (provider, source, key)))


def notification_id(change: ChangeId, connection: ConnectionId) -> NotificationId:
    """Return the id of what is owed to this connection for this change."""
    return NotificationId(_derived("ntf", (change, connection)))


def change_id(task: TaskId, created_at: datetime, version: int) -> ChangeId:
    """Return the id of the change that brought the task to this version.

    A task that has expired may be made again under its id, and its changes are others.
    """
    return ChangeId(f"{task}.{int(created_at.timestamp())}.{version}")


def random_lease_id() -> LeaseId:
    """Return an id for a lease, not to be guessed."""
    return LeaseId(_random("lse"))


def random_request_id() -> RequestId:
    """Return an id for a request that came without one."""
    return RequestId(_random("req"))
