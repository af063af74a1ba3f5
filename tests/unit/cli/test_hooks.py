import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.admin.hooks import HOOK_APIS, CreatedHook, NewHook, create_hook
from cli.errors import CommandError, Unreachable
from signalbox.runtime.registry import providers
from tests.fakes.http_server import FakeHttpServer, Fault, Reply

URL = "https://api.example.com/api/v1/webhooks/github"
HOOK = NewHook(url=URL, secret="s3cret", events=("issue_comment.created", "push"))
CREATED = Reply(status=201, body=b'{"id": 42, "extra": true}')


@pytest.fixture
def service() -> Iterator[FakeHttpServer]:
    with FakeHttpServer().running() as server:
        server.usual = CREATED
        yield server


def created(service: FakeHttpServer, provider: str, hook: NewHook = HOOK) -> CreatedHook:
    return create_hook(
        HOOK_APIS[provider], "octo-org/site", hook, token="t0ken", api_url=service.url + "/"
    )


def sent(service: FakeHttpServer) -> Any:
    (request,) = service.received
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    return json.loads(request.body)


def test_github_gets_its_request(service: FakeHttpServer) -> None:
    hook = created(service, "github")

    assert hook == CreatedHook(
        id=42, repository="octo-org/site", url=URL, events=("issue_comment", "push")
    )
    assert sent(service) == {
        "name": "web",
        "active": True,
        "events": ["issue_comment", "push"],
        "config": {"url": URL, "content_type": "json", "secret": "s3cret", "insecure_ssl": "0"},
    }
    assert service.received[0].path == "/repos/octo-org/site/hooks"
    assert service.received[0].headers["authorization"] == "Bearer t0ken"


def test_gitlab_gets_a_flag_for_every_event_so_that_pushes_are_off(
    service: FakeHttpServer,
) -> None:
    created(service, "gitlab", NewHook(url=URL, secret="s3cret", events=["note.create", "build"]))

    body = sent(service)
    flags = {name for name, value in body.items() if name.endswith("_events") and value}
    assert flags == {"note_events", "confidential_note_events", "job_events"}
    assert body["push_events"] is False
    assert (body["url"], body["token"], body["enable_ssl_verification"]) == (URL, "s3cret", True)
    assert service.received[0].path == "/api/v4/projects/octo-org%2Fsite/hooks"
    assert service.received[0].headers["private-token"] == "t0ken"


def test_gitea_gets_one_event_for_all_reviews(service: FakeHttpServer) -> None:
    events = ["issues.opened", "pull_request_review_approved", "pull_request_review_rejected"]

    created(service, "gitea", NewHook(url=URL, secret="s3cret", events=events))

    assert sent(service) == {
        "type": "gitea",
        "active": True,
        "events": ["issues", "pull_request_review"],
        "config": {"url": URL, "content_type": "json", "secret": "s3cret"},
    }
    assert service.received[0].path == "/api/v1/repos/octo-org/site/hooks"
    assert service.received[0].headers["authorization"] == "token t0ken"


@pytest.mark.parametrize("provider", HOOK_APIS)
def test_every_event_of_the_provider_has_a_name_in_its_api(provider: str) -> None:
    events = list(providers()[provider]().events)

    assert all(HOOK_APIS[provider].names([event]) for event in events)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"message": "Bad credentials"}, "GitHub refuses the token: Bad credentials"),
        (403, {"message": "Resource not accessible"}, "the token needs Webhooks: write"),
        (404, {"message": "Not Found"}, "GitHub has no repository octo-org/site, or the token"),
        (301, {"message": "Moved"}, "octo-org/site has moved"),
        (
            422,
            {"message": "Validation Failed", "errors": [{"message": "Hook already exists"}]},
            "GitHub answered 422: Validation Failed; Hook already exists",
        ),
        (500, ["odd"], "GitHub answered 500: no message"),
    ],
)
def test_a_refusal_is_explained(
    service: FakeHttpServer, status: int, body: object, words: str
) -> None:
    service.usual = Reply(status=status, body=json.dumps(body).encode())

    with pytest.raises(CommandError, match="GitHub") as refused:
        created(service, "github")

    assert words in str(refused.value)


def test_no_secret_comes_back_in_an_error(service: FakeHttpServer) -> None:
    service.usual = Reply(status=400, body=b'{"message": "s3cret and t0ken are odd\\u001b[2J"}')

    with pytest.raises(CommandError) as refused:
        created(service, "github")

    assert str(refused.value) == "GitHub answered 400: [masked] and [masked] are odd"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"id": "x"}'])
def test_what_is_not_the_api_is_found_out(service: FakeHttpServer, body: bytes) -> None:
    service.usual = Reply(status=200, body=body)

    with pytest.raises(CommandError, match="is not the API of GitHub"):
        created(service, "github")


def test_a_service_that_does_not_answer_is_unreachable(service: FakeHttpServer) -> None:
    service.usual = Reply(fault=Fault.RESET)

    with pytest.raises(Unreachable, match="did not answer"):
        created(service, "github")


def test_a_service_elsewhere_cannot_reach_this_machine() -> None:
    hook = NewHook(url="http://127.0.0.1:4600/api/v1/webhooks/github", secret="s", events=())

    with pytest.raises(CommandError, match="GitHub cannot reach http://127"):
        create_hook(HOOK_APIS["github"], "octo-org/site", hook, token="t0ken")
