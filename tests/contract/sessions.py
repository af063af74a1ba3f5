"""What every store of sessions promises."""

from datetime import timedelta

import pytest

from signalbox.models.principal import Principal, Scope
from signalbox.models.session import Session
from signalbox.services.ports.auth import SessionStore
from tests.builders import NOW

UNTIL = NOW + timedelta(hours=8)


def a_session(name: str = "ops") -> Session:
    principal = Principal(name="key:abc", scopes=frozenset({Scope.TASKS_READ}), roles=("viewer",))
    return Session(principal=principal, name=name, created_at=NOW, expires_at=UNTIL)


class SessionStoreContract:
    @pytest.fixture
    def sessions(self) -> SessionStore:
        raise NotImplementedError

    def test_a_session_is_found_until_it_expires(self, sessions: SessionStore) -> None:
        sessions.put("d1", a_session())

        assert sessions.get("d1", UNTIL - timedelta(seconds=1)) == a_session()
        assert sessions.get("d1", UNTIL) is None

    def test_a_session_is_found_by_its_own_hash_only(self, sessions: SessionStore) -> None:
        sessions.put("d1", a_session("one"))
        sessions.put("d2", a_session("two"))

        assert sessions.get("d2", NOW) == a_session("two")
        assert sessions.get("d3", NOW) is None

    def test_a_session_is_gone_at_once_when_it_is_removed(self, sessions: SessionStore) -> None:
        sessions.put("d1", a_session())
        sessions.put("d2", a_session())

        for _ in range(2):
            sessions.remove("d1")

        assert sessions.get("d1", NOW) is None
        assert sessions.get("d2", NOW) is not None

    def test_all_sessions_are_those_that_have_not_expired(self, sessions: SessionStore) -> None:
        sessions.put("d1", a_session("one"))
        sessions.put("d2", a_session("two"))
        sooner = a_session("three").model_copy(update={"expires_at": NOW + timedelta(hours=1)})
        sessions.put("d3", sooner)

        first = dict(sessions.all(NOW))
        later = dict(sessions.all(NOW + timedelta(hours=1)))

        assert first == {"d1": a_session("one"), "d2": a_session("two"), "d3": sooner}
        assert set(later) == {"d1", "d2"}
