"""The API server of a cluster: the few requests that Jobs take.

lightkube reads the configuration, authenticates and has the models. Requests are sent here, since
its client can neither end a watch or a log that has gone silent nor ask for a log since a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, Generic, Literal, TypeVar
from urllib.parse import quote

import httpx2
import msgspec
from lightkube.core.dictmixin import DictMixin
from lightkube.models.batch_v1 import Job
from lightkube.models.core_v1 import ConfigMap, Pod, Secret
from lightkube.models.meta_v1 import Status

from cli.errors import CommandError, Unreachable
from cli.output import strip_controls

R = TypeVar("R", bound=DictMixin)

_WATCH_SECONDS: Final = 60
_SLACK_SECONDS: Final = 15.0
_LOG_SILENCE_SECONDS: Final = 300.0
"""A log that is silent for so long is opened again, in case its connection is dead."""

MAX_LOG_LINE: Final = 65_536
"""A longer line is yielded in pieces of this size."""

_MAX_EVENT: Final = 8_388_608
_MAX_RETRY_AFTER: Final = 60.0
_UNAVAILABLE_STATUSES: Final = frozenset(
    {
        HTTPStatus.GONE,  # of the changes since a version: the objects are listed again
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class ClusterError(CommandError):
    """The API server refused the request. `status` is the HTTP status."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class ClusterUnavailable(Unreachable):
    """The API server did not answer, or cannot now. A retry after `after` seconds may help."""

    def __init__(self, words: str, after: float = 0.0) -> None:
        super().__init__(words)
        self.after = after


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceKind(Generic[R]):
    """A kind of object with a namespace."""

    api: str
    plural: str
    model: type[R]


JOBS: Final = ResourceKind(api="apis/batch/v1", plural="jobs", model=Job)
PODS: Final = ResourceKind(api="api/v1", plural="pods", model=Pod)
CONFIG_MAPS: Final = ResourceKind(api="api/v1", plural="configmaps", model=ConfigMap)
SECRETS: Final = ResourceKind(api="api/v1", plural="secrets", model=Secret)


class _Metadata(msgspec.Struct):
    resourceVersion: str = ""  # noqa: N815  the name of Kubernetes


class _List(msgspec.Struct):
    items: list[msgspec.Raw]
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class _WatchEvent(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Versioned(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChange(Generic[R]):
    """A change of an object, and the version up to which a watch has come."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: R | None
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A namespace of a cluster. Every method raises ClusterError, ClusterUnavailable.

    `warn` is called with each warning about an object that is validated, such as a pod that its
    namespace would not admit.
    """

    http: httpx2.Client
    namespace: str
    warn: Callable[[str], None] = field(default=lambda _: None)

    def create(self, kind: ResourceKind[R], new: R, *, dry_run: bool = False) -> R:
        """Create an object, or only have it validated, and return it."""
        query = {"fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {})
        content = msgspec.json.encode(new)
        response = self._send("POST", self._path(kind), query, content)
        for warning in _warnings(response) if dry_run else ():
            self.warn(warning)
        return _decoded(response.content, kind.model)

    def get(self, kind: ResourceKind[R], name: str) -> R | None:
        """Return an object, or None if there is none with this name."""
        try:
            return _decoded(self._send("GET", self._path(kind, name), {}).content, kind.model)
        except ClusterError as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def list(self, kind: ResourceKind[R], selector: str) -> tuple[str, list[R]]:
        """Return the version of the list, and the objects that have the labels."""
        response = self._send("GET", self._path(kind), {"labelSelector": selector})
        page = _decoded(response.content, _List)
        return page.metadata.resourceVersion, [_decoded(item, kind.model) for item in page.items]

    def delete(self, kind: ResourceKind[R], name: str) -> None:
        """Delete an object and in the background what it owns, if it exists."""
        try:
            self._send("DELETE", self._path(kind, name), {"propagationPolicy": "Background"})
        except ClusterError as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise

    def watch(
        self, kind: ResourceKind[R], selector: str, version: str
    ) -> Iterator[ObjectChange[R]]:
        """Yield the changes after a version, for a minute.

        Raises:
            ClusterUnavailable: Also if some of them are forgotten.
        """
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "labelSelector": selector,
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        chunks = self._stream(self._path(kind), query, _WATCH_SECONDS + _SLACK_SECONDS)
        for line in byte_lines(chunks, _MAX_EVENT):
            yield _change(line, kind.model)

    def log(self, pod: str, container: str, since: datetime | None) -> Iterator[bytes]:
        """Yield the lines of a log as they are printed, each with its time.

        A line ends with a newline; what does not is part of a longer line, or the last one. The
        API reads `sinceTime` to the second, although its OpenAPI document lacks it.
        """
        query = {"container": container, "follow": "true", "timestamps": "true"}
        if since:
            query["sinceTime"] = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        chunks = self._stream(f"{self._path(PODS, pod)}/log", query, _LOG_SILENCE_SECONDS)
        return byte_lines(chunks, MAX_LOG_LINE)

    def _path(self, kind: ResourceKind[R], name: str = "") -> str:
        path = f"{kind.api}/namespaces/{quote(self.namespace, safe='')}/{kind.plural}"
        return f"{path}/{quote(name, safe='')}" if name else path

    def _send(
        self, method: str, path: str, query: Mapping[str, str], content: bytes | None = None
    ) -> httpx2.Response:
        headers = {"Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self.http.request(
                method, path, params=query, content=content, headers=headers
            )
        except httpx2.HTTPError as failure:
            raise _unreachable(failure) from failure
        _check(response)
        return response

    def _stream(self, path: str, query: Mapping[str, str], silence: float) -> Iterator[bytes]:
        """Yield a body as it arrives; an error if nothing arrives for so many seconds."""
        timeout = httpx2.Timeout(_SLACK_SECONDS, read=silence)
        try:
            with self.http.stream("GET", path, params=query, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                _check(response)
                yield from response.iter_bytes()
        except httpx2.HTTPError as failure:
            raise _unreachable(failure) from failure


def byte_lines(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Yield lines with their newlines; of longer ones, pieces of `limit` bytes without one."""
    pending = b""
    for chunk in chunks:
        *ended, pending = (pending + chunk).split(b"\n")
        for line in ended:
            *pieces, last = _pieces(line, limit)
            yield from pieces
            yield last + b"\n"
        *pieces, pending = _pieces(pending, limit)
        yield from pieces
    if pending:
        yield pending


def _pieces(line: bytes, limit: int) -> list[bytes]:
    return [line[start : start + limit] for start in range(0, max(len(line), 1), limit)]


def _change(line: bytes, model: type[R]) -> ObjectChange[R]:
    event = _decoded(line, _WatchEvent)
    match event.type:
        case "ADDED" | "MODIFIED" | "DELETED" as change:
            version = _decoded(event.object, _Versioned).metadata.resourceVersion
            return ObjectChange(type=change, object=_decoded(event.object, model), version=version)
        case "BOOKMARK":
            version = _decoded(event.object, _Versioned).metadata.resourceVersion
            return ObjectChange(type="BOOKMARK", object=None, version=version)
        case _:
            status = _decoded(event.object, Status)
            raise _refusal(status.code or 0, status.message or "the watch ended")


def _warnings(response: httpx2.Response) -> Iterator[str]:
    """Yield the texts of the headers `Warning: 299 - "text"`."""
    for header in response.headers.get_list("Warning"):
        yield strip_controls(header.partition('"')[2].removesuffix('"').replace('\\"', '"'))[:500]


def _check(response: httpx2.Response) -> None:
    if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
        return
    try:
        message = _decoded(response.content, Status).message or ""
    except ClusterUnavailable:
        message = ""
    raise _refusal(response.status_code, message, response.headers.get("Retry-After", ""))


def _refusal(status: int, message: str, after: str = "") -> ClusterError | ClusterUnavailable:
    words = strip_controls(f"Kubernetes: {status} {message}".strip())[:500]
    if status in _UNAVAILABLE_STATUSES or status < HTTPStatus.BAD_REQUEST:
        seconds = float(after) if after.isascii() and after.isdigit() else 0.0
        return ClusterUnavailable(words, min(seconds, _MAX_RETRY_AFTER))
    return ClusterError(status, words)


def _unreachable(failure: httpx2.HTTPError) -> ClusterUnavailable:
    return ClusterUnavailable(f"Kubernetes did not answer ({type(failure).__name__})")


M = TypeVar("M", bound=msgspec.Struct)


def _decoded(content: bytes | msgspec.Raw, model: type[M]) -> M:
    try:
        return msgspec.json.decode(content, type=model)
    except msgspec.MsgspecError as flaw:
        raise ClusterUnavailable("Kubernetes answered something else than its API") from flaw
