from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest
from pydantic import JsonValue

from signalbox.egress.delivery_log import DeliveryLogApi, HttpDeliveryLog
from signalbox.egress.http_client import HttpClient, HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.providers.gitlab.provider import GitLab
from signalbox.providers.gitlab.redelivery import DELIVERY_LOG
from signalbox.services.deliveries.redelivery import RedeliverMissed
from signalbox.services.deliveries.redelivery_run import RedeliveryResult, RedeliveryTools
from signalbox.services.ports.redelivery import DeliveryAttempt
from tests.builders import a_source
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.deliveries import FakeDeliveryStore
from tests.fakes.gitlab_hooks import HOOK, FakeGitLabHooks
from tests.fakes.redelivery import FakeRedeliveryStore

TOKEN = "glpat-token"


@pytest.fixture
def gitlab() -> Iterator[FakeGitLabHooks]:
    with FakeGitLabHooks().running() as gitlab:
        yield gitlab


def log_of(gitlab: FakeGitLabHooks, *tokens: str) -> HttpDeliveryLog:
    return HttpDeliveryLog(
        api=opened(gitlab.settings),
        send=HttpClient(trusted=[gitlab.url]),
        tokens=tokens or (TOKEN,),
    )


def opened(settings: dict[str, JsonValue] | None = None) -> DeliveryLogApi:
    api = DELIVERY_LOG(settings or {"redelivery": {"hook": HOOK}}, FakeClock())
    assert api
    return api


def test_a_source_without_the_setting_has_no_log_and_needs_no_token() -> None:
    settings: dict[str, JsonValue] = {"api_url": "https://gitlab.example.com/api/v4"}

    assert DELIVERY_LOG(settings, FakeClock()) is None
    assert not GitLab().with_settings(settings).uses_token
    assert GitLab().with_settings({"redelivery": {"hook": HOOK}}).uses_token


@pytest.mark.parametrize(
    ("hook", "path"),
    [
        ("projects/42/hooks/7", "projects/42/hooks/7"),
        ("projects/group/sub/site.io/hooks/7", "projects/group%2Fsub%2Fsite.io/hooks/7"),
        ("groups/octo-org/hooks/1", "groups/octo-org/hooks/1"),
        ("projects/hooks/hooks/hooks/1", "projects/hooks%2Fhooks/hooks/1"),
    ],
)
def test_a_webhook_is_that_of_a_project_or_group_by_number_or_path(hook: str, path: str) -> None:
    request = opened({"redelivery": {"hook": hook}}).page_request(None, TOKEN)

    assert request.url == f"https://gitlab.com/api/v4/{path}/events?per_page=20&page=1"


@pytest.mark.parametrize(
    "hook",
    [
        "",
        "projects/42",
        "projects/42/hooks/x",
        "projects/../hooks/7",
        "projects/a//b/hooks/7",
        "projects/a?b/hooks/7",
        "users/1/hooks/7",
        "projects/42/hooks/7/events",
    ],
)
def test_anything_else_is_no_webhook(hook: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"redelivery\.hook"):
        DELIVERY_LOG({"redelivery": {"hook": hook}}, FakeClock())


def test_attempts_are_read_newest_first_with_their_outcome(gitlab: FakeGitLabHooks) -> None:
    gitlab.deliver("one")
    gitlab.dropping = True
    gitlab.deliver("two")
    gitlab.deliver("three", request_data={"oversize": True})

    page = log_of(gitlab).page(None)

    assert page.attempts == (
        DeliveryAttempt(number=502, key="three", status=None, repeatable=False),
        DeliveryAttempt(number=501, key="two", status=None),
        DeliveryAttempt(number=500, key="one", status=202),
    )
    assert page.cursor is None


def test_the_pages_follow_one_another(gitlab: FakeGitLabHooks) -> None:
    gitlab.page_size = 2
    for number in range(5):
        gitlab.deliver(f"d-{number}")
    log = log_of(gitlab)

    first = log.page(None)
    second = log.page(first.cursor)
    third = log.page(second.cursor)

    assert (first.cursor, second.cursor, third.cursor) == ("2", "3", None)
    keys = [attempt.key for page in (first, second, third) for attempt in page.attempts]
    assert keys == ["d-4", "d-3", "d-2", "d-1", "d-0"]


@pytest.mark.parametrize(
    ("headers", "keys"),
    [
        ({"idempotency-key": "a", "webhook-id": "b"}, ["a"]),
        ({"webhook-id": "b"}, ["b"]),
        ({"X-Gitlab-Event-UUID": "c"}, []),
        ({"Idempotency-Key": ["a"]}, []),
        ({}, []),
    ],
)
def test_an_entry_without_the_id_of_its_delivery_is_left_out(
    gitlab: FakeGitLabHooks, headers: dict[str, JsonValue], keys: list[str]
) -> None:
    gitlab.deliver("any", request_headers=headers)

    assert [attempt.key for attempt in log_of(gitlab).page(None).attempts] == keys


def test_a_payload_of_any_form_stands_in_nobodys_way(gitlab: FakeGitLabHooks) -> None:
    gitlab.deliver("one", request_data=["a list"])

    assert log_of(gitlab).page(None).attempts[0].repeatable


def test_a_resent_delivery_has_its_id(gitlab: FakeGitLabHooks) -> None:
    gitlab.dropping = True
    gitlab.deliver("one")
    gitlab.dropping = False
    log = log_of(gitlab)

    log.redeliver(500)

    assert [(each.key, each.status) for each in log.page(None).attempts] == [
        ("one", 202),
        ("one", None),
    ]


def test_a_delivery_that_fails_once_more_is_requested_again_later(gitlab: FakeGitLabHooks) -> None:
    gitlab.dropping = True
    gitlab.deliver("one")

    with pytest.raises(SendDelayed, match="422") as caught:
        log_of(gitlab).redeliver(500)

    assert caught.value.after is None


def test_an_older_token_is_tried_where_the_current_one_is_not_accepted(
    gitlab: FakeGitLabHooks,
) -> None:
    gitlab.deliver("one")

    assert len(log_of(gitlab, "glpat-not-yet", TOKEN).page(None).attempts) == 1
    with pytest.raises(SendRefused, match="does not accept the token: 401"):
        log_of(gitlab, "glpat-other").page(None)
    gitlab.path = "projects/1/hooks/1"
    with pytest.raises(SendRefused, match="no such webhook"):
        log_of(gitlab).page(None)


@pytest.mark.parametrize(
    ("response", "error", "after"),
    [
        (HttpResponse(status=403), SecretRefused, None),
        (HttpResponse(status=429), SendDelayed, timedelta(minutes=1)),
        (
            HttpResponse(status=429, retry_after=timedelta(seconds=33)),
            SendDelayed,
            timedelta(seconds=33),
        ),
        (HttpResponse(status=502), SendDelayed, None),
        (HttpResponse(status=410), SendRefused, None),
    ],
)
def test_other_answers_are_told_apart_by_their_status(
    response: HttpResponse, error: type[Exception], after: timedelta | None
) -> None:
    for judge in (opened().read_page, opened().check_redelivery):
        with pytest.raises(error) as caught:
            judge(response)
        assert getattr(caught.value, "after", None) == after


@pytest.mark.parametrize("body", [b"", b"{}", b"[{}]", b'[{"id": "x", "request_headers": {}}]'])
def test_a_log_that_cannot_be_read_is_read_again_later(body: bytes) -> None:
    with pytest.raises(SendDelayed, match="cannot be read"):
        opened().read_page(HttpResponse(status=200, body=body))


def test_missed_deliveries_are_requested_five_at_a_time_until_all_have_arrived(
    gitlab: FakeGitLabHooks,
) -> None:
    gitlab.page_size = 2
    clock, arrived = FakeClock(), list[str]()
    use = RedeliverMissed(
        config=FakeConfigStore(a_source(provider="gitlab")),
        open_log=lambda _: log_of(gitlab),
        tools=RedeliveryTools(
            deliveries=FakeDeliveryStore(), store=FakeRedeliveryStore(), clock=clock
        ),
        random=Random(7),
    )

    def receive(key: str) -> int:
        arrived.append(key)
        return 202

    gitlab.receive = receive
    gitlab.dropping = True
    for number in range(7):
        gitlab.deliver(f"d-{number}")
    gitlab.deliver("too large", request_data={"oversize": True})
    gitlab.dropping = False

    def run() -> RedeliveryResult:
        (result,) = use(lambda: 60)
        clock.advance(timedelta(minutes=5))
        return result

    results = [run() for _ in range(4)]

    figures = [(each.missed, each.requested, each.healed, each.unhealable) for each in results]
    assert figures == [(8, 5, 0, 1), (0, 2, 5, 0), (0, 0, 2, 0), (0, 0, 0, 0)]
    assert arrived == [f"d-{number}" for number in range(7)]
    assert {each.reason for each in results} == {""}
