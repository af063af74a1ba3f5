"""Live updates over fakes: clients that connect, and changes that reach them."""

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from signalbox.models.ids import SocketId
from signalbox.models.principal import Principal, Scope
from signalbox.models.realtime import ChannelState, RealtimeEvent, Socket
from signalbox.services.realtime.publish import PublishEvents
from signalbox.services.realtime.send import SendEvents
from signalbox.services.realtime.subscribe import ManageSubscriptions, SubscribeResult
from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.realtime import FakeChannels, FakeFrameSender, FakeSockets

ANNA = Principal(
    name="key:anna", scopes=frozenset({Scope.TASKS_READ, Scope.QUEUE_READ}), roles=("viewer",)
)


def a_change(key: str, **facets: str) -> RealtimeEvent:
    return RealtimeEvent(
        key=key,
        type="signalbox.task.created",
        subject=facets.pop("subject", "tsk_" + "a" * 24),
        time=NOW,
        facets=facets,
        data={"key": key},
    )


@dataclass
class LiveUpdates:
    """Some processes that publish and send over the same stores."""

    clock: FakeClock = field(default_factory=FakeClock)
    channels: FakeChannels = field(default_factory=FakeChannels)
    sockets: FakeSockets = field(default_factory=FakeSockets)
    sender: FakeFrameSender = field(default_factory=FakeFrameSender)
    principals: dict[str, Principal | None] = field(default_factory=dict)
    names: Any = field(default_factory=lambda: count(1))

    def process(self) -> tuple[PublishEvents, SendEvents]:
        """A new process, which knows nothing yet."""
        send = SendEvents(
            channels=self.channels,
            sockets=self.sockets,
            sender=self.sender,
            current=self.current,
            clock=self.clock,
            sleep=self.clock.sleep,
            source="/signalbox/test",
            name=f"process-{next(self.names)}",
        )
        return PublishEvents(channels=self.channels, clock=self.clock), send

    def current(self, principal: Principal) -> Principal | None:
        return self.principals.get(principal.session or principal.name, principal)

    def connect(self, name: str = "first", principal: Principal = ANNA) -> Socket:
        socket = Socket(id=SocketId(name), principal=principal, connected_at=self.clock())
        self.sockets.add(socket)
        self.sender.open.add(socket.id)
        return socket

    def subscribe(
        self,
        socket: Socket,
        topic: str = "tasks",
        after: str | None = None,
        send: SendEvents | None = None,
        **filters: str,
    ) -> SubscribeResult:
        manage = ManageSubscriptions(
            sockets=self.sockets,
            channels=self.channels,
            send=send or self.process()[1],
            clock=self.clock,
        )
        return manage.subscribe(socket, topic, filters, after)

    def change(self, *events: RealtimeEvent, channel: str = "tasks") -> None:
        """One process writes events and sends them."""
        publish, send = self.process()
        number = publish(channel, events)
        if number is not None:

            def is_sent(state: ChannelState) -> bool:
                return state.sent >= number

            assert send(channel, is_sent)

    def frames(self, name: str = "first") -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.sender.sent[SocketId(name)]]

    def keys(self, name: str = "first") -> list[str]:
        """The keys of the events that a connection received, in order."""
        return [frame["data"]["key"] for frame in self.frames(name) if "key" in frame["data"]]
