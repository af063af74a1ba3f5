"""Ids as distinct types: a `TaskId` cannot be passed where a `ConnectionId` is expected."""

import base64
import hashlib
from datetime import datetime
from os import urandom
from typing import Final, NewType

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
IncidentId = NewType("IncidentId", str)
SocketId = NewType("SocketId", str)
"""The id of a WebSocket connection, which API Gateway gives."""

TASK_ID: Final = "tsk_[a-z2-7]{24}"
"""The form of the id of a task, as a regular expression."""

_BYTES = 15
_DIGITS: Final = 24
_DIGIT_OF_BYTE: Final = b"abcdefghijklmnopqrstuvwxyz234567" * 8
"""A digit of base 32 for each byte: five bits of it, each digit for as many bytes."""


def _text(raw: bytes) -> str:
    return base64.b32encode(raw).decode().lower()


def _derived(prefix: str, parts: tuple[str, ...]) -> str:
    """Return 120 bits of SHA-256 over the parts, each with its length.

    So that lists do not collide.
    """
    identity = b""
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        identity += len(raw).to_bytes(8, "big") + raw
    return f"{prefix}_{_text(hashlib.sha256(identity).digest()[:_BYTES])}"


def _random(prefix: str) -> str:
    return f"{prefix}_{urandom(_DIGITS).translate(_DIGIT_OF_BYTE).decode()}"


def event_name(position: int) -> str:
    """Return the name of an event within its delivery, from which the id of its task is derived."""
    return f"event:{position}"


def task_id(*parts: str) -> TaskId:
    """Return the id of the task that these parts identify; the same parts give the same id."""
    return TaskId(_derived("tsk", parts))


def random_task_id() -> TaskId:
    """Return a random id for a task."""
    return TaskId(_random("tsk"))


def delivery_id(provider: str, source: str, key: str) -> DeliveryId:
    """Return the id of the delivery with this key."""
    return DeliveryId(_derived("dlv", (provider, source, key)))


def notification_id(change: ChangeId, connection: ConnectionId) -> NotificationId:
    """Return the id of the notification of this change for this connection."""
    return NotificationId(_derived("ntf", (change, connection)))


def change_id(task: TaskId, created_at: datetime, version: int) -> ChangeId:
    """Return the id of the change that brought the task to this version.

    A task that has expired may be created again with the same id; its changes have other ids.
    """
    return ChangeId(f"{task}.{int(created_at.timestamp())}.{version}")


def incident_id(cause: str, opened_at: datetime) -> IncidentId:
    """Return the id of the incident of this cause that opened at this time."""
    return IncidentId(_derived("inc", (cause, opened_at.isoformat())))


def random_lease_id() -> LeaseId:
    """Return an unguessable id for a lease."""
    return LeaseId(_random("lse"))


def random_frame_id() -> str:
    """Return an id for a frame that answers one client."""
    return _random("frm")


def random_request_id() -> RequestId:
    """Return an id for a request that has none."""
    return RequestId(_random("req"))
