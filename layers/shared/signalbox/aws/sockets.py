"""WebSocket connections, their subscriptions, and tickets, in the Realtime table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, read_document, text_attribute, ttl_attribute
from signalbox.models.errors import WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.principal import Principal
from signalbox.models.realtime import Socket, TopicSubscription, parse_topic
from signalbox.services.ports.realtime import SocketStore, TicketStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from signalbox.aws.dynamo_table import Item
    from signalbox.models.ids import SocketId


@frozen
class DynamoTickets(TicketStore):
    """Stores tickets."""

    table: Table

    @override
    def put(self, digest: str, principal: Principal, expires_at: datetime) -> None:
        self.table.put(
            {**_ticket_key(digest), "doc": {"S": principal.model_dump_json()}, **_ttl(expires_at)}
        )

    @override
    def take(self, digest: str, now: datetime) -> Principal | None:
        key = _ticket_key(digest)
        item = self.table.get(key)
        if item is None:
            return None
        try:
            # who does not remove it may not use it
            self.table.delete_if(key, {"doc": item["doc"]}, exists=True)
        except WriteConflict:
            return None
        return read_document(Principal, item) if _is_valid(item, now) else None


@frozen
class DynamoSockets(SocketStore):
    """Stores connections."""

    table: Table

    @override
    def add(self, socket: Socket) -> None:
        ttl = _ttl(socket.expires_at)
        of_principal = _item_key(
            table_keys.principal_pk(socket.principal.name), table_keys.socket_key(socket.id)
        )
        self.table.put({**of_principal, **ttl})
        self.table.put({**_socket_key(socket.id), "doc": {"S": socket.model_dump_json()}, **ttl})

    @override
    def get(self, socket: SocketId, now: datetime) -> Socket | None:
        item = self.table.get(_socket_key(socket))
        return read_document(Socket, item) if item and _is_valid(item, now) else None

    @override
    def count(self, principal: str, now: datetime) -> int:
        rows = self.table.query("pk = :pk", {":pk": {"S": table_keys.principal_pk(principal)}})
        return sum(_is_valid(row, now) for row in rows)

    @override
    def remove(self, socket: SocketId) -> None:
        # the connection last: whoever is interrupted finds it again
        for topic in self.topics(socket):
            self.unsubscribe(socket, topic)
        item = self.table.get(_socket_key(socket))
        if item is None:
            return
        principal = read_document(Socket, item).principal.name
        self.table.delete(
            _item_key(table_keys.principal_pk(principal), table_keys.socket_key(socket))
        )
        self.table.delete(_socket_key(socket))

    @override
    def topics(self, socket: SocketId) -> Sequence[str]:
        rows = self.table.query(
            "pk = :pk AND begins_with(sk, :topic)",
            {
                ":pk": {"S": table_keys.socket_key(socket)},
                ":topic": {"S": table_keys.SOCKET_TOPIC},
            },
        )
        return [text_attribute(row, "sk").removeprefix(table_keys.SOCKET_TOPIC) for row in rows]

    @override
    def subscribe(self, subscription: TopicSubscription) -> None:
        ttl = _ttl(subscription.expires_at)
        # its mark at the connection first, so that it can be removed with that
        self.table.put({**_topic_key(subscription.socket, subscription.topic), **ttl})
        self.table.put(
            {
                **_subscriber_key(subscription.socket, subscription.topic),
                "doc": {"S": subscription.model_dump_json()},
                "settled": {"BOOL": subscription.settled},
                "after_id": {"S": subscription.after},
                **ttl,
            }
        )

    @override
    def unsubscribe(self, socket: SocketId, topic: str) -> None:
        self.table.delete(_subscriber_key(socket, topic))
        self.table.delete(_topic_key(socket, topic))

    @override
    def settle(self, subscription: TopicSubscription) -> bool:
        try:
            self.table.change(
                _subscriber_key(subscription.socket, subscription.topic),
                {"settled": {"BOOL": True}},
                {"settled": {"BOOL": False}, "after_id": {"S": subscription.after}},
            )
        except WriteConflict:
            return False
        return True

    @override
    def subscribers(self, channel: str, now: datetime) -> Sequence[TopicSubscription]:
        rows = self.table.query(
            "pk = :pk AND begins_with(sk, :subscriber)",
            {
                ":pk": {"S": table_keys.channel_pk(channel)},
                ":subscriber": {"S": table_keys.SUBSCRIBER},
            },
        )
        return [_subscription(row) for row in rows if _is_valid(row, now)]


def _subscription(item: Item) -> TopicSubscription:
    stored = read_document(TopicSubscription, item)
    return stored.model_copy(update={"settled": bool(item["settled"]["BOOL"])})


def _item_key(pk: str, sk: str) -> dict[str, AttributeValueTypeDef]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _ticket_key(digest: str) -> dict[str, AttributeValueTypeDef]:
    return _item_key(table_keys.ticket_pk(digest), table_keys.TICKET)


def _socket_key(socket: SocketId) -> dict[str, AttributeValueTypeDef]:
    return _item_key(table_keys.socket_key(socket), table_keys.SOCKET)


def _topic_key(socket: SocketId, topic: str) -> dict[str, AttributeValueTypeDef]:
    return _item_key(table_keys.socket_key(socket), table_keys.socket_topic_sk(topic))


def _subscriber_key(socket: SocketId, topic: str) -> dict[str, AttributeValueTypeDef]:
    channel = table_keys.channel_pk(parse_topic(topic).channel)
    return _item_key(channel, table_keys.subscriber_sk(socket, topic))


def _ttl(expires_at: datetime) -> dict[str, AttributeValueTypeDef]:
    return {"ttl": ttl_attribute(expires_at)}


def _is_valid(item: Item, now: datetime) -> bool:
    return now.timestamp() < int(item["ttl"]["N"])
