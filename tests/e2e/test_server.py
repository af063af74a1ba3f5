"""`signalbox serve`, wholly local: from a webhook to a notification, and an orderly end."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from cli.local.options import HOST, LocalOptions
from cli.target import PROJECT
from tests.e2e.installation import PATIENCE

PORTS = 4


class Server:
    """A running server, as its users speak to it."""

    def __init__(self, home: Path, port: int) -> None:
        self.options = LocalOptions.at_port(home, port)
        self.log = home.parent / "serve.log"
        command = [sys.executable, "-m", "cli", f"--home={home}", "serve", f"--port={port}"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)  # noqa: S603  our own program

    def run(self, *words: str) -> str:
        """Runs another command against the server."""
        command = [sys.executable, "-m", "cli", f"--home={self.options.home}", *words]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603  as above
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, path: str) -> requests.Response | None:
        with suppress(requests.RequestException):  # it starts, or the machine is busy
            return requests.get(f"{self.options.base_url}{path}", timeout=10)
        return None

    def is_ready(self) -> bool:
        response = self.get("/ready")
        return response is not None and response.status_code == 200

    def received(self) -> list[dict[str, str]]:
        """What the target of notifications has got."""
        found: list[dict[str, str]] = requests.get(
            f"{self.options.echo_url}/received", timeout=10
        ).json()
        return found


def free_row(count: int) -> int:
    """The first of so many ports on which nobody listens now."""
    while True:
        with ExitStack() as held, suppress(OSError, OverflowError):
            first = held.enter_context(socket.socket())
            first.bind((HOST, 0))
            port = int(first.getsockname()[1])
            for number in range(1, count):
                held.enter_context(socket.socket()).bind((HOST, port + number))
            return port


def eventually(holds: Callable[[], object], seconds: float = PATIENCE) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "home", free_row(PORTS))
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def test_a_webhook_becomes_a_notification_and_a_signal_ends_the_server(server: Server) -> None:
    assert eventually(server.is_ready, 2 * PATIENCE), server.log.read_text()

    server.run("send", "github", "issue_comment", "--text", "/agent fix the login")
    tasks = json.loads(server.run("tasks", "list", "--json"))
    notified = eventually(server.received)
    server.process.send_signal(signal.SIGTERM)
    ended = server.process.wait(2 * PATIENCE)

    assert [task["title"] for task in tasks] == ["agent: fix the login"]
    assert notified, server.log.read_text()
    assert ended == 0, server.log.read_text()
    key = json.loads((server.options.home / "key.json").read_text())["text"]
    assert key not in server.log.read_text()
