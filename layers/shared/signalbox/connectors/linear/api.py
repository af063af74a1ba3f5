"""Calls of Linear's GraphQL API.

https://linear.app/developers/graphql
https://github.com/linear/linear/blob/master/packages/sdk/src/schema.graphql
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from http import HTTPStatus
from typing import Annotated, Final, TypeVar
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, ValidationError

from signalbox.connectors.linear.answers import judge
from signalbox.egress.acknowledge import ACKNOWLEDGED
from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse, json_request
from signalbox.egress.references import TargetGone
from signalbox.egress.responses import send_error
from signalbox.models.base import JsonObject, PartialModel
from signalbox.models.errors import SendRefused
from signalbox.models.frozen import frozen
from signalbox.services.ports.time import Clock

API_URL: Final = "https://api.linear.app/graphql"

_STATES: Final = "states(first: 100) { nodes { id name } }"
_CREATE_ISSUE: Final = (
    "mutation($input: IssueCreateInput!) { issueCreate(input: $input) { success issue { id } } }"
)
_UPDATE_ISSUE: Final = (
    "mutation($id: String!, $input: IssueUpdateInput!) "
    "{ issueUpdate(id: $id, input: $input) { success } }"
)
_CREATE_COMMENT: Final = (
    "mutation($input: CommentCreateInput!) { commentCreate(input: $input) { success } }"
)
_UPDATE_COMMENT: Final = (
    "mutation($id: String!, $input: CommentUpdateInput!) "
    "{ commentUpdate(id: $id, input: $input) { success } }"
)
_ISSUE: Final = (
    f"query($id: String!) {{ issue(id: $id) {{ id state {{ id }} team {{ id {_STATES} }} }} }}"
)
_CREATE_REACTION: Final = (
    "mutation($input: ReactionCreateInput!) { reactionCreate(input: $input) { success } }"
)
_COMMENT_AT: Final = "query($hash: String!) { comment(hash: $hash) { id } }"
_COMMENT: Final = "query($id: String!) { comment(id: $id) { id } }"
_TEAM: Final = (
    "query($filter: TeamFilter!) "
    f"{{ teams(filter: $filter, first: 1) {{ nodes {{ id {_STATES} }} }} }}"
)
_VIEWER: Final = "query { viewer { id } }"

_Id = Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}$")]


class _Named(PartialModel):
    id: _Id
    name: str = ""


class _States(PartialModel):
    nodes: tuple[_Named, ...]


class _Team(PartialModel):
    id: _Id
    states: _States

    def state(self, name: str) -> str:
        """Return the id of a status.

        Raises:
            SendRefused: The team has no such status.
        """
        known = {state.name.casefold(): state.id for state in self.states.nodes}
        if (found := known.get(name.casefold())) is None:
            raise SendRefused(f"the team has no status {name!r}")
        return found


class _Issue(PartialModel):
    id: _Id
    state: _Named
    team: _Team


class _Teams(PartialModel):
    nodes: tuple[_Team, ...]


class _Success(PartialModel):
    success: bool


class _Data(PartialModel):
    """What is selected by the queries above, under the names of the fields."""

    model_config = ConfigDict(extra="ignore")


class _IssueData(_Data):
    issue: _Issue


class _CommentData(_Data):
    comment: _Named


class _TeamData(_Data):
    teams: _Teams


class _ViewerData(_Data):
    viewer: _Named


class _MutationData(_Data):
    result: _Success


D = TypeVar("D", bound=_Data)


@frozen
class LinearApi:
    """The API of a workspace. Every method raises what `judge` raises."""

    url: str
    authorization: str = field(repr=False)
    http: HttpClient
    clock: Clock

    def creation(self, issue: JsonObject) -> HttpRequest:
        """Return the request that creates an issue."""
        return self._request(_CREATE_ISSUE, {"input": issue})

    def check_access(self, team: str | None) -> None:
        """Check the credentials, and that the team exists."""
        self._query(_VIEWER, {}, _ViewerData)
        if team:
            self._team(team)

    def find_issue(self, issue: str) -> str | None:
        """Return the id of the issue with this id or identifier, None if there is none."""
        with suppress(TargetGone):
            return self._query(_ISSUE, {"id": issue}, _IssueData).issue.id
        return None

    def team_input(self, team: str, status: str | None) -> JsonObject:
        """Return where an issue is created: the id of the team and, if any, of the status."""
        if status is None and "-" in team:
            return {"teamId": team}
        found = self._team(team)
        place: JsonObject = {"teamId": found.id}
        return place | ({"stateId": found.state(status)} if status else {})

    def create_issue(self, issue: JsonObject) -> str:
        """Create an issue and return its id, which the caller has chosen."""
        self._mutate(_CREATE_ISSUE, {"input": issue})
        return str(issue["id"])

    def move(self, issue: str, status: str) -> None:
        """Move an issue to a status, unless it is there."""
        found = self._query(_ISSUE, {"id": issue}, _IssueData).issue
        state = found.team.state(status)
        if found.state.id != state:
            self._mutate(_UPDATE_ISSUE, {"id": issue, "input": {"stateId": state}})

    def has_comment(self, comment: str) -> bool:
        """Return whether there is a comment with this id."""
        with suppress(TargetGone):
            self._query(_COMMENT, {"id": comment}, _CommentData)
            return True
        return False

    def add_comment(self, issue: str, comment: str, body: str) -> None:
        """Comment on an issue; `comment` is the id that the comment gets."""
        created: JsonObject = {"id": comment, "issueId": issue, "body": body}
        self._mutate(_CREATE_COMMENT, {"input": created})

    def put_comment(self, issue: str, comment: str, body: str) -> None:
        """Replace the body of the comment with this id, or create it."""
        try:
            self._mutate(_UPDATE_COMMENT, {"id": comment, "input": {"body": body}})
        except TargetGone:
            self.add_comment(issue, comment, body)

    def react(self, issue: str, comment_hash: str | None) -> None:
        """React to a comment by the hash in its URL, or without one to the text of an issue.

        A person has one reaction of a kind, however often it is created.
        """
        target = {"issueId": issue}
        if comment_hash is not None:
            found = self._query(_COMMENT_AT, {"hash": comment_hash}, _CommentData)
            target = {"commentId": found.comment.id}
        self._mutate(_CREATE_REACTION, {"input": {**target, "emoji": ACKNOWLEDGED}})

    def _team(self, team: str) -> _Team:
        key = "id" if "-" in team else "key"
        teams = self._query(_TEAM, {"filter": {key: {"eq": team}}}, _TeamData).teams.nodes
        if not teams:
            raise SendRefused("Linear shows no such team to this account")
        return teams[0]

    def _request(self, query: str, variables: Mapping[str, JsonValue]) -> HttpRequest:
        headers = {"Authorization": self.authorization}
        return json_request(self.url, {"query": query, "variables": {**variables}}, headers)

    def _query(self, query: str, variables: Mapping[str, JsonValue], model: type[D]) -> D:
        answer = self.http(self._request(query, variables))
        judge(answer, self.clock())
        return _data(answer, model)

    def _mutate(self, query: str, variables: Mapping[str, JsonValue]) -> None:
        answer = self.http(self._request(query, variables))
        judge(answer, self.clock())
        if not _data(answer, _MutationData).result.success:
            raise SendRefused("Linear did not make the change")


def derived_id(*parts: str) -> str:
    """Return a UUID of version 4, as Linear wants ids, that is the same for the same parts."""
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


def issue_input(*, issue_id: str, title: str, description: str, priority: int) -> JsonObject:
    """Return what an issue is created with, but for its team."""
    return {
        "id": issue_id,
        "title": title,
        "description": description,
        "priority": priority,
    }


class _Answer(PartialModel):
    data: dict[str, JsonValue]


def _data(answer: HttpResponse, model: type[D]) -> D:
    """Return what was selected; the field of a mutation is `result`, whatever its name.

    Raises:
        SendDelayed: The answer is not Linear's.
    """
    try:
        data = _Answer.model_validate_json(answer.body).data
        if model is _MutationData:
            data = {"result": next(iter(data.values()), None)}
        return model.model_validate(data)
    except ValidationError:
        reason = f"Linear answered {answer.status} without a result"
    raise send_error(HTTPStatus.BAD_GATEWAY, reason, None)
