"""Rotation of the key of identities, as services see it that fetch keys every five minutes."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from cli.admin.identity import rotate_identity_key
from signalbox.auth.identity import IDENTITY_KEY_NAME, IdentitySigner, new_identity_key
from signalbox.auth.identity_keys import rotate_identity_keys
from signalbox.models.errors import Conflict, Unavailable
from signalbox.models.principal import Principal
from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeSecretStore

ADA = Principal(name="jwt:corp/ada", scopes=frozenset())
CACHED = timedelta(minutes=5)
STALE = timedelta(hours=1)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


class Process:
    """A function that reads the keys every five minutes, or not at all while SSM is `down`."""

    def __init__(self, store: FakeSecretStore, clock: FakeClock) -> None:
        self.down = False
        self._store, self._clock = store, clock
        self._read: tuple[Sequence[str], datetime] | None = None
        self.sign = IdentitySigner(keys=self._keys, issuer="signalbox", clock=clock)

    def _keys(self) -> Sequence[str]:
        now = self._clock()
        if self._read is None or (not self.down and now - self._read[1] >= CACHED):
            self._read = (self._store.refresh(IDENTITY_KEY_NAME), now)
        return self._read[0]


class Rig:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = FakeSecretStore(self.clock, {IDENTITY_KEY_NAME: [new_identity_key()]})
        self.signing, self.publishing = (Process(self.store, self.clock) for _ in range(2))

    def rotate(self, *, at_once: bool = False) -> str:
        return rotate_identity_key(self.store, self.clock(), at_once=at_once).kid

    def kid(self) -> str:
        """The key of a token that is signed now."""
        header = self.signing.sign(ADA, "orders", "req_1").partition(".")[0]
        return str(json.loads(_decoded(header))["kid"])

    def published(self) -> list[str]:
        return [key["kid"] for key in json.loads(self.publishing.sign.jwks())["keys"]]


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_no_service_meets_a_token_whose_key_it_could_not_have_fetched() -> None:
    rig = Rig()
    service, fetched_at = KeySet.import_key_set(json.loads(rig.publishing.sign.jwks())), NOW
    rig.signing.sign(ADA, "orders", "req_0")
    rig.rotate()
    kids = set()

    for _ in range(120):
        rig.clock.advance(minutes(1))
        if rig.clock() - fetched_at >= CACHED:
            service = KeySet.import_key_set(json.loads(rig.publishing.sign.jwks()))
            fetched_at = rig.clock()
        token = rig.signing.sign(ADA, "orders", "req_1")
        kids.add(jwt.decode(token, service).header["kid"])

    assert len(kids) == 2


def test_a_new_key_is_published_for_ten_minutes_before_it_signs() -> None:
    rig = Rig()
    old = rig.kid()
    rig.published()
    new = rig.rotate()

    rig.clock.advance(minutes(5))
    seen = rig.published()
    rig.clock.advance(minutes(10) - timedelta(seconds=1))
    before = rig.kid()
    rig.clock.advance(seconds=1)

    assert (seen, before, rig.kid()) == ([old, new], old, new)


def test_an_old_key_is_published_until_no_function_can_sign_by_it() -> None:
    rig = Rig()
    old = rig.kid()
    new = rig.rotate()
    rig.clock.advance(minutes(15))
    rig.signing.down = True  # it goes on with the keys that it read before the rotation

    rig.clock.advance(STALE)
    late = rig.kid()
    at_the_end = rig.published()
    rig.clock.advance(minutes(15))

    assert (late, at_the_end, rig.published()) == (old, [old, new], [new])


def test_keys_that_are_not_published_any_more_are_removed_by_the_next_rotation() -> None:
    rig = Rig()
    first = rig.kid()
    second = rig.rotate()
    rig.clock.advance(minutes(120))
    third = rig.rotate()
    rig.clock.advance(minutes(1))

    stored = [json.loads(text)["kid"] for text in rig.store.refresh(IDENTITY_KEY_NAME)]

    assert stored == [second, third]
    assert first not in stored


def test_a_rotation_waits_for_the_one_before_it() -> None:
    rig = Rig()
    rig.rotate()
    rig.clock.advance(minutes(14))

    with pytest.raises(Conflict, match="does not sign yet"):
        rig.rotate()

    rig.clock.advance(minutes(1))
    rig.rotate()


def test_a_key_that_is_known_to_others_is_dropped_at_once() -> None:
    rig = Rig()
    old = rig.kid()
    rig.rotate()
    new = rig.rotate(at_once=True)
    rig.clock.advance(CACHED)

    assert (rig.kid(), rig.published()) == (new, [new])
    assert old != new


def test_the_first_key_signs_at_once() -> None:
    (only,) = rotate_identity_keys([], new_identity_key(), NOW)

    assert json.loads(only)["signs_from"] == NOW.timestamp()


def test_nothing_private_and_no_schedule_is_published() -> None:
    rig = Rig()
    rig.rotate()

    for key in json.loads(rig.publishing.sign.jwks())["keys"]:
        assert key.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}


@pytest.mark.parametrize("stored", [(), ("x",), ("[]",), ('{"signs_from": "now"}',)])
def test_a_stored_key_that_cannot_be_read_makes_the_signer_unavailable(
    stored: tuple[str, ...],
) -> None:
    sign = IdentitySigner(keys=lambda: stored, issuer="signalbox", clock=FakeClock())

    with pytest.raises(Unavailable) as caught:
        sign.jwks()

    assert "signs_from" not in caught.value.reason
