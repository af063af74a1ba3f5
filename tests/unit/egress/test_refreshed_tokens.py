"""Refresh tokens that may be used once: nothing that can happen breaks their chain."""

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.refreshed_tokens import REFRESH_LOCK_TIME, RefreshedTokens
from signalbox.egress.responses import SecretRefused
from signalbox.egress.token_endpoint import AccessToken, GrantRefused
from signalbox.models.errors import SendDelayed, SendPostponed, SendRefused
from signalbox.models.grants import RefreshLock
from signalbox.models.ids import ConnectionId
from tests.builders import a_connection
from tests.fakes.clock import FakeClock
from tests.fakes.grants import FakeGrantStore, FakeRefreshLockStore
from tests.fakes.token_endpoint import (
    FakeTokenEndpoint,
    RotatingTokenEndpoint,
    a_refresh_grant,
    issued,
)

CANARY = "Ca2Na3Ry4Zz5Qq6Ww7"
AUTH = a_refresh_grant()
CONNECTION = a_connection(id="rail", connector="jira", settings={}, auth=AUTH)
HOUR = timedelta(hours=1)


def a_secret(refresh: str = "refresh-0", client: str | None = "s3cret") -> str:
    parts = {"refresh_token": refresh, "client_secret": client}
    return json.dumps({name: part for name, part in parts.items() if part})


class Death(BaseException):
    """The process ends here."""


def die() -> None:
    raise Death


@dataclass
class World:
    """What the processes share."""

    endpoint: Callable[[HttpRequest], HttpResponse]
    clock: FakeClock = field(default_factory=FakeClock)
    grants: FakeGrantStore = field(default_factory=FakeGrantStore)
    locks: FakeRefreshLockStore = field(default_factory=FakeRefreshLockStore)

    def process(self) -> RefreshedTokens:
        return RefreshedTokens(
            http=self.endpoint, clock=self.clock, grants=self.grants, locks=self.locks
        )

    def wait(self, time: timedelta) -> None:
        self.clock.advance(seconds=time.total_seconds())


def token(
    process: RefreshedTokens, secret: str | None = None, refused: AccessToken | None = None
) -> AccessToken:
    return process.token(CONNECTION, AUTH, secret or a_secret(), refused=refused)


class DyingProcess(FakeRefreshLockStore):
    """The locks as a process sees them that dies: it takes one and returns none."""

    def replace(self, connection: ConnectionId, before: RefreshLock, after: RefreshLock) -> None:
        if after.locked_until is None:
            raise Death
        super().replace(connection, before, after)


def run_into_death(world: World) -> None:
    locks = DyingProcess()
    locks.stored = world.locks.stored
    process = RefreshedTokens(
        http=world.endpoint, clock=world.clock, grants=world.grants, locks=locks
    )
    with pytest.raises(Death):
        token(process)


def test_the_refresh_token_is_exchanged_with_the_credentials_of_the_client() -> None:
    endpoint = FakeTokenEndpoint(issued("access", refresh_token="next"))
    auth = a_refresh_grant(scope="read write")
    connection = a_connection(id="rail", connector="jira", auth=auth)

    World(endpoint).process().token(connection, auth, a_secret())

    form = {"grant_type": "refresh_token", "refresh_token": "refresh-0", "scope": "read write"}
    assert endpoint.forms == [form]
    assert endpoint.credentials == ["signalbox:s3cret"]


def test_a_public_client_names_itself() -> None:
    endpoint = FakeTokenEndpoint(issued("access"))

    token(World(endpoint).process(), a_secret(client=None))

    assert endpoint.forms[0]["client_id"] == "signalbox"
    assert "Authorization" not in endpoint.received[0].headers


def test_processes_share_a_token_until_shortly_before_its_end() -> None:
    endpoint = RotatingTokenEndpoint()
    world = World(endpoint)
    first, second = world.process(), world.process()

    values = [token(first).value, token(second).value, token(first).value]
    world.wait(HOUR - timedelta(minutes=1))
    values += [token(second).value, token(first).value]

    assert values == ["access-1"] * 3 + ["access-2"] * 2
    assert endpoint.used == ["refresh-0", "refresh-1"]


def test_a_server_that_keeps_its_refresh_token_is_sent_it_again() -> None:
    endpoint = FakeTokenEndpoint(issued("one"), issued("two"))
    world = World(endpoint)
    process = world.process()

    token(process)
    world.wait(HOUR)
    token(process)

    assert [form["refresh_token"] for form in endpoint.forms] == ["refresh-0", "refresh-0"]


def test_a_refused_token_is_refreshed_by_the_first_process_alone() -> None:
    endpoint = RotatingTokenEndpoint()
    world = World(endpoint)
    first, second = world.process(), world.process()
    refused = token(first)
    token(second)
    world.wait(timedelta(minutes=5))

    values = [token(first, refused=refused).value, token(second, refused=refused).value]

    assert values == ["access-2", "access-2"]
    assert endpoint.issued == 2


def test_a_new_token_that_is_refused_stays_the_current_one() -> None:
    endpoint = RotatingTokenEndpoint()
    process = World(endpoint).process()
    refused = token(process)

    assert token(process, refused=refused) == refused
    assert endpoint.issued == 1


def test_the_new_refresh_token_is_stored_before_the_access_token_is_returned() -> None:
    world = World(RotatingTokenEndpoint())

    token(world.process())

    [chain] = world.grants.get(CONNECTION).chains
    assert (chain.refresh_token, chain.access_token) == ("refresh-1", "access-1")


def test_while_one_process_refreshes_another_one_waits() -> None:
    endpoint = RotatingTokenEndpoint()
    world = World(endpoint)
    second = world.process()

    def meanwhile() -> None:
        endpoint.on_issue = lambda: None
        with pytest.raises(SendPostponed, match="another process"):
            token(second)

    endpoint.on_issue = meanwhile
    token(world.process())

    assert token(second).value == "access-1"
    assert endpoint.used == ["refresh-0"]


def test_a_process_that_dies_before_the_request_delays_the_others_for_two_minutes() -> None:
    def endpoint(request: HttpRequest) -> HttpResponse:
        del request
        raise Death

    world = World(endpoint)
    run_into_death(world)
    world.endpoint = rotating = RotatingTokenEndpoint()
    with pytest.raises(SendPostponed):
        token(world.process())

    world.wait(REFRESH_LOCK_TIME)

    assert token(world.process()).value == "access-1"
    assert rotating.used == ["refresh-0"]


def test_a_process_that_dies_after_storing_leaves_the_chain_to_the_next() -> None:
    endpoint = RotatingTokenEndpoint()
    world = World(endpoint)
    world.grants.on_put = die
    run_into_death(world)
    world.grants.on_put = lambda: None

    value = token(world.process()).value
    world.wait(HOUR)

    assert (value, token(world.process()).value) == ("access-1", "access-2")
    assert not endpoint.revoked


def test_a_process_that_dies_between_answer_and_storing_is_survived_by_a_grace_period() -> None:
    endpoint = RotatingTokenEndpoint(grace=True)
    world = World(endpoint)
    endpoint.on_issue = die
    run_into_death(world)
    endpoint.on_issue = lambda: None
    world.wait(REFRESH_LOCK_TIME)

    assert token(world.process()).value == "access-2"
    assert endpoint.used == ["refresh-0", "refresh-0"]


def test_without_a_grace_period_somebody_must_authorize_again() -> None:
    endpoint = RotatingTokenEndpoint()
    world = World(endpoint)
    endpoint.on_issue = die
    run_into_death(world)
    world.wait(REFRESH_LOCK_TIME)

    with pytest.raises(GrantRefused, match="authorize the connection again") as error:
        token(world.process())

    assert "connections/rail" in error.value.reason
    assert world.grants.get(CONNECTION).chains[0].refused_at is not None


def test_a_refused_refresh_token_is_tried_again_after_an_hour_by_one_process() -> None:
    endpoint = RotatingTokenEndpoint(HttpResponse(status=403, body=b'{"error": "invalid_grant"}'))
    world = World(endpoint)

    for _ in range(3):
        with pytest.raises(GrantRefused):
            token(world.process())
    world.wait(HOUR)

    assert token(world.process()).value == "access-1"
    assert endpoint.used == ["refresh-0"] * 2


def test_a_new_secret_begins_a_new_chain() -> None:
    world = World(
        RotatingTokenEndpoint(HttpResponse(status=400, body=b'{"error": "invalid_grant"}'))
    )
    with pytest.raises(GrantRefused):
        token(world.process())
    world.endpoint = RotatingTokenEndpoint(first="fresh")

    assert token(world.process(), a_secret("fresh")).value == "access-1"


def test_a_new_client_secret_continues_the_chain() -> None:
    endpoint = RotatingTokenEndpoint()
    world = World(endpoint)
    token(world.process())
    world.wait(HOUR)

    token(world.process(), a_secret(client="another"))

    assert endpoint.used == ["refresh-0", "refresh-1"]


def test_a_process_with_the_old_secret_does_not_harm_the_new_chain() -> None:
    old, new = RotatingTokenEndpoint(), RotatingTokenEndpoint(first="fresh")
    world = World(new)
    token(world.process(), a_secret("fresh"))
    old.revoked = True
    world.endpoint = old
    with pytest.raises(GrantRefused):
        token(world.process(), a_secret())
    world.endpoint = new
    shared = token(world.process(), a_secret("fresh")).value
    world.wait(HOUR)

    assert (shared, token(world.process(), a_secret("fresh")).value) == ("access-1", "access-2")
    assert not new.revoked


def test_a_refresh_token_that_cannot_be_stored_is_stored_by_the_next_attempt() -> None:
    endpoint = RotatingTokenEndpoint()
    world = World(endpoint)
    process = world.process()
    world.grants.failures = 2

    for _ in range(2):
        with pytest.raises(SendPostponed, match="could not be stored"):
            token(process)
        with pytest.raises(SendPostponed, match="another process"):
            token(world.process())

    assert token(process).value == "access-1"
    assert token(world.process()).value == "access-1"
    assert endpoint.used == ["refresh-0"]


def test_a_token_that_could_not_be_stored_in_time_replaces_the_refusal_of_another_process() -> None:
    endpoint = RotatingTokenEndpoint()
    world = World(endpoint)
    process = world.process()
    world.grants.failures = 1
    with pytest.raises(SendPostponed):
        token(process)
    world.wait(REFRESH_LOCK_TIME)
    with pytest.raises(GrantRefused):
        token(world.process())

    assert token(process).value == "access-1"


def test_a_token_that_could_not_be_stored_does_not_replace_a_newer_one() -> None:
    endpoint = RotatingTokenEndpoint(grace=True)
    world = World(endpoint)
    late = world.process()
    world.grants.failures = 1
    with pytest.raises(SendPostponed):
        token(late)
    world.wait(REFRESH_LOCK_TIME)
    token(world.process())

    assert token(late).value == "access-2"
    assert world.grants.get(CONNECTION).chains[0].refresh_token == "refresh-2"


def test_tokens_older_than_those_that_were_stored_are_not_used() -> None:
    endpoint = RotatingTokenEndpoint()
    world = World(endpoint)
    token(world.process())
    world.grants.lags = True

    with pytest.raises(SendPostponed, match="newest tokens"):
        token(world.process())
    world.grants.lags = False

    assert token(world.process()).value == "access-1"
    assert endpoint.used == ["refresh-0"]


def test_grants_that_were_removed_do_not_block_a_connection_for_long() -> None:
    world = World(FakeTokenEndpoint())
    token(world.process())
    world.grants.stored.clear()
    world.wait(timedelta(minutes=1))

    assert token(world.process()).value == "token-2"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (HttpResponse(status=503), SendDelayed),
        (HttpResponse(status=429), SendDelayed),
        (SendDelayed("there was no whole answer in 10 seconds"), SendDelayed),
        (HttpResponse(status=401, body=b'{"error": "invalid_client"}'), SecretRefused),
        (HttpResponse(status=400, body=b'{"error": "invalid_scope"}'), SendRefused),
        (
            HttpResponse(status=200, body=b'{"ok": false, "error": "bad_client_secret"}'),
            SecretRefused,
        ),
        (HttpResponse(status=200, body=b'{"ok": false, "error": "internal_error"}'), SendDelayed),
        (HttpResponse(status=200, body=b'{"ok": false, "error": "other"}'), SendRefused),
    ],
)
def test_an_error_of_the_token_endpoint_leaves_the_refresh_token_for_the_next_attempt(
    answer: HttpResponse | Exception, kind: type[Exception]
) -> None:
    endpoint = RotatingTokenEndpoint(answer)
    world = World(endpoint)

    with pytest.raises(kind) as error:
        token(world.process())

    assert type(error.value) is kind
    assert token(world.process()).value == "access-1"


def test_slack_refuses_a_refresh_token_with_status_200() -> None:
    answer = HttpResponse(status=200, body=b'{"ok": false, "error": "invalid_refresh_token"}')

    with pytest.raises(GrantRefused, match="authorize the connection again"):
        token(World(FakeTokenEndpoint(answer)).process())


def test_slack_calls_the_token_of_a_bot_a_bot_token() -> None:
    endpoint = FakeTokenEndpoint(issued("xoxe.xoxb-1", token_type="bot", refresh_token="xoxe-1"))

    assert token(World(endpoint).process()).value == "xoxe.xoxb-1"


def test_a_secret_of_another_form_is_refused_without_a_request() -> None:
    endpoint = FakeTokenEndpoint()

    with pytest.raises(SecretRefused, match="not a JSON object"):
        token(World(endpoint).process(), "refresh-0")

    assert not endpoint.received


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse(status=400, body=json.dumps({"error": "invalid_grant", "x": CANARY}).encode()),
        HttpResponse(status=500, body=CANARY.encode()),
        issued("a b", refresh_token=CANARY),
    ],
)
def test_no_error_and_no_representation_shows_a_token(answer: HttpResponse) -> None:
    world = World(RotatingTokenEndpoint(answer))
    process = world.process()

    with pytest.raises((SendRefused, SendDelayed)) as error:
        token(process, a_secret(CANARY, CANARY))

    printed = "".join(traceback.format_exception(error.value)) + repr(process)
    assert CANARY not in printed + repr(world.grants.stored)
    assert CANARY not in repr(world.locks.stored)
