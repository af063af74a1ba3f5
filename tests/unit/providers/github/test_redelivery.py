import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import JsonValue

from signalbox.egress.delivery_log import DeliveryLogApi, HttpDeliveryLog
from signalbox.egress.http_client import HttpClient, HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.providers.github.redelivery import DELIVERY_LOG
from signalbox.services.ports.redelivery import AttemptGone, DeliveryAttempt
from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.github_hooks import HOOK, FakeGitHubHooks

TOKEN = "ghp-token"


@pytest.fixture
def github() -> Iterator[FakeGitHubHooks]:
    with FakeGitHubHooks(FakeClock()).running() as github:
        yield github


def log_of(github: FakeGitHubHooks, *tokens: str) -> HttpDeliveryLog:
    return HttpDeliveryLog(
        api=opened(github.settings),
        send=HttpClient(trusted=[github.url]),
        tokens=tokens or (TOKEN,),
    )


def opened(settings: dict[str, JsonValue] | None = None) -> DeliveryLogApi:
    api = DELIVERY_LOG(settings or {"redelivery": {"hook": HOOK}}, FakeClock())
    assert api
    return api


def test_a_source_without_the_setting_has_no_log() -> None:
    assert DELIVERY_LOG({"api_url": "https://ghe.example.com/api/v3"}, FakeClock()) is None


def test_settings_that_are_not_githubs_are_refused() -> None:
    with pytest.raises(SettingsInvalid, match="redelivery"):
        DELIVERY_LOG({"redelivery": {"hook": "nothing"}}, FakeClock())


def test_attempts_are_read_newest_first_with_their_outcome(github: FakeGitHubHooks) -> None:
    github.deliver("one")
    github.dropping = True
    github.deliver("two", redelivery=True, at=NOW + timedelta(seconds=1))

    page = log_of(github).page(None)

    assert page.attempts == (
        DeliveryAttempt(
            number=10_000_000_001,
            key="two",
            status=None,
            at=NOW + timedelta(seconds=1),
            repeated=True,
        ),
        DeliveryAttempt(number=10_000_000_000, key="one", status=202, at=NOW),
    )
    assert page.cursor is None


def test_the_cursor_of_a_page_leads_to_the_next(github: FakeGitHubHooks) -> None:
    github.page_size = 2
    for number in range(5):
        github.deliver(f"d-{number}")
    log = log_of(github)

    first = log.page(None)
    second = log.page(first.cursor)
    third = log.page(second.cursor)

    keys = [attempt.key for page in (first, second, third) for attempt in page.attempts]
    assert keys == ["d-4", "d-3", "d-2", "d-1", "d-0"]
    assert third.cursor is None


def test_a_request_names_the_version_of_the_api_and_the_token(github: FakeGitHubHooks) -> None:
    log_of(github).page(None)

    (received,) = github.received
    assert received.path == f"/api/v3/{HOOK}/deliveries?per_page=100"
    assert received.headers["authorization"] == f"Bearer {TOKEN}"
    assert received.headers["accept"] == "application/vnd.github+json"
    assert received.headers["x-github-api-version"] == "2022-11-28"


def test_a_repeated_delivery_has_its_guid(github: FakeGitHubHooks) -> None:
    github.dropping = True
    github.deliver("one")
    github.dropping = False
    log = log_of(github)
    (missed,) = log.page(None).attempts

    log.redeliver(missed.number)

    assert [(entry["guid"], entry["redelivery"]) for entry in github.log] == [
        ("one", False),
        ("one", True),
    ]


def test_an_older_token_is_tried_where_the_current_one_is_not_accepted(
    github: FakeGitHubHooks,
) -> None:
    github.deliver("one")

    page = log_of(github, "ghp-not-yet", TOKEN).page(None)

    assert len(page.attempts) == 1
    with pytest.raises(SendRefused, match="does not accept the token: 401"):
        log_of(github, "ghp-other").page(None)


def test_a_webhook_that_the_token_does_not_see_is_refused(github: FakeGitHubHooks) -> None:
    log = log_of(github)
    github.hook = "repos/octo-org/other/hooks/2"

    with pytest.raises(SendRefused, match="no such webhook"):
        log.page(None)


def test_an_app_signs_in_with_its_private_key(github: FakeGitHubHooks) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
    claims: list[dict[str, object]] = []

    def verified(token: str) -> bool:
        key = RSAKey.import_key(private.public_key())
        claims.append(jwt.decode(token, key, algorithms=["RS256"]).claims)
        return True

    github.hook, github.token = "app", verified
    github.deliver("one")
    settings = github.settings | {"redelivery": {"hook": "app", "app_id": "Iv1.8a61"}}
    log = HttpDeliveryLog(api=opened(settings), send=HttpClient(trusted=[github.url]), tokens=[pem])

    page = log.page(None)
    log.redeliver(page.attempts[0].number)

    now = int(NOW.timestamp())
    assert claims == [{"iss": "Iv1.8a61", "iat": now - 60, "exp": now + 540}] * 2
    assert [entry["redelivery"] for entry in github.log] == [False, True]


@pytest.mark.parametrize("token", [TOKEN, "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END"])
def test_an_app_with_something_else_for_a_key_is_refused(token: str) -> None:
    api = opened({"redelivery": {"hook": "app", "app_id": "1"}})

    with pytest.raises(SendRefused, match="not the private key") as caught:
        api.page_request(None, token)

    assert token not in str(caught.value)


def test_a_cursor_stays_within_the_query() -> None:
    request = opened().page_request("v1_1&per_page=1#", TOKEN)

    assert request.url.endswith("/deliveries?per_page=100&cursor=v1_1%26per_page%3D1%23")


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("headers", "retry_after", "wait"),
    [
        ({}, timedelta(seconds=90), timedelta(seconds=90)),
        (
            {
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": str(int((NOW + 20 * MINUTE).timestamp())),
            },
            None,
            20 * MINUTE,
        ),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, None, MINUTE),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 12}, None, MINUTE),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(
    status: int, headers: dict[str, str], retry_after: timedelta | None, wait: timedelta
) -> None:
    response = HttpResponse(status=status, headers=headers, retry_after=retry_after)

    for judge in (opened().read_page, opened().check_redelivery):
        with pytest.raises(SendDelayed, match="rate limit") as caught:
            judge(response)
        assert caught.value.after == wait


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (401, {}, SecretRefused),
        (403, {}, SecretRefused),
        (403, {"x-ratelimit-remaining": "10", "x-ratelimit-reset": "1"}, SecretRefused),
        (404, {}, SecretRefused),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, SendDelayed),
        (429, {}, SendDelayed),
        (500, {}, SendDelayed),
        (503, {}, SendDelayed),
        (410, {}, SendRefused),
    ],
)
def test_other_answers_are_told_apart_by_their_status(
    status: int, headers: dict[str, str], error: type[Exception]
) -> None:
    response = HttpResponse(status=status, headers=headers)

    for judge in (opened().read_page, opened().check_redelivery):
        with pytest.raises(error):
            judge(response)


@pytest.mark.parametrize("status", [400, 422])
def test_a_delivery_that_github_does_not_repeat_is_gone(status: int) -> None:
    with pytest.raises(AttemptGone):
        opened().check_redelivery(HttpResponse(status=status))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[{}]",
        b'[{"id": 1, "guid": "", "delivered_at": "2026-03-01T12:00:00Z", "status_code": 1}]',
        b'[{"id": 1, "guid": "g", "delivered_at": "yesterday", "status_code": 1}]',
        b"\xff",
    ],
)
def test_a_log_that_cannot_be_read_is_read_again_later(body: bytes) -> None:
    with pytest.raises(SendDelayed, match="cannot be read"):
        opened().read_page(HttpResponse(status=200, body=body))


@pytest.mark.parametrize(
    ("link", "cursor"),
    [
        ('<https://api.github.com/x?per_page=100&cursor=v1_12>; rel="next"', "v1_12"),
        (
            '<https://a.b/x?cursor=v1_9>; rel="prev", <https://a.b/x?cursor=v1_7>; rel="next"',
            "v1_7",
        ),
        ('<https://api.github.com/x?cursor=v1_9>; rel="prev"', None),
        ("nonsense", None),
    ],
)
def test_the_cursor_is_that_of_the_next_page(link: str, cursor: str | None) -> None:
    response = HttpResponse(status=200, headers={"link": link}, body=json.dumps([]).encode())

    assert opened().read_page(response).cursor == cursor
