"""Permission to edit the issues of a project of Jira Cloud.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-search/
"""

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from pydantic import JsonValue
from typing_extensions import override

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.permissions import PermissionApi, json_answer
from signalbox.models.errors import SendRefused
from signalbox.models.event import Author, Event
from signalbox.models.frozen import frozen
from signalbox.models.resource_settings import parse_settings
from signalbox.providers.jira.settings import JiraSettings


@frozen
class JiraPermissions(PermissionApi):
    """The users with a permission in a project. The token is `EMAIL:API_TOKEN`."""

    api_url: str
    permission: str

    @override
    def request(self, event: Event, person: Author, token: str) -> HttpRequest:
        if not event.repository:
            raise SendRefused("the event names no project")
        query = urlencode(
            {
                "accountId": person.name,
                "projectKey": event.repository,
                "permissions": self.permission,
            }
        )
        basic = base64.b64encode(token.encode()).decode()
        return HttpRequest(
            method="GET",
            url=f"{self.api_url}/rest/api/3/user/permission/search?{query}",
            headers={"Accept": "application/json", "Authorization": f"Basic {basic}"},
        )

    @override
    def may_command(self, response: HttpResponse, person: Author) -> bool:
        answer = json_answer(response)
        users = answer if isinstance(answer, list) else []
        return any(
            isinstance(user, dict)
            and user.get("accountId") == person.name
            and user.get("active") is not False
            for user in users
        )


def _open(settings: Mapping[str, JsonValue]) -> PermissionApi | None:
    jira = parse_settings(JiraSettings, settings)
    if jira.api_url is None:
        return None
    return JiraPermissions(api_url=jira.api_url, permission=jira.permission)


PERMISSION_API: Final = _open
