"""Linear, as far as its GraphQL API creates, moves and comments issues of one team, and reacts.

https://linear.app/developers/graphql
https://github.com/linear/linear/blob/master/packages/sdk/src/schema.graphql
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, DoubleResponse

_KEY: Final = "lin_api_double0000"
_TEAM: Final = "9cfb482a-81e3-4154-b5b9-2c805e70a02d"
_TEAM_KEY: Final = "RAIL"
_USER: Final = "674c90c8-35ea-454d-8ca4-5548258fd795"
_STATES: Final = {
    "Todo": "11111111-1111-4111-8111-111111111111",
    "In Progress": "22222222-2222-4222-8222-222222222222",
    "Done": "33333333-3333-4333-8333-333333333333",
    "Canceled": "44444444-4444-4444-8444-444444444444",
}
_FIELD: Final = re.compile(r"^[^{]*\{\s*(\w+)")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_MAX_TITLE: Final = 255
_V4: Final = 4

Variables = Mapping[str, JsonValue]


class _Refused(Exception):
    """An error of the API."""

    def __init__(self, message: str, code: str = "INPUT_ERROR", status: int = 200) -> None:
        super().__init__(message)
        self.response = DoubleResponse.of_json(
            {"errors": [{"message": message, "extensions": {"code": code}}], "data": None}, status
        )


@dataclass(slots=True)
class _Issue:
    id: str
    identifier: str
    title: str
    state: str
    comments: dict[str, str] = field(default_factory=dict)
    reactions: set[str] = field(default_factory=set)


_SAMPLE: Final = _Issue(
    "5a1f9c5e-6b1d-4e0a-9d7a-2f8f6f0c4242", f"{_TEAM_KEY}-42", "Login fails", "Todo"
)
"""The issue of our samples of Linear's webhooks."""


_SAMPLE_COMMENT: Final = "c7cafc52-994d-4984-a217-bff9f9aa9473"


class LinearDouble:
    """A workspace with one team and one person's API key.

    It has an issue with a comment, which is shown from the first answer to it on.
    """

    def __init__(self) -> None:
        self._issues = {_SAMPLE.id: replace(_SAMPLE, comments={}, reactions=set())}
        self._fields: Mapping[str, Callable[[Variables], JsonValue]] = {
            "viewer": lambda _: {"id": _USER},
            "teams": self._teams,
            "issue": self._issue,
            "comment": self._comment,
            "issueCreate": self._create_issue,
            "issueUpdate": self._update_issue,
            "reactionCreate": self._react,
            "commentCreate": self._create_comment,
            "commentUpdate": self._update_comment,
        }

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection that creates issues in the team."""
        statuses: JsonValue = {"started": "In Progress", "succeeded": "Done"}
        return {
            "api_url": f"{url}/graphql",
            "team": _TEAM_KEY,
            "statuses": statuses,
            "acknowledge": "reaction",
        }

    def secret(self, url: str) -> str:  # noqa: ARG002  others need it
        """Return the API key."""
        return _KEY

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Answer a query or a mutation of one field."""
        if request.headers.get("authorization") != _KEY:
            return _Refused("Authentication required", "AUTHENTICATION_ERROR", 401).response
        body = request.json()
        found = _FIELD.match(str(body.get("query", "")))
        variables = body.get("variables")
        if found is None or found[1] not in self._fields or not isinstance(variables, dict):
            return _Refused("Query is not valid", "GRAPHQL_VALIDATION_FAILED", 400).response
        try:
            return DoubleResponse.of_json({"data": {found[1]: self._fields[found[1]](variables)}})
        except _Refused as refused:
            return refused.response

    def shown(self) -> Sequence[str]:
        """Return each issue with its comments, without their escapes."""
        return [
            _ESCAPE.sub(
                r"\1",
                " | ".join(
                    (
                        f"{issue.identifier} [{issue.state}] {issue.title}",
                        *sorted(issue.reactions),
                        *issue.comments.values(),
                    )
                ),
            )
            for issue in self._issues.values()
            if issue.id != _SAMPLE.id or issue.comments or issue.reactions
        ]

    def _teams(self, variables: Variables) -> JsonValue:
        asked = [
            part.get("eq")
            for part in _object(variables, "filter").values()
            if isinstance(part, dict)
        ]
        known = asked in ([_TEAM], [_TEAM_KEY])
        return {"nodes": [_team()] if known else []}

    def _issue(self, variables: Variables) -> JsonValue:
        issue = self._existing(variables.get("id"))
        return {"id": issue.id, "state": {"id": _STATES[issue.state]}, "team": _team()}

    def _react(self, variables: Variables) -> JsonValue:
        created = _object(variables, "input")
        if created.get("emoji") != "eyes":
            raise _Refused("Argument Validation Error: emoji")
        if created.get("commentId") == _SAMPLE_COMMENT:
            self._issues[_SAMPLE.id].reactions.add("👀 on a comment")
        else:
            self._existing(created.get("issueId")).reactions.add("👀")
        return {"success": True}

    def _comment(self, variables: Variables) -> JsonValue:
        if variables.get("hash") == _SAMPLE_COMMENT.partition("-")[0]:
            return {"id": _SAMPLE_COMMENT}
        if not any(variables.get("id") in issue.comments for issue in self._issues.values()):
            raise _Refused("Entity not found: Comment")
        return {"id": variables["id"]}

    def _create_issue(self, variables: Variables) -> JsonValue:
        created = _object(variables, "input")
        issue_id, title = _new_id(created.get("id")), str(created.get("title") or "")
        if created.get("teamId") != _TEAM:
            raise _Refused("Entity not found: Team")
        if not title or len(title) > _MAX_TITLE:
            raise _Refused("Argument Validation Error: title")
        if issue_id in self._issues:
            raise _Refused("Entity with this id already exists")
        identifier = f"{_TEAM_KEY}-{len(self._issues)}"
        state = _state(created.get("stateId") or _STATES["Todo"])
        self._issues[issue_id] = _Issue(issue_id, identifier, title, state)
        return {"success": True, "issue": {"id": issue_id}}

    def _update_issue(self, variables: Variables) -> JsonValue:
        issue = self._existing(variables.get("id"))
        issue.state = _state(_object(variables, "input").get("stateId"))
        return {"success": True}

    def _create_comment(self, variables: Variables) -> JsonValue:
        created = _object(variables, "input")
        comments = self._existing(created.get("issueId")).comments
        comment_id = _new_id(created.get("id"))
        if comment_id in comments:
            raise _Refused("Entity with this id already exists")
        comments[comment_id] = str(created.get("body"))
        return {"success": True}

    def _update_comment(self, variables: Variables) -> JsonValue:
        comment_id = str(variables.get("id"))
        for issue in self._issues.values():
            if comment_id in issue.comments:
                issue.comments[comment_id] = str(_object(variables, "input").get("body"))
                return {"success": True}
        raise _Refused("Entity not found: Comment")

    def _existing(self, name: JsonValue) -> _Issue:
        for issue in self._issues.values():
            if name in (issue.id, issue.identifier):
                return issue
        raise _Refused("Entity not found: Issue")


def _object(variables: Variables, name: str) -> Mapping[str, JsonValue]:
    value = variables.get(name)
    return value if isinstance(value, dict) else {}


def _team() -> JsonValue:
    states: list[JsonValue] = [{"id": id_, "name": name} for name, id_ in _STATES.items()]
    return {"id": _TEAM, "states": {"nodes": states}}


def _state(state_id: JsonValue) -> str:
    for name, known in _STATES.items():
        if known == state_id:
            return name
    raise _Refused("Entity not found: WorkflowState")


def _new_id(given: JsonValue) -> str:
    try:
        if UUID(str(given)).version == _V4:
            return str(given)
    except ValueError:
        pass
    raise _Refused("Argument Validation Error: id must be a UUID")


DOUBLE: Final = LinearDouble
