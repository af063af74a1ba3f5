"""A client of live updates, which reconnects and resumes after its last event."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.sync.connection import Connection

from cli.api_client import ApiClient, is_loopback
from cli.errors import CommandError, Unreachable
from signalbox.http.schemas.realtime import (
    REALTIME_TICKETS,
    ErrorData,
    SubscribedData,
    SubscribeMessage,
    TicketResponse,
)
from signalbox.models.base import UtcDatetime
from signalbox.models.realtime import EventPosition, parse_position
from signalbox.services.realtime.frames import CONTROL_PREFIX

PING_SECONDS: Final = 240.0
"""API Gateway closes a connection on which nothing is sent for ten minutes."""

_OPEN_SECONDS: Final = 15.0
_MAX_PAUSE: Final = 30.0
_QUIET_FAILURES: Final = 3
"""After how many failed attempts in a row an outage is reported."""

_SUBSCRIBED: Final = f"{CONTROL_PREFIX}subscribed"
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_BEGINNING: Final = EventPosition(0)


class LiveFrame(BaseModel):
    """A frame: an event, or the answer to a message."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    type: str
    time: UtcDatetime
    subject: str = ""
    topic: str = ""
    dataref: str = ""
    data: JsonValue = None

    @property
    def is_control(self) -> bool:
        """Return whether it answers a message of this client."""
        return self.type.startswith(CONTROL_PREFIX)

    @property
    def document(self) -> dict[str, JsonValue]:
        """Return the data, empty if it was too long for a frame."""
        return self.data if isinstance(self.data, dict) else {}


def ask_websocket_url(api: ApiClient) -> str:
    """Return the URL of the WebSocket API.

    Raises:
        ApiError: The API has none, or refuses the key.
        ApiUnavailable: It does not answer.
    """
    return api.ask("POST", REALTIME_TICKETS, TicketResponse).url


@dataclass(slots=True, kw_only=True)
class LiveEvents:
    """Iterate over the events of a topic, each once and in order, until the process ends.

    An outage is waited for, except at the start. `note` reports one that lasts, and events that
    were missed because it lasted for more than ten minutes. `refresh` is called when the state of
    the API must be read: events follow it without a gap. `wakes` counts more than `silence` seconds
    without an event as one.
    """

    url: str
    key: str = field(repr=False)
    topic: str
    filters: Mapping[str, str] = field(default_factory=dict)
    note: Callable[[str], None]
    refresh: Callable[[], None] = lambda: None
    silence: float = PING_SECONDS
    ping_after: float = PING_SECONDS
    sleep: Callable[[float], None] = time.sleep
    _last: str | None = None
    _position: EventPosition = _BEGINNING
    _failures: int = 0

    def __iter__(self) -> Iterator[LiveFrame]:
        """Yield the events.

        Raises:
            CommandError: The API refuses the key or the subscription.
            Unreachable: It did not answer the first time.
        """
        return (frame for frame in self.wakes() if frame)

    def wakes(self) -> Iterator[LiveFrame | None]:
        """Yield the events, and None where the state of the API may be another.

        That is at the start, after an outage that was too long, and after a silence.

        Raises:
            CommandError: The API refuses the key or the subscription.
            Unreachable: It did not answer the first time.
        """
        while True:
            try:
                with ExitStack() as opened:
                    connection = opened.enter_context(self._connect())
                    yield from self._events(connection)
            except InvalidStatus as refused:
                if refused.response.status_code in _REFUSED:
                    raise CommandError("the API refuses the connection") from None
                self._failed(refused)
            except (InvalidHandshake, WebSocketException, OSError, EOFError) as failure:
                self._failed(failure)

    def _connect(self) -> ClientConnection:
        return connect(
            self.url,
            additional_headers={"X-API-Key": self.key},
            open_timeout=_OPEN_SECONDS,
            ping_interval=None,
            proxy=None if is_loopback(self.url) else True,
        )

    def _events(self, connection: Connection) -> Iterator[LiveFrame | None]:
        """Yield events until the server asks to reconnect."""
        message = SubscribeMessage(
            type="subscribe", topic=self.topic, filter=dict(self.filters), after=self._last
        )
        connection.send(message.model_dump_json(exclude_none=True))
        silent = 0.0
        while True:
            try:
                text = connection.recv(timeout=self.silence)
            except TimeoutError:
                silent += self.silence
                if silent >= self.ping_after:
                    connection.send(json.dumps({"type": "ping"}))
                    silent = 0.0
                yield None
                continue
            silent = 0.0
            frame = _parse(text)
            if frame is None:
                continue
            if not frame.is_control:
                if self._is_new(frame):
                    yield frame
            elif frame.type == _SUBSCRIBED:
                if self._begin(frame):
                    self.refresh()
                    yield None
            elif self._handle_control(frame):
                return

    def _handle_control(self, frame: LiveFrame) -> bool:
        """Handle an answer; return whether to reconnect.

        Raises:
            CommandError: The subscription is refused.
        """
        kind = frame.type.removeprefix(CONTROL_PREFIX)
        if kind == "error":
            error = ErrorData.model_validate(frame.document, extra="ignore")
            raise CommandError(f"{error.code}: {error.detail or error.topic or ''}".rstrip(": "))
        return kind == "reconnect"

    def _begin(self, frame: LiveFrame) -> bool:
        """Begin to receive events; return whether there may have been others before them."""
        self._failures = 0
        subscribed = SubscribedData.model_validate(frame.document, extra="ignore")
        is_first, is_missing = self._last is None, not subscribed.resumed
        if is_missing:
            self.note("events were missed: the outage lasted for more than ten minutes")
            self._position = _BEGINNING
        self._advance(subscribed.after)
        return is_first or is_missing

    def _is_new(self, frame: LiveFrame) -> bool:
        """Return whether the event was not received before; the server may repeat some."""
        position = parse_position(frame.id)
        if position is None or position <= self._position:
            return False
        self._advance(frame.id)
        return True

    def _advance(self, event: str) -> None:
        position = parse_position(event)
        if position is not None and position > self._position:
            self._position, self._last = position, event

    def _failed(self, failure: Exception) -> None:
        """Wait before the next attempt.

        Raises:
            Unreachable: There was no connection yet.
        """
        problem = f"live updates are not reachable ({type(failure).__name__})"
        if self._last is None and not self._failures:
            raise Unreachable(problem) from failure
        self._failures += 1
        if self._failures == _QUIET_FAILURES:
            self.note(problem)
        self.sleep(min(_MAX_PAUSE, 0.2 * 2 ** min(self._failures, 10)))


def _parse(text: str | bytes) -> LiveFrame | None:
    """Return the frame, None if it is not one that this version knows."""
    try:
        return LiveFrame.model_validate_json(text)
    except ValidationError:
        return None
