"""Gitea, as far as it shows comments, reactions and statuses of commits.

https://docs.gitea.com/api/next/#tag/issue/operation/issueCreateComment
https://docs.gitea.com/api/next/#tag/issue/operation/issuePostCommentReaction
https://docs.gitea.com/api/next/#tag/repository/operation/repoCreateStatus
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, DoubleResponse, readable_markdown, shown_reaction
from signalbox.models.base import JsonObject

_TOKEN: Final = "d0b1e" * 8
_HEAD: Final = "0123456789abcdef0123456789abcdef01234567"
_REPOSITORY: Final = r"/api/v1/repos/([\w.-]+/[\w.-]+)"
_USER: Final = re.compile(r"/api/v1/user")
_COMMENTS: Final = re.compile(rf"{_REPOSITORY}/issues/\d+/comments")
_COMMENT: Final = re.compile(rf"{_REPOSITORY}/issues/comments/(\d+)")
_REACTION: Final = re.compile(rf"{_REPOSITORY}/(issues(?:/comments)?)/(\d+)/reactions")
_PULL: Final = re.compile(rf"{_REPOSITORY}/pulls/\d+")
_STATUS: Final = re.compile(rf"{_REPOSITORY}/statuses/([0-9a-f]{{40}})")
_REACTIONS: Final = frozenset(
    {"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}
)
_STATES: Final = frozenset({"pending", "success", "error", "failure", "warning"})

_Call = Callable[[DoubleRequest, re.Match[str]], DoubleResponse]


class GiteaDouble:
    """Repositories that have every issue and pull request."""

    def __init__(self) -> None:
        self.comments: dict[str, JsonObject] = {}
        self.reactions: dict[str, str] = {}
        self.statuses: dict[str, JsonObject] = {}
        self.may_read_user = True
        self._created = 0

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection that shows tasks of the samples here."""
        actions: list[JsonValue] = ["comment", "status"]
        web_url = "https://git.example.org"
        return {
            "api_url": f"{url}/api/v1",
            "web_url": web_url,
            "actions": actions,
            "acknowledge": "reaction",
        }

    def secret(self, url: str) -> str:  # noqa: ARG002  others need it
        """Return an access token."""
        return _TOKEN

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Answer a request of the API."""
        if request.headers.get("authorization") != f"token {_TOKEN}":
            return _error(401, "invalid username, password or token")
        calls: Mapping[str, tuple[re.Pattern[str], _Call]] = {
            "GET user": (_USER, self._user),
            "GET head": (_PULL, lambda *_: DoubleResponse.of_json({"head": {"sha": _HEAD}})),
            "GET comments": (_COMMENTS, self._list),
            "POST comment": (_COMMENTS, self._comment),
            "PATCH comment": (_COMMENT, self._edit),
            "POST reaction": (_REACTION, self._react),
            "POST status": (_STATUS, self._set),
        }
        for name, (path, call) in calls.items():
            found = path.fullmatch(request.path)
            if found and name.startswith(f"{request.method} "):
                return call(request, found)
        return _error(404, "The target couldn't be found.")

    def delete(self) -> None:
        """Delete all comments."""
        self.comments.clear()

    def shown(self) -> Sequence[str]:
        """Return the reactions, the comments, and then the latest status of each context."""
        comments = [*self.reactions.values()]
        comments += [readable_markdown(str(each["body"])) for each in self.comments.values()]
        return comments + [
            f"{status['context']} {status['state']}: {status.get('description')}"
            for status in self.statuses.values()
        ]

    def _user(self, _: DoubleRequest, __: re.Match[str]) -> DoubleResponse:
        if not self.may_read_user:
            return _error(403, "token does not have at least one of required scope(s): [read:user]")
        return DoubleResponse.of_json({"id": 1})

    def _list(self, request: DoubleRequest, _: re.Match[str]) -> DoubleResponse:
        return DoubleResponse.of_json(
            [each for each in self.comments.values() if each["path"] == request.path]
        )

    def _comment(self, request: DoubleRequest, _: re.Match[str]) -> DoubleResponse:
        comment = request.json()
        if not _has_body(comment):
            return _error(422, "[Body]: Required")
        self._created += 1
        self.comments[f"{self._created}"] = comment | {"id": self._created, "path": request.path}
        return DoubleResponse.of_json(self.comments[f"{self._created}"], 201)

    def _edit(self, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
        known = self.comments.get(found[2])
        if known is None:
            return _error(404, "The target couldn't be found.")
        if not _has_body(request.json()):
            return _error(422, "[Body]: Required")
        known |= request.json()
        return DoubleResponse.of_json(known)

    def _react(self, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
        content = request.json().get("content")
        if content not in _REACTIONS:
            return _error(403, f"'{content}' is not an allowed reaction")
        is_new = f"{found[0]} {content}" not in self.reactions
        self.reactions[f"{found[0]} {content}"] = shown_reaction(found[2], found[3])
        return DoubleResponse.of_json({"content": content}, 201 if is_new else 200)

    def _set(self, request: DoubleRequest, found: re.Match[str]) -> DoubleResponse:
        status = request.json()
        if status.get("state") not in _STATES:
            return _error(500, "invalid state")
        self.statuses[f"{found[0]} {status.get('context', 'default')}"] = status
        return DoubleResponse.of_json(status, 201)


def _has_body(comment: JsonObject) -> bool:
    return isinstance(comment.get("body"), str) and bool(str(comment["body"]).strip())


def _error(status: int, message: str) -> DoubleResponse:
    url = "https://gitea.example.org/api/swagger"
    return DoubleResponse.of_json({"message": message, "url": url}, status)


DOUBLE: Final = GiteaDouble
