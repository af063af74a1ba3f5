"""Write access to a repository of Gitea or Forgejo.

https://docs.gitea.com/api/ (repoGetRepoPermissions)
"""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from signalbox.egress.permissions import CollaboratorPermissions, PermissionApi
from signalbox.models.resource_settings import parse_settings
from signalbox.providers.gitea.settings import GiteaSettings


def _headers(token: str) -> Mapping[str, str]:
    return {"Accept": "application/json", "Authorization": f"token {token}"}


def _open(settings: Mapping[str, JsonValue]) -> PermissionApi | None:
    api_url = parse_settings(GiteaSettings, settings).api_url
    return CollaboratorPermissions(api_url=api_url, headers=_headers) if api_url else None


PERMISSION_API: Final = _open
