"""Whatever happens in whatever order, a client misses nothing and sees nothing twice."""

import json
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from signalbox.models.ids import SocketId
from signalbox.models.realtime import ChannelState, EventPosition, Socket, parse_position
from signalbox.services.realtime.publish import PublishEvents
from signalbox.services.realtime.send import SendEvents
from tests.fakes.realtime import SenderDied
from tests.unit.services.live import LiveUpdates, a_change


class Client:
    """A client that reconnects with its last id and drops what it has seen, by position."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.generation = 0
        self.socket: Socket | None = None
        self.last: str | None = None
        self.position = EventPosition(0)
        self.since = 0
        self.seen: list[str] = []
        self.read = 0

    @property
    def name(self) -> SocketId:
        return SocketId(f"{self.number}.{self.generation}")


class LiveMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.live = LiveUpdates()
        self.clients = [Client(number) for number in range(3)]
        self.processes = [self.live.process() for _ in range(2)]
        self.changes: list[str] = []
        self.batches: list[list[str]] = []

    @rule(number=st.integers(0, 2))
    def connect(self, number: int) -> None:
        client = self.clients[number]
        if client.socket is None:
            client.generation += 1
            client.read = 0
            client.socket = self.live.connect(client.name)
            if client.last is None:
                client.since = len(self.changes)
            self._subscribe(client)

    @rule(number=st.integers(0, 2))
    def subscribe_again(self, number: int) -> None:
        client = self.clients[number]
        if client.socket is not None:
            self._receive(client)
            self._subscribe(client)

    @rule(number=st.integers(0, 2), noticed=st.booleans())
    def disconnect(self, number: int, noticed: bool) -> None:  # noqa: FBT001  drawn by hypothesis
        client = self.clients[number]
        if client.socket is not None:
            self._receive(client)
            self.live.sender.open.discard(client.name)
            if noticed:
                self.live.sockets.remove(client.name)
            client.socket = None

    @rule(number=st.integers(0, 2))
    def stall(self, number: int) -> None:
        self.live.sender.slow.add(self.clients[number].name)

    @rule(process=st.integers(0, 1), size=st.integers(1, 3))
    def write(self, process: int, size: int) -> None:
        keys = [str(len(self.changes) + index) for index in range(size)]
        self.changes += keys
        if self._publish(self.processes[process][0], keys):
            self.batches.append(keys)

    @rule(process=st.integers(0, 1), data=st.data())
    def deliver_again(self, process: int, data: st.DataObject) -> None:
        if self.batches:
            self._publish(self.processes[process][0], data.draw(st.sampled_from(self.batches)))

    @rule(process=st.integers(0, 1))
    def send(self, process: int) -> None:
        self._send(self.processes[process][1])

    @rule(process=st.integers(0, 1), frames=st.integers(0, 2))
    def die_while_sending(self, process: int, frames: int) -> None:
        self.live.sender.calls_left = frames
        try:
            self._send(self.processes[process][1])
        except SenderDied:
            self.processes[process] = self.live.process()
        finally:
            self.live.sender.calls_left = None

    @rule(process=st.integers(0, 1))
    def restart(self, process: int) -> None:
        self.processes[process] = self.live.process()

    @rule(seconds=st.integers(0, 15))
    def wait(self, seconds: int) -> None:
        self.live.clock.advance(timedelta(seconds=seconds))

    @invariant()
    def nothing_is_repeated_and_the_order_is_that_of_the_changes(self) -> None:
        for client in self.clients:
            self._receive(client)
            assert client.seen == self._due(client)[: len(client.seen)]

    def teardown(self) -> None:
        """In the end everybody is connected, and nothing is missing."""
        self.live.sender.slow.clear()
        for number, client in enumerate(self.clients):
            if client.last is not None:
                if client.socket and client.name not in self.live.sockets.kept:
                    self.live.sender.open.discard(client.name)
                    client.socket = None
                self.connect(number)
        self.live.clock.advance(timedelta(seconds=15))
        for _ in range(3):
            self._send(self.live.process()[1])
        for client in self.clients:
            self._receive(client)
            if client.last is not None:
                assert client.seen == self._due(client)

    def _due(self, client: Client) -> list[str]:
        return self.changes[client.since :]

    def _publish(self, publish: PublishEvents, keys: list[str]) -> bool:
        return publish("tasks", [a_change(key) for key in keys]) is not None

    def _send(self, send: SendEvents) -> None:
        def never(_: ChannelState) -> bool:
            return False

        send("tasks", never)

    def _subscribe(self, client: Client) -> None:
        assert client.socket
        result = self.live.subscribe(client.socket, after=client.last, send=self.processes[0][1])
        assert result.resumed
        self._advance(client, result.after)
        self._receive(client)

    def _receive(self, client: Client) -> None:
        texts = self.live.sender.sent[client.name]
        for text in texts[client.read :]:
            frame = json.loads(text)
            position = parse_position(frame["id"])
            assert position
            if position > client.position:
                self._advance(client, frame["id"])
                key = frame["data"]["key"]
                if not client.seen:  # what was written and not sent yet comes as well
                    client.since = min(client.since, int(key))
                client.seen.append(key)
        client.read = len(texts)

    @staticmethod
    def _advance(client: Client, event: str) -> None:
        position = parse_position(event)
        assert position
        if position > client.position:
            client.position, client.last = position, event


TestLiveMachine = LiveMachine.TestCase
TestLiveMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
