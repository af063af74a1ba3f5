from datetime import timedelta

import pytest

from signalbox.auth.api_keys import KeyAuthenticator, new_key
from signalbox.auth.current import CurrentAccess
from signalbox.auth.sessions import ManageSessions
from signalbox.models.errors import Unauthenticated
from signalbox.models.principal import ApiKey, Principal, Scope
from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeKeyStore
from tests.fakes.sessions import FakeSessions

KEY = new_key("live", name="ops", roles=("operator",), scopes=(), created_by="t", now=NOW).stored
PRINCIPAL = Principal(name=f"key:{KEY.id}", scopes=KEY.granted(), roles=KEY.roles)
TOKEN = Principal(name="jwt:idp/anna", scopes=frozenset({Scope.TASKS_READ}))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keys() -> FakeKeyStore:
    return FakeKeyStore(KEY)


@pytest.fixture
def store() -> FakeSessions:
    return FakeSessions()


@pytest.fixture
def sessions(store: FakeSessions, keys: FakeKeyStore, clock: FakeClock) -> ManageSessions:
    authenticator = KeyAuthenticator(
        store=keys, clock=clock, environment="live", cache_ttl=timedelta()
    )
    current = CurrentAccess(keys=authenticator, sessions=store, clock=clock)
    return ManageSessions(store=store, current=current, clock=clock)


def changed(**changes: object) -> ApiKey:
    return KEY.model_copy(update=changes)


def test_a_session_lasts_eight_hours_whatever_it_is_used_for(
    sessions: ManageSessions, clock: FakeClock
) -> None:
    made = sessions.create(PRINCIPAL, "ops")

    clock.advance(seconds=7 * 3_600 + 3_540)
    found = sessions.find(made.text)
    clock.advance(seconds=60)

    assert (found.name, found.principal.name) == ("ops", PRINCIPAL.name)
    assert found.expires_at == found.principal.expires_at == NOW + timedelta(hours=8)
    with pytest.raises(Unauthenticated):
        sessions.find(made.text)


def test_the_token_of_a_session_is_stored_nowhere(
    sessions: ManageSessions, store: FakeSessions
) -> None:
    made = sessions.create(PRINCIPAL, "ops")

    assert made.text.startswith("sbs_")
    assert made.text not in repr(store)


def test_every_session_has_a_token_of_its_own(sessions: ManageSessions) -> None:
    first, second = (sessions.create(PRINCIPAL, "ops") for _ in range(2))

    sessions.end(first.text)

    assert sessions.find(second.text).principal.name == PRINCIPAL.name
    with pytest.raises(Unauthenticated):
        sessions.find(first.text)


@pytest.mark.parametrize("text", ["", "sbs_", "sbs_made-up", "\ud800"])
def test_what_is_no_token_of_a_session_is_refused(sessions: ManageSessions, text: str) -> None:
    sessions.create(PRINCIPAL, "ops")

    with pytest.raises(Unauthenticated):
        sessions.find(text)


def test_a_session_has_what_its_key_has_now(sessions: ManageSessions, keys: FakeKeyStore) -> None:
    made = sessions.create(PRINCIPAL, "ops")
    before = sessions.find(made.text).principal.scopes

    keys.put(changed(roles=("viewer",)))
    after = sessions.find(made.text).principal.scopes

    assert Scope.TASKS_WRITE in before
    assert Scope.TASKS_WRITE not in after
    assert Scope.TASKS_READ in after


def test_a_session_ends_with_its_key_at_once(sessions: ManageSessions, keys: FakeKeyStore) -> None:
    made = sessions.create(PRINCIPAL, "ops")
    sessions.find(made.text)

    keys.put(changed(revoked_at=NOW))

    with pytest.raises(Unauthenticated):
        sessions.find(made.text)


def test_a_session_ends_when_its_key_expires(
    sessions: ManageSessions, keys: FakeKeyStore, clock: FakeClock
) -> None:
    made = sessions.create(PRINCIPAL, "ops")

    keys.put(changed(expires_at=NOW + timedelta(hours=1)))
    found = sessions.find(made.text)
    clock.advance(seconds=3_600)

    assert found.expires_at == NOW + timedelta(hours=1)
    with pytest.raises(Unauthenticated):
        sessions.find(made.text)


def test_a_session_of_a_token_ends_with_the_token(
    sessions: ManageSessions, clock: FakeClock
) -> None:
    ends = NOW + timedelta(minutes=10)
    made = sessions.create(TOKEN.model_copy(update={"expires_at": ends}), "anna")

    found = sessions.find(made.text)
    clock.advance(seconds=600)

    assert made.stored.expires_at == ends
    assert found.principal.scopes == TOKEN.scopes
    with pytest.raises(Unauthenticated):
        sessions.find(made.text)


def test_sessions_are_listed_by_principal_newest_first(
    sessions: ManageSessions, clock: FakeClock
) -> None:
    for principal, name in ((PRINCIPAL, "first"), (TOKEN, "anna"), (PRINCIPAL, "second")):
        sessions.create(principal, name)
        clock.advance(seconds=1)

    assert [session.name for session in sessions.all()] == ["second", "anna", "first"]
    assert [session.name for session in sessions.all(PRINCIPAL.name)] == ["second", "first"]
    assert sessions.all("key:none") == []


def test_all_sessions_of_a_principal_end_and_no_others(sessions: ManageSessions) -> None:
    own = [sessions.create(PRINCIPAL, "ops") for _ in range(2)]
    other = sessions.create(TOKEN, "anna")

    ended = [sessions.end_all(PRINCIPAL.name) for _ in range(2)]

    assert ended == [2, 0]
    assert sessions.find(other.text).name == "anna"
    for made in own:
        with pytest.raises(Unauthenticated):
            sessions.find(made.text)


@pytest.fixture
def access(store: FakeSessions, keys: FakeKeyStore, clock: FakeClock) -> CurrentAccess:
    """What a connection of live updates asks."""
    authenticator = KeyAuthenticator(store=keys, clock=clock, environment="live")
    return CurrentAccess(keys=authenticator, sessions=store, clock=clock)


@pytest.mark.parametrize("principal", [PRINCIPAL, TOKEN])
def test_what_was_opened_with_a_session_ends_within_30_seconds_of_it(
    sessions: ManageSessions, access: CurrentAccess, clock: FakeClock, principal: Principal
) -> None:
    caller = sessions.find(sessions.create(principal, "x").text).principal
    before = access(caller)

    sessions.end_all(principal.name)
    clock.advance(seconds=30)

    assert before == caller
    assert access(caller) is None
    assert access(principal) == principal, "the key or the token stays valid"


def test_a_session_is_looked_up_twice_a_minute_at_most(
    sessions: ManageSessions, access: CurrentAccess, store: FakeSessions
) -> None:
    caller = sessions.find(sessions.create(TOKEN, "x").text).principal
    access(caller)

    store.kept.clear()

    assert access(caller) == caller


def test_a_key_that_lasts_does_not_make_a_session_last(
    sessions: ManageSessions, access: CurrentAccess, clock: FakeClock
) -> None:
    caller = sessions.find(sessions.create(PRINCIPAL, "x").text).principal

    current = access(caller)
    clock.advance(seconds=8 * 3_600)

    assert current is not None
    assert current.expires_at == NOW + timedelta(hours=8)
    assert access(caller) is None
