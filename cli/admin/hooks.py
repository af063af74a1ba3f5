"""Create webhooks by the APIs of GitHub, GitLab and Gitea."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import requests
from pydantic import BaseModel, JsonValue, ValidationError

from cli.api_client import is_loopback, session_for
from cli.errors import CommandError, Unreachable
from cli.output import strip_controls
from signalbox.models.provider_setup import event_family

_TIMEOUT: Final = 20.0
_MAX_MESSAGE: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHook:
    """A webhook to create; `events` are those of the provider, such as `issues.opened`."""

    url: str
    secret: str = field(repr=False)
    events: Sequence[str]


class CreatedHook(BaseModel):
    """A webhook of a repository, as the service has stored it."""

    id: int
    repository: str
    url: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookApi:
    """The request by which a service creates a webhook.

    Attributes:
        title: The name of the service.
        url: The URL of its public API.
        variable: The environment variable with the token, by custom.
        permission: What the token must be allowed.
        path: Return the path for a repository.
        headers: Return the headers with a token.
        names: Return what the service calls these events.
        body: Return the body, with the names of the events.
    """

    title: str
    url: str
    variable: str
    permission: str
    path: Callable[[str], str]
    headers: Callable[[str], Mapping[str, str]]
    names: Callable[[Sequence[str]], tuple[str, ...]]
    body: Callable[[NewHook, Sequence[str]], JsonValue]


class _Created(BaseModel):
    id: int


def create_hook(
    api: HookApi, repository: str, hook: NewHook, *, token: str, api_url: str | None = None
) -> CreatedHook:
    """Create the webhook of a repository.

    Raises:
        CommandError: The service refused it, or cannot reach its URL.
        Unreachable: The service did not answer.
    """
    base = (api_url or api.url).rstrip("/")
    check_reachable(api, hook.url, base)
    names = api.names(hook.events)
    try:
        response = session_for(base).post(
            base + api.path(repository),
            json=api.body(hook, names),
            headers={**api.headers(token), "User-Agent": "signalbox"},
            timeout=_TIMEOUT,
            allow_redirects=False,
        )
    except (requests.RequestException, OSError) as failure:
        raise Unreachable(f"{base} did not answer ({type(failure).__name__})") from None
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        problem = _problem(api, repository, response)
        for secret in (token, hook.secret):
            problem = problem.replace(secret, "[masked]")
        raise CommandError(problem)
    try:
        created = _Created.model_validate_json(response.content)
    except ValidationError:
        raise CommandError(f"{base} is not the API of {api.title}") from None
    return CreatedHook(id=created.id, repository=repository, url=hook.url, events=names)


def check_reachable(api: HookApi, url: str, base: str) -> None:
    """Check that the service can reach the URL of the webhooks.

    Raises:
        CommandError: The URL is on this machine, and the service is not.
    """
    if is_loopback(url) and not is_loopback(base):
        raise CommandError(f"{api.title} cannot reach {url}, which is on this machine")


def _problem(api: HookApi, repository: str, response: requests.Response) -> str:
    message = _message(response)
    match response.status_code:
        case HTTPStatus.UNAUTHORIZED:
            return f"{api.title} refuses the token: {message}"
        case HTTPStatus.FORBIDDEN:
            return f"{api.title}: the token needs {api.permission}: {message}"
        case HTTPStatus.NOT_FOUND:
            return (
                f"{api.title} has no repository {repository}, or the token cannot see its webhooks"
                f" ({api.permission}): {message}"
            )
        case status if status < HTTPStatus.BAD_REQUEST:
            return f"{api.title}: {repository} has moved; use its current name"
        case status:
            return f"{api.title} answered {status}: {message}"


def _message(response: requests.Response) -> str:
    """Return the messages in an error response: GitHub's are in `message` and in `errors`."""
    try:
        document = response.json()
    except ValueError:
        return "no message"
    if not isinstance(document, dict):
        return "no message"
    errors = document.get("errors")
    details = (
        [str(error.get("message", "")) for error in errors if isinstance(error, dict)]
        if isinstance(errors, list)
        else []
    )
    words = [str(document.get("message") or document.get("error") or ""), *details]
    return strip_controls("; ".join(filter(None, words)))[:_MAX_MESSAGE] or "no message"


def _families(events: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(event_family, events)))


def _github_body(hook: NewHook, names: Sequence[str]) -> JsonValue:
    config: JsonValue = {
        "url": hook.url,
        "content_type": "json",
        "secret": hook.secret,
        "insecure_ssl": "0",
    }
    return {"name": "web", "active": True, "events": list(names), "config": config}


_GITLAB_FLAGS: Final[Mapping[str, Sequence[str]]] = {
    "note": ("note_events", "confidential_note_events"),
    "issue": ("issues_events", "confidential_issues_events"),
    "work_item": ("issues_events", "confidential_issues_events"),
    "merge_request": ("merge_requests_events",),
    "push": ("push_events",),
    "tag_push": ("tag_push_events",),
    "pipeline": ("pipeline_events",),
    "build": ("job_events",),
    "release": ("releases_events",),
}


def _gitlab_names(events: Sequence[str]) -> tuple[str, ...]:
    flags = (flag for name in _families(events) for flag in _GITLAB_FLAGS.get(name, ()))
    return tuple(dict.fromkeys(flags))


def _gitlab_body(hook: NewHook, names: Sequence[str]) -> JsonValue:
    all_flags = {flag: False for flags in _GITLAB_FLAGS.values() for flag in flags}
    return {
        "url": hook.url,
        "token": hook.secret,
        "enable_ssl_verification": True,
        **all_flags,
        **dict.fromkeys(names, True),
    }


_GITEA_REVIEW: Final = "pull_request_review"


def _gitea_names(events: Sequence[str]) -> tuple[str, ...]:
    """Return the names; those of reviews are one."""
    names = (
        _GITEA_REVIEW if name.startswith(_GITEA_REVIEW) else name for name in _families(events)
    )
    return tuple(dict.fromkeys(names))


def _gitea_body(hook: NewHook, names: Sequence[str]) -> JsonValue:
    config: JsonValue = {"url": hook.url, "content_type": "json", "secret": hook.secret}
    return {"type": "gitea", "active": True, "events": list(names), "config": config}


HOOK_APIS: Final[Mapping[str, HookApi]] = {
    # https://docs.github.com/en/rest/repos/webhooks#create-a-repository-webhook
    "github": HookApi(
        title="GitHub",
        url="https://api.github.com",
        variable="GITHUB_TOKEN",
        permission="Webhooks: write, or the scope admin:repo_hook",
        path=lambda repository: f"/repos/{quote(repository)}/hooks",
        headers=lambda token: {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
        names=_families,
        body=_github_body,
    ),
    # https://docs.gitlab.com/api/project_webhooks/#add-a-webhook-to-a-project
    "gitlab": HookApi(
        title="GitLab",
        url="https://gitlab.com",
        variable="GITLAB_TOKEN",
        permission="the scope api, and the role Maintainer",
        path=lambda repository: f"/api/v4/projects/{quote(repository, safe='')}/hooks",
        headers=lambda token: {"PRIVATE-TOKEN": token},
        names=_gitlab_names,
        body=_gitlab_body,
    ),
    # https://docs.gitea.com/api/next/#tag/repository/operation/repoCreateHook
    "gitea": HookApi(
        title="Gitea",
        url="https://gitea.com",
        variable="GITEA_TOKEN",
        permission="the scope write:repository, and administration of the repository",
        path=lambda repository: f"/api/v1/repos/{quote(repository)}/hooks",
        headers=lambda token: {"Authorization": f"token {token}"},
        names=_gitea_names,
        body=_gitea_body,
    ),
}
"""The services whose webhooks can be created by their APIs, by provider."""
