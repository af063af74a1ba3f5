"""The fake keeps the promises of the store of sessions."""

import pytest

from tests.contract.sessions import SessionStoreContract
from tests.fakes.sessions import FakeSessions


class TestFakeSessions(SessionStoreContract):
    @pytest.fixture
    def sessions(self) -> FakeSessions:
        return FakeSessions()
