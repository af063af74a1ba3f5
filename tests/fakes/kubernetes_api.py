"""A double of the API server: batch/v1 Jobs, and core/v1 pods, logs, ConfigMaps and Secrets.

It keeps to the published API: objects are validated by the schemas of Kubernetes, operations have
the parameters of its OpenAPI document, errors are a `Status`, a watch has versions that expire, and
a deleted Job takes with it what it owns. A Job has one pod at once, which does what a test says.
"""

import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx2
import kubernetes_validate
from lightkube.config.kubeconfig import KubeConfig
from lightkube.config.models import Cluster as ClusterConfig
from lightkube.config.models import User

from cli.jobs.cluster import Cluster
from cli.jobs.connect import cluster_of

NAMESPACE: Final = "jobs"
TOKEN: Final = "token-of-the-service-account"
VERSION: Final = "1.34"

_KINDS: Final = {"jobs": "Job", "pods": "Pod", "configmaps": "ConfigMap", "secrets": "Secret"}
_PATH: Final = re.compile(
    r"/(?:api|apis/batch)/v1/namespaces/(?P<namespace>[^/]+)"
    r"/(?P<plural>jobs|pods|configmaps|secrets)(?:/(?P<name>[^/]+)(?:/(?P<part>log))?)?"
)
_LIST: Final = {"labelSelector", "resourceVersion", "resourceVersionMatch", "limit", "continue"}
_PARAMETERS: Final = {
    "create": {"dryRun", "fieldManager", "fieldValidation"},
    "get": set[str](),
    "list": _LIST,
    "watch": _LIST | {"watch", "allowWatchBookmarks", "timeoutSeconds", "sendInitialEvents"},
    "delete": {"dryRun", "gracePeriodSeconds", "propagationPolicy"},
    # sinceTime is what kubectl sends, although the OpenAPI document lacks it
    "log": {"container", "follow", "timestamps", "sinceSeconds", "sinceTime", "tailLines"},
}


class Refused(Exception):
    """An answer that is a Status."""

    def __init__(self, code: int, message: str, after: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.after = after


class _Chunks(httpx2.SyncByteStream):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks


@dataclass(slots=True, kw_only=True)
class ContainerLog:
    """What a container has printed, as the kubelet keeps it."""

    lines: list[tuple[datetime, bytes]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class KubernetesApi:
    """The double. Methods whose argument is a Job act on its pod, as a cluster would.

    `allowed` has the verbs and resources of a Role, `used` those that were asked for.
    """

    objects: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {plural: {} for plural in _KINDS}
    )
    logs: dict[str, ContainerLog] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    allowed: set[tuple[str, str]] | None = None
    used: set[tuple[str, str]] = field(default_factory=set)
    faults: deque[tuple[str, str, int | httpx2.HTTPError]] = field(default_factory=deque)
    lost_answers: set[tuple[str, str]] = field(default_factory=set)
    time: datetime = datetime(2026, 11, 28, 20, tzinfo=UTC)
    _version: int = 100
    _oldest: int = 0
    _events: list[tuple[int, str, str, dict[str, Any]]] = field(default_factory=list)
    _breaks: int = 0
    _cut: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def cluster(self) -> Cluster:
        """Return a client of it, by the transport of httpx."""
        config = KubeConfig.from_one(
            cluster=ClusterConfig(server="https://kubernetes.test"),
            user=User(token=TOKEN),
            namespace=NAMESPACE,
        ).get()
        assert config
        return cluster_of(config, None, httpx2.MockTransport(self.handle))

    # What a cluster does

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

    def fail(self, method: str, plural: str, fault: int | httpx2.HTTPError) -> None:
        """Answer one request to these objects with a status, or not at all."""
        self.faults.append((method, plural, fault))

    # What a client asks

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request."""
        query = dict(request.url.params)
        self.tokens.add(request.headers.get("Authorization", ""))
        self.requests.append((request.method, request.url.path, query))
        try:
            path = _parsed(request.url.path)
            self._fault(request.method, path["plural"])
            return self._answer(request, path, query)
        except Refused as refused:
            status = {
                "kind": "Status",
                "apiVersion": "v1",
                "status": "Failure",
                "message": str(refused),
                "code": refused.code,
            }
            headers = {"Retry-After": refused.after} if refused.after else {}
            return httpx2.Response(refused.code, json=status, headers=headers)

    def _fault(self, method: str, plural: str) -> None:
        with self._changed:
            fault = next((each for each in self.faults if each[:2] == (method, plural)), None)
            if fault:
                self.faults.remove(fault)
        match fault:
            case (_, _, int() as status):
                raise Refused(status, "injected")
            case (_, _, httpx2.HTTPError() as failure):
                raise failure

    def _answer(
        self, request: httpx2.Request, path: re.Match[str], query: dict[str, str]
    ) -> httpx2.Response:
        plural, name = path["plural"], path["name"]
        match request.method, name, path["part"]:
            case "POST", None, None:
                self._check("create", plural, query)
                return httpx2.Response(201, json=self._create(plural, request.content, query))
            case "GET", None, None if query.get("watch") == "true":
                self._check("watch", plural, query)
                return httpx2.Response(200, stream=_Chunks(self._watch(plural, query)))
            case "GET", None, None:
                self._check("list", plural, query)
                return httpx2.Response(200, json=self._list(plural, query))
            case "GET", str(), None:
                self._check("get", plural, query)
                return httpx2.Response(200, json=self._get(plural, name))
            case "DELETE", str(), None:
                self._check("delete", plural, query)
                self._get(plural, name)
                assert query["propagationPolicy"] == "Background"
                self._remove(plural, name)
                return httpx2.Response(200, json={"kind": "Status", "status": "Success"})
            case "GET", str(), "log":
                self._check("log", "pods/log", query)
                return httpx2.Response(200, stream=_Chunks(self._log(name, query)))
        raise Refused(405, "the server does not allow this method on the requested resource")

    def _check(self, verb: str, resource: str, query: dict[str, str]) -> None:
        right = "get" if verb == "log" else verb
        self.used.add((right, resource))
        if self.allowed is not None and (right, resource) not in self.allowed:
            raise Refused(403, f"{resource} is forbidden: User cannot {right} resource")
        unknown = query.keys() - _PARAMETERS[verb]
        if unknown:
            raise Refused(400, f"unknown parameters: {sorted(unknown)}")

    def _create(self, plural: str, content: bytes, query: dict[str, str]) -> dict[str, Any]:
        created: dict[str, Any] = json.loads(content)
        if created.get("kind") != _KINDS[plural]:
            raise Refused(400, f"{created.get('kind')} is not a {_KINDS[plural]}")
        try:
            kubernetes_validate.validate(created, VERSION, strict=True)
        except kubernetes_validate.ValidationError as flaw:
            raise Refused(422, f"{_KINDS[plural]} is invalid: {flaw.message}") from None
        if len(content) > 1_000_000:
            raise Refused(413, "Request entity too large: limit is 3145728")
        created["metadata"]["namespace"] = NAMESPACE
        created["metadata"]["uid"] = str(uuid4())
        with self._changed:
            if created["metadata"]["name"] in self.objects[plural]:
                raise Refused(409, f"{plural} {created['metadata']['name']!r} already exists")
            if query.get("dryRun") == "All":
                return created
            self._store(plural, created)
            if plural == "jobs":
                self._create_pod(created)
            if ("POST", plural) in self.lost_answers:
                self.lost_answers.remove(("POST", plural))
                raise httpx2.ReadTimeout("the answer is lost")
            return deepcopy(created)

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

    def _get(self, plural: str, name: str) -> dict[str, Any]:
        with self._changed:
            if name not in self.objects[plural]:
                raise Refused(404, f"{plural} {name!r} not found")
            return deepcopy(self.objects[plural][name])

    def _list(self, plural: str, query: dict[str, str]) -> dict[str, Any]:
        with self._changed:
            items = [
                deepcopy(item)
                for item in self.objects[plural].values()
                if _selected(item, query.get("labelSelector", ""))
            ]
            metadata = {"resourceVersion": str(self._version)}
        return {"kind": f"{_KINDS[plural]}List", "metadata": metadata, "items": items}

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
                if changed == plural and _selected(item, selector):
                    yield _event(kind, item)
            yield _event("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})

    def _log(self, pod: str, query: dict[str, str]) -> Iterator[bytes]:
        stored = self._get("pods", pod)
        states = stored["status"].get("containerStatuses", [])
        if not states or "waiting" in states[0]["state"]:
            raise Refused(400, f"container {query['container']!r} is waiting to start")
        assert query["container"] == states[0]["name"]
        return self._lines(pod, query)

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


def _parsed(path: str) -> re.Match[str]:
    parts = _PATH.fullmatch(path)
    if parts is None or parts["namespace"] != NAMESPACE:
        raise Refused(404, "the server could not find the requested resource")
    return parts


def _event(kind: str, item: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


def _selected(item: dict[str, Any], selector: str) -> bool:
    labels = item["metadata"].get("labels", {})
    pairs = [pair.split("=") for pair in selector.split(",") if pair]
    return all(labels.get(name) == value for name, value in pairs)


def _stamp(time: datetime) -> str:
    """Return a time with nanoseconds, as the kubelet writes it."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
