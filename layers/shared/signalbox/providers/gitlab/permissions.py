"""Access to a project of GitLab, as Developer at least.

https://docs.gitlab.com/api/members/
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from pydantic import JsonValue
from typing_extensions import override

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.permissions import PermissionApi, bearer_headers, json_answer
from signalbox.models.errors import SendRefused
from signalbox.models.event import Author, Event
from signalbox.models.frozen import frozen
from signalbox.models.resource_settings import parse_settings
from signalbox.providers.gitlab.settings import GitLabSettings

_DEVELOPER: Final = 30


@frozen
class GitLabPermissions(PermissionApi):
    """The members of a project, those of its groups included."""

    api_url: str

    @override
    def request(self, event: Event, person: Author, token: str) -> HttpRequest:
        if not event.repository:
            raise SendRefused("the event names no project")
        query = urlencode({"query": person.name, "per_page": 100})
        return HttpRequest(
            method="GET",
            url=f"{self.api_url}/projects/{quote(event.repository, safe='')}/members/all?{query}",
            headers=bearer_headers(token),
        )

    @override
    def may_command(self, response: HttpResponse, person: Author) -> bool:
        answer = json_answer(response)
        members = answer if isinstance(answer, list) else []
        return any(_is_developer(member, person.name) for member in members)


def _is_developer(member: JsonValue, username: str) -> bool:
    if not isinstance(member, dict) or member.get("username") != username:
        return False
    level = member.get("access_level")
    is_active = member.get("state", "active") == "active"
    return is_active and isinstance(level, int) and level >= _DEVELOPER


def _open(settings: Mapping[str, JsonValue]) -> PermissionApi:
    return GitLabPermissions(api_url=parse_settings(GitLabSettings, settings).api_url)


PERMISSION_API: Final = _open
