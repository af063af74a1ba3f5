"""Write access to a repository of GitHub.

`author_association` of a payload is no permission: members of an organization may appear as mere
contributors. https://docs.github.com/en/rest/collaborators/collaborators
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue
from typing_extensions import override

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.permissions import PermissionApi, bearer_headers, json_answer
from signalbox.models.errors import SendRefused
from signalbox.models.event import Author, Event
from signalbox.models.resource_settings import parse_settings
from signalbox.providers.github.settings import GitHubSettings

_WRITERS: Final = frozenset({"write", "maintain", "admin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubPermissions(PermissionApi):
    """The permission of a collaborator, which includes that of teams and organizations."""

    api_url: str

    @override
    def request(self, event: Event, person: Author, token: str) -> HttpRequest:
        owner, slash, repository = (event.repository or "").partition("/")
        if not slash:
            raise SendRefused("the event names no repository")
        path = f"repos/{quote(owner, safe='')}/{quote(repository, safe='')}"
        user = quote(person.name, safe="")
        return HttpRequest(
            method="GET",
            url=f"{self.api_url}/{path}/collaborators/{user}/permission",
            headers={**bearer_headers(token), "X-GitHub-Api-Version": "2022-11-28"},
        )

    @override
    def may_command(self, response: HttpResponse, person: Author) -> bool:
        answer = json_answer(response)
        permission = answer.get("permission") if isinstance(answer, dict) else None
        return isinstance(permission, str) and permission in _WRITERS


def _open(settings: Mapping[str, JsonValue]) -> PermissionApi:
    return GitHubPermissions(api_url=parse_settings(GitHubSettings, settings).api_url)


PERMISSION_API: Final = _open
