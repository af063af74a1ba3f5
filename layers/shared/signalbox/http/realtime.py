"""The WebSocket API: connections and the messages of their clients."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from logging import Logger
from typing import Final, TypedDict

from pydantic import Field, JsonValue, ValidationError

from signalbox.http.authorize import Authorizer
from signalbox.http.events import LowerCaseHeaders
from signalbox.http.json_parser import parse_json
from signalbox.http.problems import error_fields
from signalbox.http.schemas.realtime import (
    CLIENT_MESSAGE,
    ClientMessage,
    ErrorData,
    PongData,
    ReconnectData,
    SubscribedData,
    SubscribeMessage,
    UnsubscribedData,
    UnsubscribeMessage,
)
from signalbox.models.base import Model, PartialModel
from signalbox.models.errors import (
    Forbidden,
    InvalidRequest,
    PayloadInvalid,
    PayloadTooLarge,
    SignalboxError,
    Unauthenticated,
)
from signalbox.models.frozen import frozen
from signalbox.models.ids import SocketId
from signalbox.models.principal import Principal
from signalbox.models.realtime import MAX_MESSAGE_BYTES, Socket
from signalbox.models.request import InboundRequest
from signalbox.services.ports.realtime import FrameSender
from signalbox.services.ports.time import Clock
from signalbox.services.realtime.frames import control_frame
from signalbox.services.realtime.sessions import ManageSockets, ManageTickets
from signalbox.services.realtime.subscribe import ManageSubscriptions

_REPLY_SECONDS: Final = 5.0


class _Identity(PartialModel):
    sourceIp: str = ""  # noqa: N815  as API Gateway writes it


class _SocketContext(PartialModel):
    eventType: str  # noqa: N815  as API Gateway writes it
    connectionId: str  # noqa: N815  as API Gateway writes it
    requestId: str = ""  # noqa: N815  as API Gateway writes it
    identity: _Identity = _Identity()


class _SocketEvent(PartialModel):
    requestContext: _SocketContext  # noqa: N815  as API Gateway writes it
    headers: LowerCaseHeaders = Field(default_factory=dict)
    queryStringParameters: dict[str, str] | None = None  # noqa: N815  as API Gateway writes it
    body: str | None = None
    isBase64Encoded: bool = False  # noqa: N815  as API Gateway writes it


class SocketResponse(TypedDict):
    """The response to API Gateway; a status other than 200 refuses a connection."""

    statusCode: int


@frozen
class RealtimeHandler:
    """A Lambda handler for the routes of the WebSocket API.

    Whoever has credentials may connect, from pages of `origins` and as a client that is no page;
    the scopes decide about topics. `source` is that of all frames.
    """

    admit: Authorizer
    tickets: ManageTickets
    sockets: ManageSockets
    subscriptions: ManageSubscriptions
    sender: FrameSender
    origins: frozenset[str]
    source: str
    clock: Clock
    logger: Logger

    def __call__(self, event: dict[str, JsonValue], _context: object) -> SocketResponse:
        """Answer one event. It never raises."""
        parsed = _SocketEvent.model_validate(event)
        context = parsed.requestContext
        handle = _HANDLERS.get(context.eventType, RealtimeHandler.receive)
        status, code = HTTPStatus.OK, None
        try:
            handle(self, parsed)
        except SignalboxError as error:
            refused = error.status if isinstance(error, InvalidRequest) else None
            status, code = HTTPStatus(refused or HTTPStatus.SERVICE_UNAVAILABLE), error.code
        except Exception as error:  # noqa: BLE001  whatever it was, API Gateway gets an answer
            self.logger.error("realtime failed", extra=error_fields(error))
            status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "internal"
        self.logger.info(
            "realtime",
            extra={
                "event": context.eventType,
                "socket": context.connectionId,
                "gateway_request_id": context.requestId,
                "status_code": status,
                "code": code,
            },
        )
        return SocketResponse(statusCode=status)

    def connect(self, event: _SocketEvent) -> None:
        """Authenticate a client by a ticket or by its credentials, and store the connection.

        Raises:
            Forbidden: It is a page of another origin.
            Unauthenticated: The ticket or the credentials are not valid.
            TooManyRequests: The caller is over its rate limit or has too many connections.
        """
        origin = event.headers.get("origin")
        if origin is not None and origin not in self.origins:
            raise Forbidden("pages of this origin may not connect")
        ticket = (event.queryStringParameters or {}).get("ticket")
        source_ip = event.requestContext.identity.sourceIp
        caller = self._ticket_holder(ticket, source_ip) if ticket else self._caller(event)
        self.sockets.open(SocketId(event.requestContext.connectionId), caller)

    def _ticket_holder(self, ticket: str, source_ip: str) -> Principal:
        try:
            return self.tickets.redeem(ticket)
        except Unauthenticated:
            self.admit.limit.count_rejected_credentials(source_ip)
            raise

    def _caller(self, event: _SocketEvent) -> Principal:
        request = InboundRequest(
            method="GET",
            path="/",
            headers=event.headers,
            body=b"",
            source_ip=event.requestContext.identity.sourceIp,
            request_id=event.requestContext.requestId,
        )
        return self.admit.authenticate(request).caller

    def disconnect(self, event: _SocketEvent) -> None:
        """Remove the connection and its subscriptions."""
        self.sockets.close(SocketId(event.requestContext.connectionId))

    def receive(self, event: _SocketEvent) -> None:
        """Answer a message of a client; close the connection of one that may no longer use it."""
        id_ = SocketId(event.requestContext.connectionId)
        try:
            socket = self.sockets.find(id_)
        except Unauthenticated:
            self.sender.close(id_)
            self.sockets.close(id_)
            return
        message: ClientMessage | None = None
        try:
            self.admit.limit.admit(socket.principal)
            message = _parsed(event)
            answers = self._answers(socket, message)
        except SignalboxError as error:
            answers = [self._frame("error", _error_data(error, message))]
        self.sender.send({socket.id: answers}, seconds=_REPLY_SECONDS)

    def _answers(self, socket: Socket, message: ClientMessage) -> list[str]:
        match message:
            case SubscribeMessage():
                result = self.subscriptions.subscribe(
                    socket, message.topic, message.filter, message.after
                )
                data = SubscribedData(
                    topic=message.topic,
                    after=result.after,
                    resumed=result.resumed,
                    ref=message.ref,
                )
                answers = [self._frame("subscribed", data)]
            case UnsubscribeMessage():
                self.subscriptions.unsubscribe(socket, message.topic)
                ended = UnsubscribedData(topic=message.topic, ref=message.ref)
                answers = [self._frame("unsubscribed", ended)]
            case _:
                answers = [self._frame("pong", PongData(ref=message.ref))]
        if self.sockets.is_ending(socket):
            answers.append(self._frame("reconnect", ReconnectData(ends_at=socket.expires_at)))
        return answers

    def _frame(self, kind: str, data: Model) -> str:
        document = data.model_dump(mode="json", exclude_none=True)
        return control_frame(self.source, kind, self.clock(), document)


_HANDLERS: Final[Mapping[str, Callable[[RealtimeHandler, _SocketEvent], None]]] = {
    "CONNECT": RealtimeHandler.connect,
    "DISCONNECT": RealtimeHandler.disconnect,
}


def _parsed(event: _SocketEvent) -> ClientMessage:
    """Return the message of a client.

    Raises:
        PayloadTooLarge: It is too long.
        PayloadInvalid: It is not a message that this version knows.
    """
    text = event.body or ""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_MESSAGE_BYTES:
        raise PayloadTooLarge(f"a message has at most {MAX_MESSAGE_BYTES} bytes")
    if event.isBase64Encoded:
        raise PayloadInvalid("a message is a text in JSON")
    try:
        return CLIENT_MESSAGE.validate_python(parse_json(text))
    except ValidationError:
        raise PayloadInvalid("this is not a message that the API knows") from None


def _error_data(error: SignalboxError, message: ClientMessage | None) -> ErrorData:
    topic = message.topic if isinstance(message, SubscribeMessage | UnsubscribeMessage) else None
    return ErrorData(
        code=error.code, detail=error.reason, topic=topic, ref=message.ref if message else None
    )
