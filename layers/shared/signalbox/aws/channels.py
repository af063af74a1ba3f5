"""The channels of live updates in the Realtime table: recent events, and who sends them."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, read_document, text_attribute, ttl_attribute
from signalbox.models.base import sortable_time
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.realtime import CHANNEL_LIFETIME, ChannelState, EventBatch, first_number
from signalbox.services.ports.realtime import ChannelStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from signalbox.aws.dynamo_table import Item

_RETENTION: Final = CHANNEL_LIFETIME + timedelta(minutes=50)
_STATE_RETENTION: Final = timedelta(days=2)
_MAX_TRIES: Final = 10


@frozen
class DynamoChannels(ChannelStore):
    """Stores channels."""

    table: Table

    @override
    def state(self, channel: str) -> ChannelState | None:
        item = self.table.get(_state_key(channel))
        return _state(item) if item else None

    @override
    def open(self, channel: str, now: datetime) -> ChannelState:
        for _ in range(_MAX_TRIES):
            item = self.table.get(_state_key(channel))
            known = _state(item) if item else None
            if known and known.is_live(now + CHANNEL_LIFETIME / 2):
                return known
            live: dict[str, AttributeValueTypeDef] = {
                "live_until": {"S": sortable_time(now + CHANNEL_LIFETIME)},
                "ttl": ttl_attribute(now + _STATE_RETENTION),
            }
            try:
                if known is None or item is None:
                    self._start(channel, first_number(now), live)
                else:
                    first = first_number(now, known.sent)
                    again = {} if known.is_live(now) else _numbers(started=first, sent=first)
                    seen = {name: item[name] for name in ("live_until", "sent")}
                    self.table.change(_state_key(channel), {**live, **again}, seen)
            except WriteConflict:
                continue
        raise Unavailable("the channel is contended")

    def _start(self, channel: str, first: int, live: Item) -> None:
        numbers = _numbers(started=first, sent=first, subscribers=0, settled=0)
        if not self.table.put_new({**_state_key(channel), **numbers, **live}):
            raise WriteConflict("another process opened the channel")

    @override
    def touch(self, channel: str) -> ChannelState:
        one: Item = {":one": {"N": "1"}}
        return _state(self.table.count(_state_key(channel), "ADD #subscribers :one", one))

    @override
    def append(self, channel: str, batch: EventBatch) -> bool:
        return self.table.put_new(
            {
                "pk": {"S": table_keys.channel_pk(channel)},
                "sk": {"S": table_keys.events_sk(batch.number)},
                "doc": {"S": batch.model_dump_json()},
                "ttl": ttl_attribute(batch.at + _RETENTION),
            }
        )

    @override
    def batches(self, channel: str, after: int, *, limit: int) -> Sequence[EventBatch]:
        low, high = table_keys.events_sk(after + 1), f"{table_keys.EVENTS}9"
        return list(islice(self._batches(channel, low, high, limit), limit))

    @override
    def newest(self, channel: str, *, limit: int) -> Iterator[EventBatch]:
        low, high = table_keys.EVENTS, f"{table_keys.EVENTS}9"
        return self._batches(channel, low, high, limit, newest_first=True)

    def _batches(
        self, channel: str, low: str, high: str, chunk: int, *, newest_first: bool = False
    ) -> Iterator[EventBatch]:
        rows = self.table.query(
            "pk = :pk AND sk BETWEEN :low AND :high",
            {
                ":pk": {"S": table_keys.channel_pk(channel)},
                ":low": {"S": low},
                ":high": {"S": high},
            },
            chunk=chunk,
            newest_first=newest_first,
        )
        return (read_document(EventBatch, row) for row in rows)

    @override
    def acquire(
        self, channel: str, sender: str, now: datetime, until: datetime
    ) -> ChannelState | None:
        item = self.table.get(_state_key(channel))
        if item is None or _state(item).is_sending(now):
            return None
        seen = {name: item.get(name) for name in ("sender", "sender_until", "sent")}
        try:
            self.table.change(_state_key(channel), _lease(sender, until), seen)
        except WriteConflict:
            return None
        return self._current(channel, sender)

    @override
    def advance(self, channel: str, sender: str, sent: int, until: datetime) -> ChannelState | None:
        changes = {**_lease(sender, until), **_numbers(sent=sent)}
        try:
            self.table.change(_state_key(channel), changes, {"sender": {"S": sender}})
        except WriteConflict:
            return None
        return self._current(channel, sender)

    @override
    def release(self, channel: str, sender: str, sent: int, subscribers: int) -> bool:
        try:
            self.table.change(
                _state_key(channel),
                _numbers(sent=sent, settled=subscribers),
                {"sender": {"S": sender}, "subscribers": {"N": str(subscribers)}},
                remove=("sender", "sender_until"),
            )
        except WriteConflict:
            return False
        return True

    def _current(self, channel: str, sender: str) -> ChannelState | None:
        state = self.state(channel)
        return state if state and state.sender == sender else None


def _state_key(channel: str) -> dict[str, AttributeValueTypeDef]:
    return {"pk": {"S": table_keys.channel_pk(channel)}, "sk": {"S": table_keys.CHANNEL_STATE}}


def _lease(sender: str, until: datetime) -> dict[str, AttributeValueTypeDef]:
    return {"sender": {"S": sender}, "sender_until": {"S": sortable_time(until)}}


def _numbers(**numbers: int) -> dict[str, AttributeValueTypeDef]:
    return {name: {"N": str(number)} for name, number in numbers.items()}


def _state(item: Item) -> ChannelState:
    until = text_attribute(item, "sender_until")
    return ChannelState(
        started=int(item["started"]["N"]),
        sent=int(item["sent"]["N"]),
        live_until=datetime.fromisoformat(text_attribute(item, "live_until")),
        subscribers=int(item["subscribers"]["N"]),
        settled=int(item["settled"]["N"]),
        sender=text_attribute(item, "sender") or None,
        sender_until=datetime.fromisoformat(until) if until else None,
    )
