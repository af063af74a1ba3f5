"""The keys of all tables.

| table | pk | sk | item |
|---|---|---|---|
| Tasks | `TASK#<task>` | `TASK` | a task |
| Tasks | `TASK#<task>` | `NOTIFICATION#<notification>` | one change for one connection |
| Tasks | `TASK#<task>` | `LOG#<place>` | lines of its log, from the position of the first |
| Tasks | `TASK#<task>` | `DEPENDENT#<task>` | a task that waits for it |
| Tasks | `SLOT#<kind or group>` | `SLOT` | the tasks that hold a slot |
| Tasks | `SLOT#<kind or group>` | `WAITING#<position>` | a task that waits for a slot |
| Tasks | `GROUP#<group>` | `MEMBER#<position>` | a task of a group |
| Deliveries | `<delivery>` | | a delivery and its body |
| Deliveries | `REJECTED#<random>` | | a rejected request |
| Config | `SOURCE` `CONNECTION` `SUBSCRIPTION` `KEY` `ROLE` | name | what operators configured |
| Config | `SESSION` | hash | a session of the dashboard |
| Config | `PAUSE` | priority | a paused queue |
| Config | `SCHEDULE` | name | a schedule, and until when it has run |
| Config | `NETWORKS` | service | the networks that a service publishes |
| State | `COUNTS#<stream>` | | the counters of a stream |
| State | `REQUESTS#<service>` | | the counters of the requests to a service |
| State | `REJECTED#<source>` | | the rejections of a source |
| State | `RATE#<caller>` | | the arrival time of a caller |
| State | `BURST#<source>` | | the arrival time of a source with a burst cap |
| State | `SEND#<connection>` | | the arrival time of a connection with a rate limit |
| State | `SEQUENCE#<connection>` | | the bounds of the sequence of a connection |
| State | `SEQUENCE#<connection>#<position>` | | the notification at a position |
| State | `PERMISSION#<hash>` | | the permission of a person, for a few minutes |
| State | `CIRCUIT#<connection>` | | the circuit of a connection |
| State | `HEALTH#<service>` | | the health of the instances of a service |
| State | `INSTANCE#<service>#<instance>` | | the registration of an instance |
| State | `INSTANCES#<service>` | | the ids of registered instances |
| State | `REFERENCE#<connection>#<task>` | | the object of a target that stands for a task |
| State | `DIGEST#<connection>#<subscription>` | | the digests that are collected |
| State | `REFRESH#<connection>` | | the lock of those who use its refresh tokens |
| State | `LEASE#<name>` | | which server reads a shard of a stream, and how far |
| State | `REDELIVERY#<source>` | | the missed deliveries of a source |
| State | `HISTORY#<resolution>#<time>` | | the counters at a time |
| State | `INCIDENTS` | | the incidents, and the counters at the last observation |
| State | `RESTORE#<checksum>` | | the mark of a restore that began |
| Audit | `AUDIT#<day>` | number | a record of the audit log |
| Realtime | `TICKET#<hash>` | `TICKET` | a ticket for a WebSocket connection |
| Realtime | `SOCKET#<socket>` | `SOCKET` | a WebSocket connection |
| Realtime | `SOCKET#<socket>` | `TOPIC#<topic>` | a topic that it subscribes to |
| Realtime | `PRINCIPAL#<principal>` | `SOCKET#<socket>` | a connection of a principal |
| Realtime | `CHANNEL#<channel>` | `STATE` | what was sent, and who sends |
| Realtime | `CHANNEL#<channel>` | `SUBSCRIBER#<socket>#<topic>` | a subscription |
| Realtime | `CHANNEL#<channel>` | `EVENTS#<number>` | recent events |

Three indexes of Tasks are sharded, so that no single partition takes all writes: `listing` (by
status and creation time), `due` (by due time; held notifications apart, by connection) and
`notifications` (by status and creation time). So are the indexes of Deliveries: `by_source`, and
`due`, which has the deferred ones. The index `due` of Config has the enabled schedules by their
next run.
"""

import json
from datetime import datetime
from hashlib import sha256
from typing import Final
from zlib import crc32

from signalbox.models.base import sortable_time
from signalbox.models.ids import ConnectionId, NotificationId, SocketId, SubscriptionId, TaskId
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import TaskStatus

SHARDS: Final = 4
SOURCE_SHARDS: Final = 2
DUE_SHARDS: Final = 24
"""Numbers of shards, by docs/decisions/0026-partitions.md; they may be raised, never lowered."""

LISTING_INDEX: Final = "listing"
DUE_INDEX: Final = "due"
NOTIFICATIONS_INDEX: Final = "notifications"
BY_SOURCE_INDEX: Final = "by_source"

TASK_SORT: Final = "TASK"
NOTIFICATION: Final = "NOTIFICATION#"
LOG: Final = "LOG#"
DEPENDENT: Final = "DEPENDENT#"
SLOT: Final = "SLOT"
WAITING: Final = "WAITING#"
MEMBER: Final = "MEMBER#"

_UNSUCCESSFUL: Final = frozenset({NotificationStatus.FAILED, NotificationStatus.DEAD})

REJECTED_REQUEST: Final = "REJECTED#"

SOURCE: Final = "SOURCE"
CONNECTION: Final = "CONNECTION"
SUBSCRIPTION: Final = "SUBSCRIPTION"
API_KEY: Final = "KEY"
SESSION: Final = "SESSION"
ISSUER: Final = "ISSUER"
LIMITS: Final = "LIMITS"
ROLE: Final = "ROLE"
PAUSE: Final = "PAUSE"
SCHEDULE: Final = "SCHEDULE"

INCIDENTS_PK: Final = "INCIDENTS"
HEALTH: Final = "HEALTH#"

TICKET: Final = "TICKET"
SOCKET: Final = "SOCKET"
SOCKET_TOPIC: Final = "TOPIC#"
CHANNEL_STATE: Final = "STATE"
SUBSCRIBER: Final = "SUBSCRIBER#"
EVENTS: Final = "EVENTS#"


def task_pk(task_id: str) -> str:
    """Return the partition key of a task and of all that belongs to it."""
    return f"TASK#{task_id}"


def notification_sk(notification: NotificationId) -> str:
    """Return the sort key of a notification beside its task."""
    return f"{NOTIFICATION}{notification}"


def log_sk(place: int) -> str:
    """Return the sort key of the lines that begin at this position; it sorts like positions."""
    return f"{LOG}{place:010}"


def dependent_sk(dependent: TaskId) -> str:
    """Return the sort key of a dependent task beside the task that it waits for."""
    return f"{DEPENDENT}{dependent}"


def slot_pk(slot: str) -> str:
    """Return the partition key of the slots of a kind or group."""
    return f"{SLOT}#{slot}"


def group_pk(group: str) -> str:
    """Return the partition key of the tasks of a group."""
    return f"GROUP#{group}"


def listing_pk(status: TaskStatus, shard: int) -> str:
    """Return a partition of the list of tasks with this status."""
    return f"{status}#{shard}"


def index_status(status: NotificationStatus) -> str:
    """Return the status of a notification in the index, which does not change if it succeeds."""
    return status if status in _UNSUCCESSFUL else "well"


def notifications_pk(index_status: str, shard: int) -> str:
    """Return a partition of the list of notifications with this index status."""
    return f"{index_status}#{shard}"


def due_pk(shard: int) -> str:
    """Return a partition of the index of due items."""
    return f"due#{shard}"


def held_pk(shard: int) -> str:
    """Return the partition of held notifications, in the index of due items."""
    return f"held#{shard}"


def held_sk(connection: ConnectionId, position: str = "") -> str:
    """Return the position of a held notification: by connection, then by time."""
    return f"{connection}#{position}"


def held_connection(sort: str) -> ConnectionId:
    """Return the connection in the position of a held notification."""
    return ConnectionId(sort.partition("#")[0])


def after_held(connection: ConnectionId) -> str:
    """Return a position after all held notifications of a connection and before any other."""
    return f"{connection}$"  # the character after #, which no name may have


def shard_of(identifier: str, shards: int = SHARDS) -> int:
    """Return the shard of an id."""
    return crc32(identifier.encode()) % shards


def source_sk(provider: str, name: str) -> str:
    """Return the sort key of a source."""
    return f"{provider}/{name}"


def source_pk(source: str, shard: int) -> str:
    """Return a partition of the list of deliveries of a source, which is named by its sort key."""
    return f"{source}#{shard}"


def source_of(source_pk: str) -> str:
    """Return the source in a partition of the list of its deliveries."""
    return source_pk.partition("#")[0]


def rejections_pk(provider: str, name: str) -> str:
    """Return the partition key of the rejections of a source."""
    return f"REJECTED#{provider}/{name}"


def rate_limit_pk(caller: str) -> str:
    """Return the partition key of the arrival time of a caller."""
    return f"RATE#{caller}"


def burst_pk(source: str) -> str:
    """Return the partition key of the arrival time of a source with a burst cap."""
    return f"BURST#{source}"


def send_rate_pk(connection: ConnectionId) -> str:
    """Return the partition key of the arrival time of a connection with a rate limit."""
    return f"SEND#{connection}"


def sequence_pk(connection: ConnectionId, position: int | None = None) -> str:
    """Return the partition key of the sequence of a connection, or of a position in it."""
    return f"SEQUENCE#{connection}" + (f"#{position}" if position is not None else "")


def permission_pk(key: tuple[str, ...]) -> str:
    """Return the partition key of a shared permission; its parts may be long."""
    return f"PERMISSION#{sha256(json.dumps(key).encode()).hexdigest()}"


def circuit_pk(connection: ConnectionId) -> str:
    """Return the partition key of the circuit of a connection."""
    return f"CIRCUIT#{connection}"


def instance_health_pk(service: str) -> str:
    """Return the partition key of the health of the instances of a service."""
    return f"{HEALTH}{service}"


def registration_pk(service: str, instance: str) -> str:
    """Return the partition key of the registration of an instance."""
    return f"INSTANCE#{service}#{instance}"


def registered_ids_pk(service: str) -> str:
    """Return the partition key of the ids of the registered instances of a service."""
    return f"INSTANCES#{service}"


def reference_pk(connection: ConnectionId, task: TaskId) -> str:
    """Return the partition key of the object of a target that stands for a task."""
    return f"REFERENCE#{connection}#{task}"


def digest_pk(connection: ConnectionId, subscription: SubscriptionId) -> str:
    """Return the partition key of the digests that are collected for a subscription."""
    return f"DIGEST#{connection}#{subscription}"


def refresh_lock_pk(connection: ConnectionId) -> str:
    """Return the partition key of the lock of those who use the refresh tokens of a connection."""
    return f"REFRESH#{connection}"


def poll_lease_pk(name: str) -> str:
    """Return the partition key of the lease of a server on a shard or a schedule."""
    return f"LEASE#{name}"


def redelivery_pk(provider: str, name: str) -> str:
    """Return the partition key of the missed deliveries of a source."""
    return f"REDELIVERY#{provider}/{name}"


def restore_pk(checksum: str) -> str:
    """Return the partition key of the mark of a restore that began, by that of its backup."""
    return f"RESTORE#{checksum}"


def audit_pk(day: str) -> str:
    """Return the partition key of the audit log of a day."""
    return f"AUDIT#{day}"


def rejected_request_pk(random: str) -> str:
    """Return the partition key of a rejected request."""
    return f"{REJECTED_REQUEST}{random}"


def counters_pk(stream: str) -> str:
    """Return the partition key of the counters of a stream."""
    return f"COUNTS#{stream}"


def request_counters_pk(service: str) -> str:
    """Return the partition key of the counters of the requests to a service."""
    return f"REQUESTS#{service}"


def ticket_pk(digest: str) -> str:
    """Return the partition key of a ticket."""
    return f"TICKET#{digest}"


def history_pk(resolution: str, at: datetime) -> str:
    """Return the partition key of the counters at a time."""
    return f"HISTORY#{resolution}#{sortable_time(at)}"


def socket_key(socket: SocketId) -> str:
    """Return the partition key of a WebSocket connection, or its sort key at its principal."""
    return f"{SOCKET}#{socket}"


def socket_topic_sk(topic: str) -> str:
    """Return the sort key of a topic that a connection subscribes to."""
    return f"{SOCKET_TOPIC}{topic}"


def principal_pk(principal: str) -> str:
    """Return the partition key of the connections of a principal."""
    return f"PRINCIPAL#{principal}"


def channel_pk(channel: str) -> str:
    """Return the partition key of a channel."""
    return f"CHANNEL#{channel}"


def subscriber_sk(socket: SocketId, topic: str) -> str:
    """Return the sort key of a subscription in its channel."""
    return f"{SUBSCRIBER}{socket}#{topic}"


def events_sk(number: int) -> str:
    """Return the sort key of a batch of events; it sorts like numbers."""
    return f"{EVENTS}{number:016}"


def task_id_of(pk: str) -> TaskId:
    """Return the task id in a partition key."""
    return TaskId(pk.removeprefix("TASK#"))
