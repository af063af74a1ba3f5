"""The fakes keep the promises of the stores of live updates."""

import pytest

from tests.contract.realtime import (
    ChannelStoreContract,
    SocketStoreContract,
    TicketStoreContract,
)
from tests.fakes.realtime import FakeChannels, FakeSockets, FakeTickets


class TestFakeTickets(TicketStoreContract):
    @pytest.fixture
    def tickets(self) -> FakeTickets:
        return FakeTickets()


class TestFakeSockets(SocketStoreContract):
    @pytest.fixture
    def sockets(self) -> FakeSockets:
        return FakeSockets()


class TestFakeChannels(ChannelStoreContract):
    @pytest.fixture
    def channels(self) -> FakeChannels:
        return FakeChannels()
