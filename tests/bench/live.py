"""How fast changes reach WebSocket connections of the local stack: `python -m tests.bench.live`.

It needs a stack that runs (`signalbox up`). The latency of a change is from the time of its step,
before it is written, to its frame; clients and the whole stack share one machine.
"""

import argparse
import asyncio
import json
import math
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from cli.api_client import ApiClient, connect_api
from cli.live.client import ask_websocket_url
from cli.target import DEFAULT_HOME, Target
from signalbox.auth.manage_keys import CreateKeyRequest
from signalbox.http.schemas.keys import CreateKeyResponse
from signalbox.services.tasks.create import CreateTaskRequest

CONSOLE = Console(width=110, highlight=False)

_OF_ONE_KEY = 20
"""Connections, so that no key is over its rate limit."""

_AT_ONCE = 16
_WAIT_SECONDS = 120.0


@dataclass(slots=True)
class Figures:
    """The latencies in milliseconds of each change at each connection."""

    latencies: list[float] = field(default_factory=list)
    missed: int = 0
    repeated: int = 0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


async def _open(url: str, key: str, limit: asyncio.Semaphore) -> ClientConnection:
    async with limit:
        connection = await connect(
            url,
            additional_headers={"X-API-Key": key},
            open_timeout=_WAIT_SECONDS,
            ping_interval=None,
            compression=None,
        )
        await connection.send(json.dumps({"type": "subscribe", "topic": "tasks"}))
        answer = json.loads(await asyncio.wait_for(connection.recv(), _WAIT_SECONDS))
        assert answer["type"] == "signalbox.realtime.subscribed", answer
        return connection


async def _listen(connection: ClientConnection, expected: set[str], figures: Figures) -> None:
    """Receive until every expected task was seen."""
    left, seen = set(expected), set[str]()
    try:
        async with asyncio.timeout(_WAIT_SECONDS):
            while left:
                frame: dict[str, Any] = json.loads(await connection.recv())
                now = time.time()
                if frame["id"] in seen:
                    figures.repeated += 1
                seen.add(frame["id"])
                title = frame.get("data", {}).get("title")
                if frame["type"] == "signalbox.task.created" and title in left:
                    left.discard(title)
                    at = datetime.fromisoformat(frame["time"]).timestamp()
                    figures.latencies.append((now - at) * 1000)
    except (TimeoutError, ConnectionClosed):
        figures.missed += len(left)


def _create_keys(api: ApiClient, count: int) -> list[str]:
    made = []
    for number in range(count):
        request = CreateKeyRequest(name=f"bench-{number}", roles=("viewer",))
        made.append(api.ask("POST", "/api/v1/keys", CreateKeyResponse, body=request).key)
    return made


async def _measure(api: ApiClient, connections: int, changes: int, pause: float) -> Figures:
    url, figures = ask_websocket_url(api), Figures()
    keys = _create_keys(api, -(-connections // _OF_ONE_KEY))
    started, limit = time.monotonic(), asyncio.Semaphore(_AT_ONCE)
    opened = await asyncio.gather(
        *(_open(url, keys[number // _OF_ONE_KEY], limit) for number in range(connections))
    )
    CONSOLE.print(f"{connections} connections subscribed after {time.monotonic() - started:.0f} s")
    titles = {f"bench {time.time_ns()} {number}" for number in range(changes)}
    listeners = [asyncio.create_task(_listen(each, titles, figures)) for each in opened]
    for title in sorted(titles):
        await asyncio.to_thread(api.create, CreateTaskRequest(title=title), None)
        await asyncio.sleep(pause)
    await asyncio.gather(*listeners)
    await asyncio.gather(*(each.close() for each in opened))
    return figures


def main() -> None:
    """Print how many frames arrived and how late."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.live", description=__doc__)
    parser.add_argument("--connections", type=int, default=1_000)
    parser.add_argument("--changes", type=int, default=10)
    parser.add_argument("--pause", type=float, default=5, help="seconds between two changes")
    parser.add_argument("--home", type=Path, default=DEFAULT_HOME)
    chosen = parser.parse_args()
    api = connect_api(Target(home=chosen.home))
    figures = asyncio.run(_measure(api, chosen.connections, chosen.changes, chosen.pause))
    expected = chosen.connections * chosen.changes
    CONSOLE.print(
        f"{len(figures.latencies)} of {expected} frames arrived, {figures.repeated} repeated"
    )
    for share in (0.5, 0.99, 1):
        CONSOLE.print(f"p{share * 100:g}: {figures.percentile(share):.0f} ms")


if __name__ == "__main__":
    main()
