"""What the use cases need from outside, and nothing more."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from signalbox.models.change import TaskSummary
from signalbox.models.config import Connection, Source, Subscription
from signalbox.models.delivery import Delivery, StoredDelivery
from signalbox.models.event import ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.ids import ConnectionId, DeliveryId, KeyId, NotificationId, TaskId
from signalbox.models.log import LOG_LINES, Chunk
from signalbox.models.notification import Notification, NotificationRef, NotificationStatus
from signalbox.models.principal import ApiKey
from signalbox.models.rejected_request import RejectedRequest
from signalbox.models.request import InboundRequest
from signalbox.models.task import Priority, Task, TaskStatus

Clock = Callable[[], datetime]
"""The time now, in UTC."""

Sleep = Callable[[float], None]
"""Waits for so many seconds."""

TimeLeft = Callable[[], float]
"""How many seconds are left to whoever asks."""

Count = Callable[[str, Mapping[str, str]], None]
"""Adds one to a metric with these dimensions."""

RecordRejectedRequest = Callable[[RejectedRequest], None]
"""Leaves a record of a request that left no delivery. Raises Unavailable."""


class Provider(Protocol):
    """Who calls us: pure, without any I/O."""

    @property
    def name(self) -> str:
        """The word in the route and in every record."""

    @property
    def recorded_headers(self) -> frozenset[str]:
        """The headers worth keeping with a delivery; never a secret nor a signature."""

    @property
    def signature_header(self) -> str:
        """The header that carries the signature, in lower case."""

    @property
    def events(self) -> EventVocabulary:
        """The events that it reads, for checking what sources ask for."""

    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        """Which secret signed the request, 0 the current one.

        Raises SignatureInvalid; Unavailable where there is no secret to verify with.
        """

    def delivery_key(self, request: InboundRequest) -> str:
        """The provider's own id of the delivery, or a hash of the body where it has none."""

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """What the request says. Raises PayloadInvalid."""


Providers = Mapping[str, Callable[[], Provider]]
"""The providers of this installation by name; each is made when it is asked for."""


class Connector(Protocol):
    """Whom we call."""

    @property
    def name(self) -> str:
        """The word in a connection and in the name of its queue."""

    def check(self, connection: Connection) -> None:
        """Raises PayloadInvalid where the settings are not those of this connector."""

    def check_secret(self, connection: Connection, secret: str) -> None:
        """Raises Conflict where the connection cannot be used with such a secret."""

    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        """Makes the far side know. Raises SendRefused or SendDelayed."""


Connectors = Mapping[str, Callable[[], Connector]]
"""The connectors of this installation by name; each is made when it is asked for."""


class TaskStore(Protocol):
    """Where tasks are kept."""

    def create(self, task: Task) -> bool:
        """Keeps a new task; False where one of its id is there already."""

    def get(self, task: TaskId) -> Task:
        """The task as it is now. Raises NotFound."""

    def replace(self, before: Task, after: Task) -> None:
        """Keeps `after`. Raises WriteConflict where `before` is no longer what is kept."""

    def newest(self, statuses: Sequence[TaskStatus], window: "Window") -> Iterator[TaskSummary]:
        """Tasks in these states, newest first, read as they are consumed."""

    def batch_get(self, tasks: Iterable[TaskId]) -> Mapping[TaskId, Task]:
        """Those of these tasks that are there; may be a second old."""

    def oldest(self, status: TaskStatus, *, chunk: int) -> Iterator[TaskSummary]:
        """Tasks in this state, oldest first, read `chunk` at a time as they are consumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of a list: created at or after `since`, before `until`; after the position `after`.

    `chunk` is how many are read at once.
    """

    since: datetime | None = None
    until: datetime | None = None
    after: str | None = None
    chunk: int = 25


class NotificationStore(Protocol):
    """Where notifications are kept, beside their task."""

    def create(self, notification: Notification) -> bool:
        """Keeps a new notification; False where one of its id is there already."""

    def get(self, task: TaskId, notification: NotificationId) -> Notification:
        """The notification as it is now. Raises NotFound."""

    def replace(self, before: Notification, after: Notification) -> None:
        """Keeps `after`. Raises WriteConflict where `before` is no longer what is kept."""

    def of_task(self, task: TaskId) -> Sequence[Notification]:
        """Every notification of a task."""

    def newest(
        self, statuses: Sequence[NotificationStatus], window: Window
    ) -> Iterator[NotificationRef]:
        """Where to find notifications, newest first, read as they are consumed.

        Among them are some in other states: what goes well is not told apart. May be seconds old.
        """

    def batch_get(self, owed: Iterable[NotificationRef]) -> Mapping[NotificationId, Notification]:
        """Those of these notifications that are there; may be a second old."""


class LogStore(Protocol):
    """Where the logs of tasks are kept, in chunks by the place of their first line."""

    def add(self, task: TaskId, chunk: Chunk, until: datetime | None) -> bool:
        """Keeps a new chunk, for ever or until then; False where one is at its place already."""

    def last(self, task: TaskId, *, until: int = LOG_LINES) -> Chunk | None:
        """The last chunk that begins at this place or before; None where there is none."""

    def after(self, task: TaskId, place: int) -> Iterator[Chunk]:
        """The chunks that begin behind this place, in order, read as they are consumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueItem:
    """Something that maintenance must look at: a task, or one of its notifications."""

    task: TaskId
    notification: NotificationId | None = None


class DueIndex(Protocol):
    """What is to be looked at when."""

    def overdue(self, now: datetime, *, latest_first: bool = False) -> Iterator[DueItem]:
        """What should have moved by now, from either end, read as it is consumed."""


class DeliveryStore(Protocol):
    """Where deliveries are kept."""

    def create(self, delivery: Delivery, body: bytes) -> bool:
        """Keeps a new delivery; False where one of its id is there already."""

    def get(self, delivery: DeliveryId) -> Delivery:
        """The delivery. Raises NotFound."""

    def get_stored(self, delivery: DeliveryId) -> StoredDelivery:
        """The delivery with all that is kept of it. Raises NotFound."""

    def record_duplicate(self, delivery: DeliveryId, at: datetime) -> Delivery:
        """Counts that the delivery was sent again; the one that is kept. Raises NotFound."""

    def replace(self, before: Delivery, after: Delivery) -> None:
        """Keeps `after`. Raises WriteConflict where `before` is no longer what is kept."""

    def newest(self, provider: str, source: str, window: Window) -> Iterator[Delivery]:
        """The deliveries of a source, newest first, read as they are consumed."""


class ConfigStore(Protocol):
    """Where the configuration is kept; reads may be some seconds old."""

    def invalidate(self) -> None:
        """Lets the next reads be of what is kept now."""

    def source(self, provider: str, name: str) -> Source | None:
        """The configured source, None where there is none of this name."""

    def connection(self, connection: ConnectionId) -> Connection:
        """The connection. Raises NotFound, ConfigurationUnreadable."""

    def sources(self) -> Sequence[Source]:
        """Every source."""

    def connections(self) -> Sequence[Connection]:
        """Every connection."""

    def subscriptions(self) -> Sequence[Subscription]:
        """Every subscription that can be read."""


class KeyStore(Protocol):
    """Where API keys are kept, by the hash of their secret."""

    def find(self, key: KeyId) -> ApiKey | None:
        """The key, None where there is none of this id."""

    def put(self, key: ApiKey) -> None:
        """Keeps the key in place of one of the same id."""

    def put_new(self, key: ApiKey) -> bool:
        """Keeps a new key; False where one of its id is there already."""

    def replace(self, before: ApiKey, after: ApiKey) -> None:
        """Keeps `after` in place of `before`. Raises WriteConflict where that is not kept."""

    def all(self) -> Sequence[ApiKey]:
        """Every key."""


class SecretStore(Protocol):
    """Where secrets are kept: for each name a list, the current one first."""

    def secrets(self, name: str) -> Sequence[str]:
        """The secrets of this name, if any; may be some minutes old. Raises Unavailable."""

    def refresh(self, name: str) -> Sequence[str]:
        """The secrets as they are now, asked for at most once in half a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """A message received from a task queue; hidden from others until its time is up."""

    queue: Priority
    task: TaskId
    message: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """What is in one queue; the counts are approximate."""

    queue: Priority
    waiting: int
    in_flight: int
    delayed: int
    dead_letters: int


class TaskQueue(Protocol):
    """Where accepted tasks wait. Messages come at least once and in no order."""

    def send(self, priority: Priority, tasks: Iterable[TaskId]) -> None:
        """Puts a message for each task in the queue. Raises Unavailable."""

    def receive(self, priority: Priority, *, hidden: int, wait: int) -> QueueMessage | None:
        """The next message, hidden for so many seconds; None after waiting in vain."""

    def hide(self, priority: Priority, receipt: str, seconds: int) -> None:
        """Hides a received message for so many seconds from now; a lost receipt is no matter."""

    def delete(self, priority: Priority, receipt: str) -> None:
        """Removes a received message; a lost receipt is no matter."""

    def depths(self) -> Sequence[QueueDepth]:
        """What is in each queue. Raises Unavailable."""


class NotificationQueue(Protocol):
    """The connectors' queues."""

    def has_queue(self, connector: str) -> bool:
        """Whether there is a queue for this connector."""

    def send(self, connector: str, notification: Notification) -> None:
        """Puts a message for the notification in its connector's queue. Raises Unavailable."""
