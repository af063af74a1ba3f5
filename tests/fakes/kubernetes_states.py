"""The objects of a pretended cluster: what they change to, and who watches them.

A Job has one pod at once, which does what a test says; what is deleted takes with it what it owns.
"""

import json
import threading
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2

NAMESPACE: Final = "jobs"
KINDS: Final = {"jobs": "Job", "pods": "Pod", "configmaps": "ConfigMap", "secrets": "Secret"}


@dataclass(slots=True, kw_only=True)
class ContainerLog:
    """What a container has printed, as the kubelet keeps it."""

    lines: list[tuple[datetime, bytes]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class ClusterStates:
    """The objects. Methods whose argument is a Job act on its pod, as a cluster would."""

    objects: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {plural: {} for plural in KINDS}
    )
    logs: dict[str, ContainerLog] = field(default_factory=dict)
    time: datetime = datetime(2026, 11, 28, 20, tzinfo=UTC)
    _version: int = 100
    _oldest: int = 0
    _events: list[tuple[int, str, str, dict[str, Any]]] = field(default_factory=list)
    _breaks: int = 0
    _cut: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def names(self, plural: str) -> list[str]:
        """Return the names of what there is."""
        with self._changed:
            return sorted(self.objects[plural])

    def job(self, name: str) -> dict[str, Any]:
        """Return a Job."""
        with self._changed:
            return deepcopy(self.objects["jobs"][name])

    def pod_of(self, job: str) -> str:
        """Return the name of the pod of a Job."""
        return f"{job}-x7x7x"

    def run(self, job: str) -> None:
        """Start the container."""
        self._set_container(job, {"running": {"startedAt": _stamp(self.time)}}, phase="Running")

    def wait_for_image(self, job: str) -> None:
        """Let the container wait for an image that does not come."""
        waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "nowhere"'}
        self._set_container(job, {"waiting": waiting}, phase="Pending")

    def print(self, job: str, *lines: str, seconds: float = 0.001) -> None:
        """Print lines, each so long after the one before."""
        self.print_bytes(job, *(f"{line}\n".encode() for line in lines), seconds=seconds)

    def print_bytes(self, job: str, *lines: bytes, seconds: float = 0.001) -> None:
        """Print lines as they are, also one without an end."""
        with self._changed:
            for line in lines:
                self.time += timedelta(seconds=seconds)
                self.logs[self.pod_of(job)].lines.append((self.time, line))
            self._changed.notify_all()

    def exit(self, job: str, code: int, *, reason: str | None = None, message: str = "") -> None:
        """End the container, and with it the Job."""
        why = reason or ("Completed" if code == 0 else "Error")
        terminated = {"exitCode": code, "reason": why, "message": message}
        phase = "Succeeded" if code == 0 else "Failed"
        self._set_container(job, {"terminated": terminated}, phase=phase)
        if code == 0:
            self._set_condition(job, "Complete", "CompletionsReached", "")
        else:
            self._set_condition(job, "Failed", "BackoffLimitExceeded", "Job has reached its limit")

    def exceed_deadline(self, job: str) -> None:
        """End a Job that took too long, and delete its pod."""
        words = "Job was active longer than specified deadline"
        self._set_condition(job, "Failed", "DeadlineExceeded", words)
        self._remove("pods", self.pod_of(job))

    def drain_node(self, job: str) -> None:
        """Evict the pod."""
        with self._changed:
            pod = deepcopy(self.objects["pods"][self.pod_of(job)])
            condition = {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": "EvictionByEvictionAPI",
            }
            pod["status"].setdefault("conditions", []).append(condition)
            self._store("pods", pod)
        self.exit(job, 143)
        self._remove("pods", self.pod_of(job))

    def delete(self, plural: str, name: str) -> None:
        """Delete an object, and in the background what it owns."""
        self._remove(plural, name)

    def compact(self) -> None:
        """Forget the changes until now, so that older versions are gone."""
        with self._changed:
            self._oldest = self._version
            self._events.clear()

    def break_streams(self, *, cut: bool = False) -> None:
        """End the responses under way, or cut their connections."""
        with self._changed:
            self._breaks += 1
            self._cut = cut
            self._changed.notify_all()

    def _create_pod(self, job: dict[str, Any]) -> None:
        name = job["metadata"]["name"]
        template = deepcopy(job["spec"]["template"])
        labels = {**template["metadata"]["labels"], "batch.kubernetes.io/job-name": name}
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name}
        owner["uid"] = job["metadata"]["uid"]
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": self.pod_of(name),
                "namespace": NAMESPACE,
                "labels": labels,
                "ownerReferences": [owner],
            },
            "spec": template["spec"],
            "status": {"phase": "Pending"},
        }
        self.logs[self.pod_of(name)] = ContainerLog()
        self._store("pods", pod)

    def _watch(self, plural: str, query: dict[str, str]) -> Iterator[bytes]:
        version = int(query["resourceVersion"])
        selector = query.get("labelSelector", "")
        with self._changed:
            breaks = self._breaks
        while True:
            with self._changed:
                if version < self._oldest:
                    status = {"kind": "Status", "code": 410, "message": "too old resource version"}
                    yield _event("ERROR", status)
                    return
                due = [event for event in self._events if event[0] > version]
                if not due:
                    if self._ended(breaks):
                        return
                    self._changed.wait(0.05)
                    continue
            for number, changed, kind, item in due:
                version = number
                if changed == plural and selected(item, selector):
                    yield _event(kind, item)
            yield _event("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})

    def _lines(self, pod: str, query: dict[str, str]) -> Iterator[bytes]:
        text = query.get("sinceTime")
        since = datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)
        assert since.microsecond == 0
        with self._changed:
            breaks, position = self._breaks, 0
        while True:
            with self._changed:
                lines = self.logs[pod].lines[position:]
                position += len(lines)
                if not lines:
                    if self._has_ended(pod) or self._ended(breaks):
                        return
                    self._changed.wait(0.05)
                    continue
            for time, line in lines:
                if time >= since:
                    yield f"{_stamp(time)} ".encode() + line

    def _ended(self, breaks: int) -> bool:
        """Return whether a response ends here; called with the lock."""
        if self._breaks == breaks:
            return False
        if self._cut:
            raise httpx2.ReadError("the connection was cut")
        return True

    def _has_ended(self, pod: str) -> bool:
        stored = self.objects["pods"].get(pod)
        return stored is None or "terminated" in stored["status"]["containerStatuses"][0]["state"]

    def _set_container(self, job: str, state: dict[str, Any], *, phase: str) -> None:
        with self._changed:
            pod = deepcopy(self.objects["pods"][self.pod_of(job)])
            container = pod["spec"]["containers"][0]
            pod["status"]["phase"] = phase
            pod["status"]["containerStatuses"] = [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "imageID": "",
                    "ready": False,
                    "restartCount": 0,
                    "state": state,
                }
            ]
            self._store("pods", pod)

    def _set_condition(self, job: str, kind: str, reason: str, message: str) -> None:
        with self._changed:
            changed = deepcopy(self.objects["jobs"][job])
            condition = {"type": kind, "status": "True", "reason": reason, "message": message}
            changed.setdefault("status", {}).setdefault("conditions", []).append(condition)
            self._store("jobs", changed)

    def _store(self, plural: str, item: dict[str, Any]) -> None:
        name = item["metadata"]["name"]
        kind = "MODIFIED" if name in self.objects[plural] else "ADDED"
        self.objects[plural][name] = item
        self._record(plural, kind, item)

    def _remove(self, plural: str, name: str) -> None:
        with self._changed:
            removed = self.objects[plural].pop(name, None)
            if removed is None:
                return
            self._record(plural, "DELETED", removed)
            uid = removed["metadata"].get("uid")
            for others, items in self.objects.items():
                for item in list(items.values()):
                    owners = item["metadata"].get("ownerReferences", [])
                    if uid and any(owner["uid"] == uid for owner in owners):
                        self._remove(others, item["metadata"]["name"])

    def _record(self, plural: str, kind: str, item: dict[str, Any]) -> None:
        with self._changed:
            self._version += 1
            item["metadata"]["resourceVersion"] = str(self._version)
            self._events.append((self._version, plural, kind, deepcopy(item)))
            self._changed.notify_all()


def _event(kind: str, item: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


def selected(item: dict[str, Any], selector: str) -> bool:
    labels = item["metadata"].get("labels", {})
    pairs = [pair.split("=") for pair in selector.split(",") if pair]
    return all(labels.get(name) == value for name, value in pairs)


def _stamp(time: datetime) -> str:
    """Return a time with nanoseconds, as the kubelet writes it."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
