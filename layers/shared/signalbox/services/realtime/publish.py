"""Write events to a channel, each once, however often the stream delivers its change."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.realtime import RESUME_WINDOW, EventBatch, RealtimeEvent
from signalbox.services.pagination import chunked
from signalbox.services.ports.realtime import ChannelStore
from signalbox.services.ports.time import Clock

BATCH_EVENTS: Final = 50
_MAX_TRIES: Final = 20
_READ_AGAIN_AFTER: Final = timedelta(minutes=2)
_PAGE: Final = 100


@dataclass(slots=True, kw_only=True)
class _Tail:
    """The last number of a channel, and the keys of its recent events."""

    number: int
    read_at: datetime
    keys: dict[str, datetime] = field(default_factory=dict)


@frozen
class PublishEvents:
    """Write events to the end of a channel.

    Whoever writes a batch has read all batches before it, as numbers are consecutive. So an event
    that was written in the last ten minutes is recognised by its key and left out.
    """

    channels: ChannelStore
    clock: Clock
    _tails: dict[str, _Tail] = field(default_factory=dict)

    def __call__(self, channel: str, events: Sequence[RealtimeEvent]) -> int | None:
        """Write events and return the number of the last batch, None if nobody subscribes.

        Raises:
            Unavailable: The store did not answer, or others write all the time.
        """
        now = self.clock()
        state = self.channels.state(channel)
        if state is None or not state.is_live(now):
            self._tails.pop(channel, None)
            return None
        tail = self._tail(channel, max(state.started, state.sent), now)
        for part in chunked(events, BATCH_EVENTS):
            self._append(channel, tail, part)
        return tail.number

    def _append(self, channel: str, tail: _Tail, events: Sequence[RealtimeEvent]) -> None:
        for _ in range(_MAX_TRIES):
            now = self.clock()
            new = {event.key: event for event in events if event.key not in tail.keys}
            if not new:
                return
            batch = EventBatch(number=tail.number + 1, at=now, events=tuple(new.values()))
            if self.channels.append(channel, batch):
                _extend(tail, batch)
                return
            for other in self.channels.batches(channel, tail.number, limit=_PAGE):
                _extend(tail, other)
        raise Unavailable("the channel is contended")

    def _tail(self, channel: str, reached: int, now: datetime) -> _Tail:
        """Return the end of the channel, which is at `reached` or after it."""
        tail = self._tails.get(channel)
        if tail is None or tail.number < reached or now - tail.read_at > _READ_AGAIN_AFTER:
            recent = list(
                takewhile(
                    lambda batch: now - batch.at <= RESUME_WINDOW,
                    self.channels.newest(channel, limit=_PAGE),
                )
            )
            tail = _Tail(number=reached, read_at=now)
            for batch in reversed(recent):
                _extend(tail, batch)
            self._tails[channel] = tail
        tail.keys = {key: at for key, at in tail.keys.items() if now - at <= RESUME_WINDOW}
        return tail


def _extend(tail: _Tail, batch: EventBatch) -> None:
    tail.number = max(tail.number, batch.number)
    tail.keys |= dict.fromkeys((event.key for event in batch.events), batch.at)
