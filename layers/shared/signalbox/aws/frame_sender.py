"""Frames to WebSocket connections, through the management API of API Gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws.errors import AwsError, AwsRefused
from signalbox.aws.transport.connections import MAX_CALLS
from signalbox.models.frozen import frozen
from signalbox.services.ports.realtime import FrameOutcome, FrameSender

if TYPE_CHECKING:
    from signalbox.aws.protocols import ConnectionsApi
    from signalbox.models.ids import SocketId

_GONE: Final = frozenset({"GoneException", "410"})


@frozen
class GatewayFrameSender(FrameSender):
    """Posts frames. A call has a timeout of its own and is not repeated: who is slow is dropped."""

    client: Callable[[], ConnectionsApi]

    @override
    def send(self, frames: Mapping[SocketId, Sequence[str]], *, seconds: float) -> FrameOutcome:
        stopped = Event()
        client = self.client()  # made by one thread

        def post_all(socket: SocketId) -> None:
            for frame in frames[socket]:
                if stopped.is_set():
                    raise TimeoutError
                client.post(socket, frame.encode())

        pool = ThreadPoolExecutor(max_workers=min(MAX_CALLS, max(1, len(frames))))
        calls = {pool.submit(post_all, socket): socket for socket in frames}
        wait(calls, timeout=seconds)
        stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)
        outcomes = {socket: _outcome(call) for call, socket in calls.items()}
        return FrameOutcome(
            gone={socket for socket, outcome in outcomes.items() if outcome in _GONE},
            failed={socket for socket, outcome in outcomes.items() if outcome not in {"", *_GONE}},
        )

    @override
    def close(self, socket: SocketId) -> None:
        with suppress(AwsError):
            self.client().delete(socket)


def _outcome(call: Future[None]) -> str:
    """Return the name of the error of a call, empty if there is none."""
    if not call.done() or call.cancelled():
        return "TimeoutError"
    error = call.exception()
    if isinstance(error, AwsRefused):
        return error.code
    return type(error).__name__ if error else ""
