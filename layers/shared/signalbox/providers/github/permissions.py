"""Write access to a repository of GitHub.

`author_association` of a payload is no permission: members of an organization may appear as mere
contributors. https://docs.github.com/en/rest/collaborators/collaborators
"""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from signalbox.egress.permissions import (
    CollaboratorPermissions,
    PermissionApi,
    bearer_headers,
)
from signalbox.models.resource_settings import parse_settings
from signalbox.providers.github.settings import GitHubSettings


def _headers(token: str) -> Mapping[str, str]:
    return {**bearer_headers(token), "X-GitHub-Api-Version": "2022-11-28"}


def _open(settings: Mapping[str, JsonValue]) -> PermissionApi:
    api_url = parse_settings(GitHubSettings, settings).api_url
    return CollaboratorPermissions(api_url=api_url, headers=_headers)


PERMISSION_API: Final = _open
