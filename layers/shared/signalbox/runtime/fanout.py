"""Build the handler of the function that sends changes in the tables to WebSocket connections."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from logging import Logger

from pydantic import Field, JsonValue

from signalbox.aws.stream_events import StreamImages, affected_queues, stream_events
from signalbox.http.problems import error_fields
from signalbox.models.base import PartialModel
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.realtime import QUEUE_CHANNEL, ChannelState, RealtimeEvent
from signalbox.models.task import Priority
from signalbox.runtime.realtime import event_sender, frame_sender
from signalbox.runtime.stream_records import StreamRecord
from signalbox.runtime.telemetry import exported, logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.ports.realtime import FrameSender
from signalbox.services.ports.tasks import TaskQueue
from signalbox.services.ports.time import Clock
from signalbox.services.queues.pause import PauseQueues
from signalbox.services.realtime.events import queue_event
from signalbox.services.realtime.publish import PublishEvents
from signalbox.services.realtime.send import SendEvents


class _Records(PartialModel):
    Records: tuple[StreamRecord, ...] = Field(default=())


@frozen
class FanoutHandler:
    """A Lambda handler for batches of the tables' streams.

    It raises if events could not be written or sent, and the stream delivers the batch again; then
    they are recognised and not written twice. A record that cannot be read is skipped, since the
    dispatcher counts it.
    """

    publish: PublishEvents
    send: SendEvents
    queue: TaskQueue
    pausing: PauseQueues
    clock: Clock
    logger: Logger

    def __call__(self, event: dict[str, JsonValue], _context: object) -> None:
        """Send the changes of a batch.

        Raises:
            Unavailable: Some could not be written or sent.
        """
        errors = []
        for channel, events in self._by_channel(_Records.model_validate(event).Records).items():
            try:
                self._send(channel, events)
            except Unavailable as error:
                self.logger.error("not sent", extra={"channel": channel, **error_fields(error)})
                errors.append(error)
        if errors:
            raise errors[0]

    def _send(self, channel: str, events: Sequence[RealtimeEvent]) -> None:
        number = self.publish(channel, events)
        if number is None:
            return

        def is_sent(state: ChannelState) -> bool:
            return state.sent >= number

        if not self.send(channel, is_sent):
            raise Unavailable("another sender does not end")
        self.logger.info("sent", extra={"channel": channel, "events": len(events)})

    def _by_channel(self, records: Sequence[StreamRecord]) -> dict[str, list[RealtimeEvent]]:
        events: dict[str, list[RealtimeEvent]] = defaultdict(list)
        queues: dict[Priority, str] = {}
        for record in records:
            try:
                images = StreamImages.model_validate(record.dynamodb)
                for channel, event in stream_events(images):
                    events[channel].append(event)
                queues |= dict.fromkeys(affected_queues(images), record.eventID)
            except ValueError:
                self.logger.error("change not readable", extra={"event_id": record.eventID})
        if queues and self._is_live(QUEUE_CHANNEL):
            events[QUEUE_CHANNEL] = list(self._depths(queues))
        return events

    def _is_live(self, channel: str) -> bool:
        state = self.publish.channels.state(channel)
        return state is not None and state.is_live(self.clock())

    def _depths(self, queues: dict[Priority, str]) -> Iterator[RealtimeEvent]:
        now, pauses = self.clock(), self.pausing.now()
        for depth in self.queue.depths():
            if depth.queue in queues:
                pause = pauses.get(depth.queue)
                yield queue_event(depth, pause, queues[depth.queue], now)[1]


def fanout(wiring: Wiring | None = None, sender: FrameSender | None = None) -> FanoutHandler:
    """Return the handler."""
    wired = wiring or Wiring()
    send = event_sender(wired, sender or frame_sender(wired))
    handler = FanoutHandler(
        publish=PublishEvents(channels=send.channels, clock=wired.clock),
        send=send,
        queue=wired.queue,
        pausing=PauseQueues(config=wired.config, clock=wired.clock),
        clock=wired.clock,
        logger=logger(),
    )
    return exported(handler, "datasource", wired.telemetry_headers)
