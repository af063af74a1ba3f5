"""Permissions of persons over HTTP: a provider renders the request and judges the response."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import quote

from pydantic import JsonValue, TypeAdapter, ValidationError
from typing_extensions import override

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import send_error, try_secrets
from signalbox.models.base import DEFERRED
from signalbox.models.errors import SendRefused
from signalbox.models.event import Author, Event
from signalbox.models.frozen import frozen

_WRITERS: Final = frozenset({"write", "maintain", "admin", "owner"})
_DOCUMENT: TypeAdapter[JsonValue] = TypeAdapter(JsonValue, config=DEFERRED)


class PermissionApi(Protocol):
    """The API of a provider for the permission of a person. Pure, without any I/O."""

    def request(self, event: Event, person: Author, token: str) -> HttpRequest:
        """Return the request that asks what the person may do where the event happened.

        Raises:
            SendRefused: The event does not say where it happened, or the token cannot be sent.
        """

    def may_command(self, response: HttpResponse, person: Author) -> bool:
        """Return whether the person may write there.

        Raises:
            SendDelayed: The provider does not answer now.
            SecretRefused: It does not accept the token, but may accept another.
            SendRefused: It does not tell.
        """


OpenPermissionApi = Callable[[Mapping[str, JsonValue]], PermissionApi | None]
"""Return the API that the settings of a source name, or None. Raises SettingsInvalid."""


@frozen
class HttpPermissions:
    """Permissions, asked with the first of the tokens that the provider accepts."""

    api: PermissionApi
    send: Callable[[HttpRequest], HttpResponse]
    tokens: Sequence[str]

    def __call__(self, event: Event, person: Author) -> bool:
        """Return whether the person may give commands where the event happened.

        Raises:
            SendDelayed: The provider does not answer now.
            SendRefused: It does not tell.
        """
        answers: list[bool] = []

        def ask(token: str) -> None:
            response = self.send(self.api.request(event, person, token))
            answers.append(self.api.may_command(response, person))

        try_secrets(self.tokens, ask)
        return answers[0]


@frozen
class CollaboratorPermissions(PermissionApi):
    """The permission of a collaborator of a repository, as GitHub's API and those like it show it.

    It includes what teams and organizations grant. `headers` are those of a request with a token.
    """

    api_url: str
    headers: Callable[[str], Mapping[str, str]]

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
            headers=self.headers(token),
        )

    @override
    def may_command(self, response: HttpResponse, person: Author) -> bool:
        answer = json_answer(response)
        permission = answer.get("permission") if isinstance(answer, dict) else None
        return isinstance(permission, str) and permission in _WRITERS


def json_answer(response: HttpResponse) -> JsonValue:
    """Return the JSON of a successful response, None of one with 404.

    Raises:
        SendDelayed: The provider does not answer now.
        SecretRefused: It does not accept the token, but may accept another.
        SendRefused: It answers otherwise, or not with JSON.
    """
    if response.status == HTTPStatus.NOT_FOUND:
        return None
    if response.status != HTTPStatus.OK:
        raise send_error(
            response.status, f"the API answers {response.status}", response.retry_after
        )
    try:
        return _DOCUMENT.validate_json(response.body)
    except ValidationError:
        raise SendRefused("the API answers with something else than JSON") from None


def bearer_headers(token: str) -> Mapping[str, str]:
    """Return the headers of a request with a bearer token."""
    return {"Accept": "application/json", "Authorization": f"Bearer {token}"}
