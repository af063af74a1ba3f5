"""Every key of every table is built here.

| table | pk | sk | is |
|---|---|---|---|
| Tasks | `TASK#<task>` | `TASK` | a task |
| Tasks | `TASK#<task>` | `NOTE#<notification>` | what is owed to a connection for a change of it |
| Deliveries | `<delivery>` | | a delivery and its body |
| Config | `SOURCE` `CONNECTION` `SUBSCRIPTION` `KEY` | name | what operators configured |

Two indexes of Tasks are sharded, so that no single partition takes all writes: `listing` (by status
and time of creation) and `due` (what maintenance must look at, and when).
"""

from typing import Final
from zlib import crc32

from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.task import TaskStatus

SHARDS: Final = 2
LISTING: Final = "listing"
DUE: Final = "due"
BY_SOURCE: Final = "by_source"

TASK_SORT: Final = "TASK"
NOTE: Final = "NOTE#"

SOURCE: Final = "SOURCE"
CONNECTION: Final = "CONNECTION"
SUBSCRIPTION: Final = "SUBSCRIPTION"
KEY: Final = "KEY"


def task(task_id: str) -> str:
    """Where a task and all that belongs to it is kept."""
    return f"TASK#{task_id}"


def note(notification: NotificationId) -> str:
    """The sort key of a notification beside its task."""
    return f"{NOTE}{notification}"


def listing(status: TaskStatus, shard: int) -> str:
    """One partition of the list of tasks in this state."""
    return f"{status}#{shard}"


def due(shard: int) -> str:
    """One partition of what maintenance must look at."""
    return f"due#{shard}"


def shard_of(identifier: str) -> int:
    """The shard that an id always belongs to."""
    return crc32(identifier.encode()) % SHARDS


def source(provider: str, name: str) -> str:
    """The sort key of a source."""
    return f"{provider}/{name}"


def owner(pk: str) -> TaskId:
    """The task that a partition key names."""
    return TaskId(pk.removeprefix("TASK#"))
