"""GitLab, as far as it shows comments, reactions and statuses of commits.

https://docs.gitlab.com/api/notes/
https://docs.gitlab.com/api/emoji_reactions/
https://docs.gitlab.com/api/commits/#set-commit-pipeline-status
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, DoubleResponse, readable_markdown, shown_reaction
from signalbox.models.base import JsonObject

_TOKEN: Final = "glpat-doubleofatoken"  # noqa: S105  not a secret: the double is in memory
_HEAD: Final = "0123456789abcdef0123456789abcdef01234567"
_PROJECT: Final = r"/api/v4/projects/([\w.%-]+)"
_USER: Final = re.compile(r"/api/v4/user")
_NOTES: Final = re.compile(rf"{_PROJECT}/(?:issues|merge_requests)/\d+/notes")
_NOTE: Final = re.compile(rf"({_PROJECT}/(?:issues|merge_requests)/\d+/notes)/(\d+)")
_AWARD: Final = re.compile(
    rf"{_PROJECT}/(issues|merge_requests)/(\d+)(?:/(notes)/(\d+))?/award_emoji"
)
_MERGE_REQUEST: Final = re.compile(rf"{_PROJECT}/merge_requests/\d+")
_STATUS: Final = re.compile(rf"{_PROJECT}/statuses/([0-9a-f]{{40}})")
_CREATED: Final = "2026-03-01T12:00:00.000Z"
_MAX_NOTE: Final = 1_000_000
_MAX_TEXT: Final = 255
_EVENTS: Final = {
    "pending": "enqueue",
    "running": "run",
    "success": "success",
    "failed": "drop",
    "canceled": "cancel",
}
_OPEN: Final = ("pending", "running")

_Call = Callable[[DoubleRequest, re.Match[str]], DoubleResponse]


class GitLabDouble:
    """Projects that have every issue and merge request."""

    def __init__(self) -> None:
        self.notes: dict[str, JsonObject] = {}
        self.awards: dict[str, str] = {}
        self.statuses: dict[str, JsonObject] = {}
        self._created = 0

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection that shows tasks of the samples here."""
        actions: list[JsonValue] = ["comment", "status"]
        web_url = "https://gitlab.example.org"
        return {
            "api_url": f"{url}/api/v4",
            "web_url": web_url,
            "actions": actions,
            "acknowledge": "reaction",
        }

    def secret(self, url: str) -> str:  # noqa: ARG002  others need it
        """Return a personal access token."""
        return _TOKEN

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Answer a request of the REST API."""
        if request.headers.get("authorization") != f"Bearer {_TOKEN}":
            return _error(401, "401 Unauthorized")
        calls: Mapping[str, tuple[re.Pattern[str], _Call]] = {
            "GET user": (_USER, lambda *_: DoubleResponse.of_json({"id": 1})),
            "GET head": (_MERGE_REQUEST, lambda *_: DoubleResponse.of_json({"sha": _HEAD})),
            "GET notes": (_NOTES, self._list),
            "POST note": (_NOTES, self._note),
            "PUT note": (_NOTE, self._edit),
            "POST award": (_AWARD, self._award),
            "POST status": (_STATUS, self._set),
        }
        for name, (path, call) in calls.items():
            found = path.fullmatch(request.path)
            if found and name.startswith(f"{request.method} "):
                return call(request, found)
        return _error(404, "404 Not Found")

    def delete(self) -> None:
        """Delete all comments."""
        self.notes.clear()

    def shown(self) -> Sequence[str]:
        """Return the reactions, the comments, and then the statuses."""
        comments = [*self.awards.values()]
        comments += [readable_markdown(str(note["body"])) for note in self.notes.values()]
        return comments + [
            f"{status['name']} {status['state']}: {status.get('description')}"
            for status in self.statuses.values()
        ]

    def _list(self, request: DoubleRequest, _: re.Match[str]) -> DoubleResponse:
        listed = [note for note in self.notes.values() if note["path"] == request.path]
        size, page = int(request.query["per_page"]), int(request.query["page"])
        newest = [*reversed(listed)] if request.query["sort"] == "desc" else listed
        return DoubleResponse.of_json([*newest[(page - 1) * size : page * size]])

    def _note(self, request: DoubleRequest, _: re.Match[str]) -> DoubleResponse:
        note = request.json()
        if (refusal := _refused_note(note)) is not None:
            return refusal
        self._created += 1
        kept: JsonObject = {"id": self._created, "created_at": _CREATED, "path": request.path}
        self.notes[str(self._created)] = note | kept
        return DoubleResponse.of_json(self.notes[str(self._created)], 201)

    def _edit(self, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
        known = self.notes.get(found[3])
        if known is None or known["path"] != found[1]:
            return _error(404, "404 Not found")
        if (refusal := _refused_note(request.json())) is not None:
            return refusal
        known |= request.json()
        return DoubleResponse.of_json(known)

    def _award(self, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
        name = request.json().get("name")
        if not isinstance(name, str):
            return DoubleResponse.of_json({"error": "name is missing"}, 400)
        if f"{found[0]} {name}" in self.awards:
            return _error(404, "404 Award Emoji Name has already been taken Not Found")
        self.awards[f"{found[0]} {name}"] = shown_reaction(
            found[4] or found[2], found[5] or found[3]
        )
        return DoubleResponse.of_json({"id": len(self.awards), "name": name}, 201)

    def _set(self, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
        path, status = found[0], request.json()
        state = str(status.get("state"))
        if state not in _EVENTS:
            return DoubleResponse.of_json({"error": "state does not have a valid value"}, 400)
        for name in ("name", "description", "target_url"):
            if len(str(status.get(name, ""))) > _MAX_TEXT:
                return _error(400, f"{name} is too long (maximum is 255 characters)")
        key = f"{path} {status.get('name', 'default')}"
        before = str(self.statuses.get(key, {}).get("state"))
        if before in _OPEN and state in _OPEN[: _OPEN.index(before) + 1]:
            event = _EVENTS[state]
            return _error(400, f"Cannot transition status via :{event} from :{before}")
        self.statuses[key] = status
        return DoubleResponse.of_json(status, 201)


def _refused_note(note: JsonObject) -> DoubleResponse | None:
    body = note.get("body")
    if not isinstance(body, str) or not body.strip():
        return DoubleResponse.of_json({"error": "body is missing"}, 400)
    if len(body) > _MAX_NOTE:
        return _error(400, "Note is too long (maximum is 1000000 characters)")
    return None


def _error(status: int, message: str) -> DoubleResponse:
    return DoubleResponse.of_json({"message": message}, status)


DOUBLE: Final = GitLabDouble
