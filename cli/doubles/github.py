"""GitHub, as far as it shows comments, reactions, statuses, check runs, labels, and takes events.

https://docs.github.com/en/rest/issues/comments
https://docs.github.com/en/rest/reactions/reactions
https://docs.github.com/en/rest/commits/statuses
https://docs.github.com/en/rest/checks/runs
https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import unquote

from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, DoubleResponse, readable_markdown, shown_reaction
from signalbox.models.base import JsonObject

_TOKEN: Final = "ghp_doubleofatoken"  # noqa: S105  not a secret: the double is in memory
_INSTALLED: Final = "ghs_doubleofatoken"
_HEAD: Final = "0123456789abcdef0123456789abcdef01234567"
_SHA: Final = re.compile(r"[0-9a-f]{40}")
_MAX_BODY: Final = 65_536
_MAX_DESCRIPTION: Final = 140
_MAX_NAME: Final = 255
_MAX_EVENT: Final = 100
_MAX_PROPERTIES: Final = 10
_REACTIONS: Final = frozenset(
    {"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}
)
_STATES: Final = frozenset({"error", "failure", "pending", "success"})
_STATUSES: Final = frozenset({"queued", "in_progress", "completed"})


@dataclass
class _Failure(Exception):
    status: int
    message: str
    errors: tuple[JsonObject, ...] = ()


class _Route(NamedTuple):
    method: str
    path: re.Pattern[str]
    call: Callable[["GitHubDouble", DoubleRequest, re.Match[str]], DoubleResponse]


class GitHubDouble:
    """Repositories that have every issue. An App is known if `verify` accepts its tokens."""

    def __init__(self, verify: Callable[[str], bool] = lambda _: False) -> None:
        self.verify = verify
        self.tokens = {_TOKEN}
        self.comments: dict[str, JsonObject] = {}
        self.reactions: set[str] = set()
        self.statuses: dict[str, JsonObject] = {}
        self.checks: dict[str, JsonObject] = {}
        self.labels: dict[str, list[str]] = {}
        self.events: list[JsonObject] = []
        self._order: list[Callable[[], str]] = []
        self._created = 0

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection that shows tasks of github.com here."""
        actions: list[JsonValue] = ["comment", "status"]
        return {
            "api_url": url,
            "web_url": "https://github.com",
            "actions": actions,
            "acknowledge": "reaction",
        }

    def secret(self, url: str) -> str:  # noqa: ARG002  others need it
        """Return a personal access token."""
        return _TOKEN

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Answer a request of the REST API."""
        try:
            return self._answer(request)
        except _Failure as failure:
            value: JsonObject = {"message": failure.message, "status": f"{failure.status}"}
            return DoubleResponse.of_json(value | {"errors": [*failure.errors]}, failure.status)

    def shown(self) -> Sequence[str]:
        """Return comments, reactions, statuses and check runs, and the labels of issues."""
        labels = [f"{issue}: {', '.join(names)}" for issue, names in self.labels.items() if names]
        return [show() for show in self._order] + labels

    def delete(self) -> None:
        """Delete all comments and check runs."""
        self.comments.clear()
        self.checks.clear()
        self._order.clear()

    def _answer(self, request: DoubleRequest) -> DoubleResponse:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        for route in _ROUTES:
            found = route.path.fullmatch(request.path)
            if found and route.method == request.method:
                if route.call is not _issue_token and bearer not in self.tokens:
                    raise _Failure(401, "Bad credentials")
                return route.call(self, request, found)
        raise _Failure(404, "Not Found")

    def new_id(self, show: Callable[[str], str]) -> str:
        """Return the id of a new object and remember how it is shown."""
        self._created += 1
        created = str(self._created)
        self._order.append(lambda: show(created))
        return created


def _issue_token(
    double: GitHubDouble, request: DoubleRequest, found: re.Match[str]
) -> DoubleResponse:
    if not double.verify(request.headers.get("authorization", "").removeprefix("Bearer ")):
        raise _Failure(401, "A JSON web token could not be decoded")
    if found[1] != "1":
        raise _Failure(404, "Not Found")
    token = f"{_INSTALLED}{len(double.tokens)}"
    double.tokens.add(token)
    return DoubleResponse.of_json({"token": token, "expires_at": "2026-03-01T13:00:00Z"}, 201)


def _rate_limit(double: GitHubDouble, _: DoubleRequest, __: re.Match[str]) -> DoubleResponse:
    del double
    return DoubleResponse.of_json({"resources": {}})


def _comment(double: GitHubDouble, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
    body = _text(request.json(), "body", _MAX_BODY)
    created = double.new_id(lambda name: readable_markdown(str(double.comments[name]["body"])))
    double.comments[created] = {"id": int(created), "body": body, "issue": found[0]}
    return DoubleResponse.of_json(double.comments[created], 201)


def _comments(double: GitHubDouble, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
    listed = [each for each in double.comments.values() if each["issue"] == found[0]]
    size, page = int(request.query["per_page"]), int(request.query["page"])
    return DoubleResponse.of_json([*listed[(page - 1) * size : page * size]])


def _edit(double: GitHubDouble, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
    known = double.comments.get(found[2])
    if known is None:
        raise _Failure(404, "Not Found")
    known["body"] = _text(request.json(), "body", _MAX_BODY)
    return DoubleResponse.of_json(known)


def _react(double: GitHubDouble, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
    content = request.json().get("content")
    if content not in _REACTIONS:
        raise _invalid("Reaction", "content", "invalid")
    reaction = f"{found[0]} {content}"
    if reaction in double.reactions:
        return DoubleResponse.of_json({"id": 1, "content": content})
    double.reactions.add(reaction)
    shown = shown_reaction(found[2], found[3])
    double.new_id(lambda _: shown)
    return DoubleResponse.of_json({"id": 1, "content": content}, 201)


def _pull(double: GitHubDouble, _: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
    del double
    return DoubleResponse.of_json({"number": int(found[2]), "head": {"sha": _HEAD}})


def _status(double: GitHubDouble, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
    status = request.json()
    if not _SHA.fullmatch(found[2]):
        raise _Failure(422, f"No commit found for SHA: {found[2]}")
    if status.get("state") not in _STATES:
        raise _invalid("Status", "state", "invalid")
    if len(str(status.get("description", ""))) > _MAX_DESCRIPTION:
        raise _invalid("Status", "description", "custom")
    context = _text(status, "context", _MAX_NAME)
    if f"{found[0]} {context}" not in double.statuses:
        double.new_id(lambda _: _shown_status(double.statuses[f"{found[0]} {context}"]))
    double.statuses[f"{found[0]} {context}"] = status
    return DoubleResponse.of_json(status, 201)


def _check(double: GitHubDouble, request: DoubleRequest, _: re.Match[str]) -> DoubleResponse:
    _require_app(request)
    run = request.json()
    _text(run, "name", _MAX_NAME)
    if not _SHA.fullmatch(str(run.get("head_sha"))):
        raise _invalid("CheckRun", "head_sha", "invalid")
    _require_conclusion(run)
    created = double.new_id(lambda name: _shown_check(double.checks[name]))
    double.checks[created] = {**run, "id": int(created)}
    return DoubleResponse.of_json(double.checks[created], 201)


def _checks(double: GitHubDouble, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
    runs: list[JsonValue] = [
        {"id": run["id"], "external_id": run.get("external_id")}
        for run in double.checks.values()
        if (run["head_sha"], run["name"]) == (found[2], request.query["check_name"])
    ]
    return DoubleResponse.of_json({"total_count": len(runs), "check_runs": runs})


def _edit_check(
    double: GitHubDouble, request: DoubleRequest, found: re.Match[str]
) -> DoubleResponse:
    _require_app(request)
    if found[2] not in double.checks:
        raise _Failure(404, "Not Found")
    _require_conclusion(request.json())
    double.checks[found[2]] |= request.json()
    return DoubleResponse.of_json(double.checks[found[2]])


def _add_labels(
    double: GitHubDouble, request: DoubleRequest, found: re.Match[str]
) -> DoubleResponse:
    names = request.json().get("labels")
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise _invalid("Label", "name", "missing_field")
    present = double.labels.setdefault(found[1], [])
    present += [str(name) for name in names if name not in present]
    return _labels(double, request, found)


def _labels(double: GitHubDouble, _: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
    return DoubleResponse.of_json([{"name": name} for name in double.labels.get(found[1], ())])


def _remove_label(
    double: GitHubDouble, request: DoubleRequest, found: re.Match[str]
) -> DoubleResponse:
    name = unquote(found[2])
    if name not in double.labels.get(found[1], ()):
        raise _Failure(404, "Label does not exist")
    double.labels[found[1]].remove(name)
    return _labels(double, request, found)


def _dispatch(double: GitHubDouble, request: DoubleRequest, _: re.Match[str]) -> DoubleResponse:
    event = request.json()
    type_ = _text(event, "event_type", _MAX_EVENT)
    payload = event.get("client_payload")
    if not isinstance(payload, dict) or len(payload) > _MAX_PROPERTIES:
        raise _Failure(422, "No more than 10 properties are allowed")
    double.events.append(event)
    double.new_id(lambda _: f"event {type_}")
    return DoubleResponse(status=204)


def _require_app(request: DoubleRequest) -> None:
    if _INSTALLED not in request.headers["authorization"]:
        raise _Failure(403, "You must authenticate via a GitHub App.")


def _require_conclusion(run: JsonObject) -> None:
    if run.get("status") not in _STATUSES:
        raise _invalid("CheckRun", "status", "invalid")
    if (run["status"] == "completed") != ("conclusion" in run):
        raise _invalid("CheckRun", "conclusion", "missing_field")
    output = run.get("output")
    if not isinstance(output, dict) or not output.get("title") or not output.get("summary"):
        raise _invalid("CheckRun", "output", "missing_field")


def _text(value: JsonObject, name: str, limit: int) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not text.strip():
        raise _invalid("Object", name, "missing_field")
    if len(text) > limit:
        raise _invalid("Object", name, "unprocessable")
    return text


def _invalid(resource: str, field: str, code: str) -> _Failure:
    error: JsonObject = {"resource": resource, "field": field, "code": code}
    return _Failure(422, "Validation Failed", (error,))


def _shown_status(status: JsonObject) -> str:
    return f"{status['context']} {status['state']}: {status.get('description')}"


def _shown_check(run: JsonObject) -> str:
    output = run["output"]
    title = output["title"] if isinstance(output, dict) else ""
    return f"{run['name']} {run.get('conclusion') or run['status']}: {title}"


def _path(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("REPO", r"/repos/([\w.-]+/[\w.-]+)"))


_ROUTES: Final = (
    _Route("POST", _path(r"/app/installations/(\d+)/access_tokens"), _issue_token),
    _Route("GET", _path("/rate_limit"), _rate_limit),
    _Route("POST", _path(r"REPO/issues/(\d+)/comments"), _comment),
    _Route("GET", _path(r"REPO/issues/(\d+)/comments"), _comments),
    _Route("PATCH", _path(r"REPO/issues/comments/(\d+)"), _edit),
    _Route("POST", _path(r"REPO/(issues)/(\d+)/reactions"), _react),
    _Route("POST", _path(r"REPO/((?:issues|pulls)/comments)/(\d+)/reactions"), _react),
    _Route("GET", _path(r"REPO/pulls/(\d+)"), _pull),
    _Route("POST", _path(r"REPO/statuses/([^/]+)"), _status),
    _Route("POST", _path("REPO/check-runs"), _check),
    _Route("GET", _path(r"REPO/commits/([^/]+)/check-runs"), _checks),
    _Route("PATCH", _path(r"REPO/check-runs/(\d+)"), _edit_check),
    _Route("POST", _path(r"/repos/([\w./-]+/issues/\d+)/labels"), _add_labels),
    _Route("GET", _path(r"/repos/([\w./-]+/issues/\d+)/labels"), _labels),
    _Route("DELETE", _path(r"/repos/([\w./-]+/issues/\d+)/labels/([^/]+)"), _remove_label),
    _Route("POST", _path("REPO/dispatches"), _dispatch),
)

DOUBLE: Final = GitHubDouble
