"""The requests for permissions, and what the APIs answer."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.permissions import HttpPermissions, PermissionApi
from signalbox.egress.responses import SecretRefused
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.event import Author, Event
from signalbox.runtime.registry import permission_api_opener

TOKEN = "token"
ACCOUNT = "5b10ac8d82e05b22cc7d4ef5"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A provider that can be asked, and the answers for somebody who may and for others."""

    repository: str | None
    person: str
    url: str
    authorization: str
    allowed: tuple[JsonValue, ...]
    refused: tuple[JsonValue, ...]
    settings: Mapping[str, JsonValue] = field(default_factory=dict)


CASES: Mapping[str, Case] = {
    "github": Case(
        repository="octo-org/site",
        person="renovate[bot]",
        url="https://api.github.com/repos/octo-org/site/collaborators/renovate%5Bbot%5D/permission",
        authorization="Bearer token",
        allowed=({"permission": "write"}, {"permission": "admin"}),
        refused=({"permission": "read"}, {"permission": "none"}, {}, {"permission": ["admin"]}, []),
    ),
    "gitlab": Case(
        repository="group/sub/project",
        person="ada",
        url="https://gitlab.com/api/v4/projects/group%2Fsub%2Fproject/members/all"
        "?query=ada&per_page=100",
        authorization="Bearer token",
        allowed=(
            [{"username": "adam", "access_level": 10}, {"username": "ada", "access_level": 30}],
        ),
        refused=(
            [],
            {},
            [{"username": "ada", "access_level": 20}],
            [{"username": "adam", "access_level": 50}],
            [{"username": "ada", "access_level": 50, "state": "blocked"}],
            [{"username": "ada", "access_level": "50"}],
            ["ada"],
        ),
    ),
    "gitea": Case(
        settings={"api_url": "https://git.example.com/api/v1"},
        repository="octo-org/site",
        person="ada",
        url="https://git.example.com/api/v1/repos/octo-org/site/collaborators/ada/permission",
        authorization="token token",
        allowed=({"permission": "owner"}, {"permission": "write"}),
        refused=({"permission": "read"}, {}, [], None),
    ),
    "jira": Case(
        settings={"api_url": "https://octo.atlassian.net"},
        repository="PROJ",
        person=ACCOUNT,
        url="https://octo.atlassian.net/rest/api/3/user/permission/search"
        f"?accountId={ACCOUNT}&projectKey=PROJ&permissions=EDIT_ISSUES",
        authorization=f"Basic {base64.b64encode(b'token').decode()}",
        allowed=([{"accountId": ACCOUNT, "active": True}],),
        refused=(
            [],
            {},
            [{"accountId": "another"}],
            [{"accountId": ACCOUNT, "active": False}],
            [1],
        ),
    ),
    "slack": Case(
        settings={"user_group": "S0123ABCD"},
        repository=None,
        person="U0ADA",
        url="https://slack.com/api/usergroups.users.list?usergroup=S0123ABCD",
        authorization="Bearer token",
        allowed=({"ok": True, "users": ["U0BOB", "U0ADA"]},),
        refused=({"ok": True, "users": ["U0BOB"]}, {"ok": True}, {"ok": True, "users": "U0ADA"}),
    ),
}


def opened(provider: str) -> PermissionApi:
    opener = permission_api_opener(provider)
    assert opener
    api = opener(CASES[provider].settings)
    assert api
    return api


def answer(document: JsonValue, status: int = 200) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps(document).encode())


def event(provider: str) -> Event:
    return Event(type="x", title="x", repository=CASES[provider].repository)


@pytest.mark.parametrize("provider", CASES)
def test_the_permission_of_one_person_is_asked_for(provider: str) -> None:
    case = CASES[provider]

    request = opened(provider).request(event(provider), Author(name=case.person), TOKEN)

    assert (request.method, request.url) == ("GET", case.url)
    assert request.headers["Authorization"] == case.authorization


@pytest.mark.parametrize("provider", CASES)
def test_who_may_write_may_command_and_nobody_else(provider: str) -> None:
    api, case = opened(provider), CASES[provider]
    person = Author(name=case.person)

    assert all(api.may_command(answer(document), person) for document in case.allowed)
    assert not any(api.may_command(answer(document), person) for document in case.refused)


@pytest.mark.parametrize("provider", ["github", "gitlab", "gitea", "jira"])
def test_who_is_not_found_may_not(provider: str) -> None:
    person = Author(name=CASES[provider].person)

    assert not opened(provider).may_command(answer({"message": "Not Found"}, 404), person)


@pytest.mark.parametrize("provider", CASES)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, SecretRefused),
        (403, SecretRefused),
        (429, SendDelayed),
        (500, SendDelayed),
        (302, SendRefused),
    ],
)
def test_an_error_is_no_answer(provider: str, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        opened(provider).may_command(answer({}, status), Author(name="ada"))


@pytest.mark.parametrize("provider", CASES)
@given(document=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
@settings(max_examples=20, deadline=None)
def test_an_odd_answer_lets_nobody_in(provider: str, document: JsonValue) -> None:
    try:
        assert not opened(provider).may_command(answer(document), Author(name="ada"))
    except SendRefused:
        assert provider == "slack"


@pytest.mark.parametrize("provider", ["github", "gitlab", "gitea", "jira"])
def test_an_event_without_a_place_cannot_be_asked_for(provider: str) -> None:
    with pytest.raises(SendRefused, match="names no"):
        opened(provider).request(Event(type="x", title="x"), Author(name="ada"), TOKEN)


@pytest.mark.parametrize("provider", ["gitea", "jira", "slack"])
def test_without_its_settings_a_provider_cannot_be_asked(provider: str) -> None:
    opener = permission_api_opener(provider)

    assert opener
    assert opener({}) is None


@pytest.mark.parametrize("provider", ["sentry", "nobody"])
def test_some_providers_cannot_be_asked(provider: str) -> None:
    assert permission_api_opener(provider) is None


def test_slack_names_its_error() -> None:
    api, ada = opened("slack"), Author(name="U0ADA")

    with pytest.raises(SendRefused, match="no_such_subteam"):
        api.may_command(answer({"ok": False, "error": "no_such_subteam"}), ada)
    with pytest.raises(SecretRefused, match="invalid_auth"):
        api.may_command(answer({"ok": False, "error": "invalid_auth"}), ada)


def test_the_older_token_is_tried_where_the_current_one_is_refused() -> None:
    answers = [answer({}, 401), answer({"permission": "write"})]
    sent: list[str] = []

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request.headers["Authorization"])
        return answers.pop(0)

    ask = HttpPermissions(api=opened("github"), send=send, tokens=["new", "old"])

    assert ask(event("github"), Author(name="ada"))
    assert sent == ["Bearer new", "Bearer old"]


def test_an_answer_that_is_no_json_is_refused() -> None:
    with pytest.raises(SendRefused, match="something else than JSON"):
        opened("github").may_command(HttpResponse(status=200, body=b"<html>"), Author(name="ada"))
