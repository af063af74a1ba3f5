"""Every key of every table is built here.

| table | pk | sk | is |
|---|---|---|---|
| Tasks | `TASK#<task>` | `TASK` | a task |
| Tasks | `TASK#<task>` | `NOTIFICATION#<notification>` | one change for one connection |
| Tasks | `TASK#<task>` | `LOG#<place>` | lines of its log, from the place of the first |
| Deliveries | `<delivery>` | | a delivery and its body |
| Deliveries | `REJECTED#<random>` | | a request that left no delivery behind |
| Config | `SOURCE` `CONNECTION` `SUBSCRIPTION` `KEY` `ROLE` | name | what operators configured |
| Config | `PAUSE` | priority | a queue that nothing is taken from |
| State | `COUNTS#<stream>` | | what the changes of a table have added up to |
| State | `REJECTED#<source>` | | how many requests were refused, and the last of them |
| State | `RATE#<caller>` | | how much of its limit a caller has used |
| State | `CIRCUIT#<connection>` | | whether calls of a connection are made |
| Audit | `AUDIT#<day>` | number | a row of the audit log |

Three indexes of Tasks are sharded, so that no single partition takes all writes: `listing` (by
status and time of creation), `due` (what maintenance must look at, and when) and `notes`
(notifications by how they stand, and time of creation).
"""

from typing import Final
from zlib import crc32

from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import NotificationStatus
from signalbox.models.task import TaskStatus

SHARDS: Final = 2
DUE_SHARDS: Final = 8
LISTING_INDEX: Final = "listing"
DUE_INDEX: Final = "due"
NOTIFICATIONS_INDEX: Final = "notifications"
BY_SOURCE_INDEX: Final = "by_source"

TASK_SORT: Final = "TASK"
NOTIFICATION: Final = "NOTIFICATION#"
LOG: Final = "LOG#"

_STANDS_OUT: Final = frozenset({NotificationStatus.FAILED, NotificationStatus.DEAD})

REJECTED_REQUEST: Final = "REJECTED#"

SOURCE: Final = "SOURCE"
CONNECTION: Final = "CONNECTION"
SUBSCRIPTION: Final = "SUBSCRIPTION"
API_KEY: Final = "KEY"
ISSUER: Final = "ISSUER"
LIMITS: Final = "LIMITS"
ROLE: Final = "ROLE"
PAUSE: Final = "PAUSE"


def task_pk(task_id: str) -> str:
    """Return where a task and all that belongs to it is stored."""
    return f"TASK#{task_id}"


def notification_sk(notification: NotificationId) -> str:
    """Return the sort key of a notification beside its task."""
    return f"{NOTIFICATION}{notification}"


def log_sk(place: int) -> str:
    """Return the sort key of the lines that begin at this place, so that text order is their order."""
    return f"{LOG}{place:010}"


def listing_pk(status: TaskStatus, shard: int) -> str:
    """Return one partition of the list of tasks in this state."""
    return f"{status}#{shard}"


def index_status(status: NotificationStatus) -> str:
    """Return how a notification stands, for the index: one that goes well never changes its place."""
    return status if status in _STANDS_OUT else "well"


def notifications_pk(index_status: str, shard: int) -> str:
    """Return one partition of the list of notifications that stand so."""
    return f"{index_status}#{shard}"


def due_pk(shard: int) -> str:
    """Return one partition of what maintenance must look at."""
    return f"due#{shard}"


def shard_of(identifier: str, shards: int = SHARDS) -> int:
    """Return the one of so many shards that an id always belongs to."""
    return crc32(identifier.encode()) % shards


def source_sk(provider: str, name: str) -> str:
    """Return the sort key of a source."""
    return f"{provider}/{name}"


def rejections_pk(provider: str, name: str) -> str:
    """Return where it is stored what was refused of a source."""
    return f"REJECTED#{provider}/{name}"


def rate_limit_pk(caller: str) -> str:
    """Return where it is stored how much of its limit a caller has used."""
    return f"RATE#{caller}"


def circuit_pk(connection: ConnectionId) -> str:
    """Return where the circuit of a connection is stored."""
    return f"CIRCUIT#{connection}"


def audit_pk(day: str) -> str:
    """Return where the audit log of a day is stored."""
    return f"AUDIT#{day}"


def record_rejected(random: str) -> str:
    """Return where a request is stored that left no delivery behind."""
    return f"{REJECTED_REQUEST}{random}"


def counters_pk(stream: str) -> str:
    """Return where it is stored what the changes of this stream have added up to."""
    return f"COUNTS#{stream}"


def task_id_of(pk: str) -> TaskId:
    """Return the task that a partition key names."""
    return TaskId(pk.removeprefix("TASK#"))
