"""A double of the API server: batch/v1 Jobs, and core/v1 pods, logs, ConfigMaps and Secrets.

It keeps to the published API: objects are validated by the schemas of Kubernetes, operations have
the parameters of its OpenAPI document, errors are a `Status`, a watch has versions that expire, and
a deleted Job takes with it what it owns. A Job has one pod at once, which does what a test says.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import httpx2
import kubernetes_validate
from lightkube.config.kubeconfig import KubeConfig
from lightkube.config.models import Cluster as ClusterConfig
from lightkube.config.models import User

from cli.jobs.cluster import Cluster
from cli.jobs.connect import cluster_of
from tests.fakes.kubernetes_states import KINDS, NAMESPACE, ClusterStates, selected

TOKEN: Final = "token-of-the-service-account"
VERSION: Final = "1.34"

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
class KubernetesApi(ClusterStates):
    """The double.

    `allowed` has the verbs and resources of a Role, `used` those that were asked for.
    """

    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    allowed: set[tuple[str, str]] | None = None
    warnings: list[str] = field(default_factory=list)
    used: set[tuple[str, str]] = field(default_factory=set)
    faults: deque[tuple[str, str, int | Exception]] = field(default_factory=deque)
    lost_answers: set[tuple[str, str]] = field(default_factory=set)

    def cluster(self) -> Cluster:
        """Return a client of it, by the transport of httpx."""
        config = KubeConfig.from_one(
            cluster=ClusterConfig(server="https://kubernetes.test"),
            user=User(token=TOKEN),
            namespace=NAMESPACE,
        ).get()
        assert config
        return cluster_of(config, None, httpx2.MockTransport(self.handle))

    def fail(self, method: str, plural: str, fault: int | Exception) -> None:
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
            case (_, _, Exception() as failure):
                raise failure

    def _answer(
        self, request: httpx2.Request, path: re.Match[str], query: dict[str, str]
    ) -> httpx2.Response:
        plural, name = path["plural"], path["name"]
        match request.method, name, path["part"]:
            case "POST", None, None:
                self._check("create", plural, query)
                created = self._create(plural, request.content, query)
                headers = [("Warning", warning) for warning in self.warnings]
                return httpx2.Response(201, json=created, headers=headers)
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
        if created.get("kind") != KINDS[plural]:
            raise Refused(400, f"{created.get('kind')} is not a {KINDS[plural]}")
        try:
            kubernetes_validate.validate(created, VERSION, strict=True)
        except kubernetes_validate.ValidationError as flaw:
            raise Refused(422, f"{KINDS[plural]} is invalid: {flaw.message}") from None
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
                if selected(item, query.get("labelSelector", ""))
            ]
            metadata = {"resourceVersion": str(self._version)}
        return {"kind": f"{KINDS[plural]}List", "metadata": metadata, "items": items}

    def _log(self, pod: str, query: dict[str, str]) -> Iterator[bytes]:
        stored = self._get("pods", pod)
        states = stored["status"].get("containerStatuses", [])
        if not states or "waiting" in states[0]["state"]:
            raise Refused(400, f"container {query['container']!r} is waiting to start")
        assert query["container"] == states[0]["name"]
        return self._lines(pod, query)


def _parsed(path: str) -> re.Match[str]:
    parts = _PATH.fullmatch(path)
    if parts is None or parts["namespace"] != NAMESPACE:
        raise Refused(404, "the server could not find the requested resource")
    return parts
