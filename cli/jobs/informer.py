"""A copy of the objects with some labels, kept current by list and watch.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from lightkube.models.batch_v1 import Job
from lightkube.models.core_v1 import Pod

from cli.errors import CommandError
from cli.jobs.cluster import Cluster, ClusterError, ObjectChange, ResourceKind

N = TypeVar("N", Job, Pod)

_MAX_PAUSE: Final = 30.0
_MAX_DELETED: Final = 1_000


@dataclass(slots=True, kw_only=True)
class Informer(Generic[N]):
    """Watches objects in a thread. Those that were deleted are remembered as they last were.

    `key` is by what an object is found.
    `pause` is the first pause after an error in seconds; `report` is called with
    each error that does not pass by itself.
    """

    cluster: Cluster
    kind: ResourceKind[N]
    selector: str
    key: Callable[[N], str]
    report: Callable[[str], None]
    pause: float = 1.0
    _objects: dict[str, N] = field(default_factory=dict, init=False)
    _deleted: dict[str, N] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _synced: threading.Event = field(default_factory=threading.Event, init=False)
    _done: threading.Event = field(default_factory=threading.Event, init=False)

    def start(self) -> None:
        """Begin to watch, in a thread that does not hold up the end of the process."""
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """Stop watching after the request under way."""
        self._done.set()

    def wait_synced(self, seconds: float) -> bool:
        """Wait for the first list, and return whether there is one."""
        return self._synced.wait(seconds)

    def find(self, key: str) -> tuple[N | None, bool]:
        """Return an object as it last was, and whether it exists."""
        with self._lock:
            if key in self._objects:
                return self._objects[key], True
            return self._deleted.get(key), False

    def add(self, created: N) -> None:
        """Add an object that was created, unless the watch already has."""
        with self._lock:
            if self.key(created) not in self._deleted:
                self._objects.setdefault(self.key(created), created)

    def _run(self) -> None:
        pause = self.pause
        while not self._done.is_set():
            try:
                version = self._list()
                pause = self.pause
            except CommandError as failure:
                self.report(str(failure))
                self._done.wait(pause)
                pause = min(pause * 2, _MAX_PAUSE)
                continue
            try:
                while not self._done.is_set():
                    version = self._follow(version)
            except CommandError as failure:
                # an expired version and a connection that was cut are usual, a refusal is not
                if isinstance(failure, ClusterError):
                    self.report(str(failure))
                self._done.wait(self.pause)

    def _list(self) -> str:
        with self._lock:
            known = set(self._objects)
        version, items = self.cluster.list(self.kind, self.selector)
        current = {self.key(item): item for item in items}
        with self._lock:
            for key in known - current.keys():
                if key in self._objects:
                    self._remember(key, self._objects.pop(key))
            self._objects.update(current)  # what was added meanwhile stays
        self._synced.set()
        return version

    def _follow(self, version: str) -> str:
        """Apply the changes after a version, and return the last one's."""
        for change in self.cluster.watch(self.kind, self.selector, version):
            version = change.version or version
            if change.object is not None:
                self._apply(change, change.object)
        return version

    def _apply(self, change: ObjectChange[N], changed: N) -> None:
        key = self.key(changed)
        with self._lock:
            if change.type == "DELETED":
                self._objects.pop(key, None)
                self._remember(key, changed)
            else:
                self._objects[key] = changed

    def _remember(self, key: str, deleted: N) -> None:
        self._deleted[key] = deleted
        while len(self._deleted) > _MAX_DELETED:
            del self._deleted[next(iter(self._deleted))]
