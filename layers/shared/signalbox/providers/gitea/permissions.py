"""Write access to a repository of Gitea or Forgejo.

https://docs.gitea.com/api/ (repoGetRepoPermissions)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue
from typing_extensions import override

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.permissions import PermissionApi, json_answer
from signalbox.models.errors import SendRefused
from signalbox.models.event import Author, Event
from signalbox.models.resource_settings import parse_settings
from signalbox.providers.gitea.settings import GiteaSettings

_WRITERS: Final = frozenset({"write", "admin", "owner"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GiteaPermissions(PermissionApi):
    """The permission of a collaborator, which includes that of teams."""

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
            headers={"Accept": "application/json", "Authorization": f"token {token}"},
        )

    @override
    def may_command(self, response: HttpResponse, person: Author) -> bool:
        answer = json_answer(response)
        permission = answer.get("permission") if isinstance(answer, dict) else None
        return isinstance(permission, str) and permission in _WRITERS


def _open(settings: Mapping[str, JsonValue]) -> PermissionApi | None:
    api_url = parse_settings(GiteaSettings, settings).api_url
    return GiteaPermissions(api_url=api_url) if api_url else None


PERMISSION_API: Final = _open
