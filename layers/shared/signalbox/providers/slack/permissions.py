"""Membership of a user group of Slack.

https://docs.slack.dev/reference/methods/usergroups.users.list
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from pydantic import JsonValue
from typing_extensions import override

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.permissions import PermissionApi, bearer_headers, json_answer
from signalbox.egress.responses import SecretRefused
from signalbox.models.errors import SendRefused
from signalbox.models.event import Author, Event
from signalbox.models.frozen import frozen
from signalbox.models.resource_settings import parse_settings
from signalbox.providers.slack.settings import SlackSettings

_TOKEN_ERRORS: Final = frozenset({"invalid_auth", "not_authed", "token_revoked", "token_expired"})
_ERROR_CHARACTERS: Final = 60
_MAX_ANSWER: Final = 1_000_000


@frozen
class SlackPermissions(PermissionApi):
    """The members of a user group. The token needs the scope `usergroups:read`."""

    api_url: str
    user_group: str

    @override
    def request(self, event: Event, person: Author, token: str) -> HttpRequest:
        query = urlencode({"usergroup": self.user_group})
        return HttpRequest(
            method="GET",
            url=f"{self.api_url}/usergroups.users.list?{query}",
            headers=bearer_headers(token),
            max_answer=_MAX_ANSWER,
        )

    @override
    def may_command(self, response: HttpResponse, person: Author) -> bool:
        answer = json_answer(response)
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            error = answer.get("error") if isinstance(answer, dict) else None
            reason = f"the API answers {str(error)[:_ERROR_CHARACTERS]}"
            raise SecretRefused(reason) if error in _TOKEN_ERRORS else SendRefused(reason)
        users = answer.get("users")
        return isinstance(users, list) and person.name in users


def _open(settings: Mapping[str, JsonValue]) -> PermissionApi | None:
    slack = parse_settings(SlackSettings, settings)
    if slack.user_group is None:
        return None
    return SlackPermissions(api_url=slack.api_url, user_group=slack.user_group)


PERMISSION_API: Final = _open
