from dataclasses import replace

import pytest

from signalbox.auth.api_keys import KeyAuthenticator, NewKey, new_key
from signalbox.auth.rate_limits import LocalRateLimitBuckets, RateLimiter
from signalbox.http.authorize import Authorizer, ForgedRequest
from signalbox.http.routing import Route
from signalbox.models.errors import Unauthenticated
from signalbox.models.principal import BUILT_IN_ROLES, Principal, Scope
from signalbox.models.rate_limits import Limits, OverLimit, RateLimit
from signalbox.models.request import InboundRequest
from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeKeyStore

ROUTE = Route(method="GET", path="/", scope=Scope.TASKS_READ, tag="", summary="")
CALLER = Principal(name="key:abc", scopes=frozenset())
HERE, ELSEWHERE = "203.0.113.7", "203.0.113.8"


def a_new_key(*roles: str, named: str | None = None) -> NewKey:
    """A key whose id is the same for the same name."""
    return new_key("live", name="k", roles=roles, scopes=(), created_by="t", now=NOW, named=named)


def a_key(*roles: str, named: str | None = None) -> tuple[str, FakeKeyStore]:
    """A new key, and a store that holds it."""
    new = a_new_key(*roles, named=named)
    return new.text, FakeKeyStore(new.stored)


def nobody(_: str) -> Principal:
    raise Unauthenticated("no tokens here")


def door(store: FakeKeyStore, clock: FakeClock) -> Authorizer:
    most = RateLimit(count=1_000_000, burst=1_000_000)
    limits = Limits(default=most, refused=RateLimit(count=2, burst=2))
    return Authorizer(
        keys=KeyAuthenticator(store=store, clock=clock, environment="live").authenticate,
        tokens=nobody,
        limit=RateLimiter(buckets=LocalRateLimitBuckets(), limits=lambda: limits, clock=clock),
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def asking(key: str, source_ip: str = HERE) -> InboundRequest:
    headers = {"x-api-key": key}
    return InboundRequest(method="GET", path="/", headers=headers, body=b"", source_ip=source_ip)


def refused(admit: Authorizer, times: int, source_ip: str = HERE) -> list[type[Exception]]:
    """What so many made-up keys are answered."""
    raised: list[type[Exception]] = []
    for _ in range(times):
        with pytest.raises((Unauthenticated, OverLimit)) as error:
            admit(asking(a_key()[0], source_ip), ROUTE)
        raised.append(error.type)
    return raised


def test_made_up_keys_are_refused_and_then_limited(clock: FakeClock) -> None:
    _, store = a_key()

    answers = refused(door(store, clock), 5)

    assert answers == [Unauthenticated] * 2 + [OverLimit] * 3


def test_forged_requests_are_limited_as_wrong_keys_are(clock: FakeClock) -> None:
    def forged(_: InboundRequest) -> Principal:
        raise ForgedRequest("from another page", CALLER)

    admit = replace(door(a_key()[1], clock), sessions=forged)
    sent = InboundRequest(method="POST", path="/", headers={}, body=b"", source_ip=HERE)
    raised: list[type[Exception]] = []

    for _ in range(4):
        with pytest.raises((ForgedRequest, OverLimit)) as error:
            admit(sent, ROUTE)
        raised.append(error.type)

    assert raised == [ForgedRequest] * 2 + [OverLimit] * 2


def test_a_good_key_that_was_not_seen_before_comes_in_whatever_its_address_tried(
    clock: FakeClock,
) -> None:
    key, store = a_key("viewer")
    admit = door(store, clock)
    refused(admit, 5)

    assert admit(asking(key), ROUTE).caller.roles == ("viewer",)


def test_a_caller_we_know_comes_in_whatever_its_address_tried(clock: FakeClock) -> None:
    key, store = a_key("viewer")
    admit = door(store, clock)
    admit(asking(key), ROUTE)

    for _ in range(3):
        refused(admit, 3)
        clock.advance(seconds=25)
        assert admit(asking(key), ROUTE).caller.roles == ("viewer",)


def test_who_makes_up_the_secret_of_a_key_we_know_is_counted_and_refused(clock: FakeClock) -> None:
    key, store = a_key("viewer", named="one")
    wrong, _ = a_key(named="one")
    admit = door(store, clock)
    admit(asking(key), ROUTE)
    raised = []

    for _ in range(3):
        with pytest.raises((Unauthenticated, OverLimit)) as error:
            admit(asking(wrong), ROUTE)
        raised.append(error.type)

    assert raised == [Unauthenticated, Unauthenticated, OverLimit]
    assert len(store.asked) == 1


@pytest.mark.parametrize("is_known", [False, True])
def test_a_mistyped_key_is_refused_and_reads_no_table(
    clock: FakeClock,
    is_known: bool,  # noqa: FBT001  a case
) -> None:
    key, store = a_key("viewer")
    admit = door(store, clock)
    if is_known:
        admit(asking(key), ROUTE)
    read = len(store.asked)

    with pytest.raises(Unauthenticated):
        admit(asking(key[:-1] + ("1" if key[-1] == "0" else "0")), ROUTE)

    assert len(store.asked) == read


def test_made_up_keys_take_no_room_from_those_we_know(clock: FakeClock) -> None:
    new = [a_new_key() for _ in range(1_000)]
    store = FakeKeyStore(*[each.stored for each in new])
    admit = door(store, clock)
    for each in new:
        admit(asking(each.text), ROUTE)
    refused(admit, 1, ELSEWHERE)
    store.asked.clear()

    for each in new:
        admit(asking(each.text), ROUTE)

    assert store.asked == []


def test_a_key_we_know_has_the_scopes_that_its_role_has_now(clock: FakeClock) -> None:
    key, store = a_key("viewer", "deployer")
    scopes = {**BUILT_IN_ROLES, "deployer": frozenset({Scope.TASKS_WRITE})}
    authenticator = KeyAuthenticator(
        store=store, clock=clock, environment="live", roles=lambda: scopes
    )
    before = authenticator.authenticate(key)

    scopes["deployer"] = frozenset({Scope.CONFIG_READ})
    after = authenticator.authenticate(key)

    assert before.scopes - BUILT_IN_ROLES["viewer"] == {Scope.TASKS_WRITE}
    assert after.scopes - BUILT_IN_ROLES["viewer"] == {Scope.CONFIG_READ}
    assert len(store.asked) == 1


def test_a_key_with_other_roles_has_their_scopes_within_30_seconds(clock: FakeClock) -> None:
    key, store = a_key("admin")
    authenticator = KeyAuthenticator(store=store, clock=clock, environment="live")
    authenticator.authenticate(key)
    [stored] = store.all()

    store.put(stored.model_copy(update={"roles": ("viewer",)}))
    clock.advance(seconds=30)

    assert authenticator.authenticate(key).scopes == BUILT_IN_ROLES["viewer"]
