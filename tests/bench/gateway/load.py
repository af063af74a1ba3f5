"""A client that keeps a number of connections busy, and what each answer took."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass
class Answers:
    """The seconds of each answer with the expected status, and how many were none."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    took: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.took

    @property
    def p50(self) -> float:
        """Milliseconds."""
        return median(self.seconds) * 1_000

    @property
    def p99(self) -> float:
        return quantiles(self.seconds, n=100)[98] * 1_000

    @property
    def availability(self) -> float:
        return len(self.seconds) / max(len(self.seconds) + self.failed, 1)


async def keep_busy(
    port: int, path: str, *, connections: int, until: Callable[[Answers], bool], pause: float = 0.0
) -> Answers:
    """Send requests on so many connections, each when the one before was answered."""
    answers = Answers()
    request = f"GET {path} HTTP/1.1\r\nHost: api.example.com\r\n\r\n".encode()
    started = perf_counter()

    async def one() -> None:
        line = None
        while not until(answers):
            begun = perf_counter()
            try:
                line = line or await asyncio.open_connection("127.0.0.1", port)
                ok = await _asked(*line, request)
            except (OSError, EOFError, TimeoutError):
                _close(line)
                ok, line = False, None
            if ok:
                answers.seconds.append(perf_counter() - begun)
            else:
                answers.failed += 1
            await asyncio.sleep(pause)
        _close(line)

    await asyncio.gather(*(one() for _ in range(connections)))
    answers.took = perf_counter() - started
    return answers


async def _asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> bool:
    writer.write(request)
    async with asyncio.timeout(30):
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if length is None:
            raise EOFError
        await reader.readexactly(int(length[1]))
    return head.startswith(b"HTTP/1.1 200")


def _close(line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None) -> None:
    if line:
        line[1].transport.abort()
