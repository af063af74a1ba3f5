"""The ministack process: started on loopback, stopped so that it saves its state."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from cli.errors import CommandError
from cli.local.environment import clean_environment
from cli.local.interpreter import make_clean_interpreter
from cli.local.options import HOST, LocalOptions

_READY_SECONDS = 60
_STOP_SECONDS = 30


@dataclass(slots=True, kw_only=True)
class LocalCloud:
    """A context manager: inside it, the AWS endpoint answers at `options.endpoint_url`."""

    options: LocalOptions
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        """Start it and wait until it is ready."""
        require_ports_free(self.options.cloud_port)
        interpreter = make_clean_interpreter(self.options.home / "runtime")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli.local.launcher", interpreter],
                cwd=self.options.project,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us; we then stop it in order
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it and wait until its state is saved."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def require_alive(self) -> None:
        """Check that the process is running.

        Raises:
            CommandError: It has ended.
        """
        if self._process is None or self._process.poll() is not None:
            raise CommandError(f"the local cloud has stopped:\n{_last_lines(self._log)}")

    @property
    def _log(self) -> Path:
        return self.options.home / "cloud.log"

    def _environment(self) -> dict[str, str]:
        state = self.options.home / "cloud"
        scratch = self.options.home / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        for folder in (state / "s3", scratch):
            folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "AUTH": str(self.options.enforce_iam).lower(),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.options.cloud_port),
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_HOST": HOST,
            "PERSIST_STATE": "1",
            "S3_DATA_DIR": str(state / "s3"),
            "S3_PERSIST": "1",
            "SFTP_ENABLED": "0",
            "STATE_DIR": str(state),
            "TMPDIR": str(scratch),
        }
        return clean_environment(settings)

    def _wait_until_ready(self) -> None:
        browser = build_opener(ProxyHandler({}))
        until = time.monotonic() + _READY_SECONDS
        while time.monotonic() < until:
            self.require_alive()
            try:
                browser.open(f"{self.options.endpoint_url}/_ministack/ready", timeout=5).close()
            except (URLError, OSError):
                time.sleep(0.05)
            else:
                return
        raise CommandError(f"the local cloud did not start:\n{_last_lines(self._log)}")


def require_ports_free(*ports: int) -> None:
    """Check that the ports are free.

    Raises:
        CommandError: Another program listens on one of them.
    """
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as taken:
                problem = f"port {port} is in use ({os.strerror(taken.errno or 0)})"
                raise CommandError(f"{problem}; choose others with --port") from taken


def _last_lines(log: Path, count: int = 15) -> str:
    lines: Iterable[str] = log.read_text(errors="replace").splitlines()
    return "\n".join(deque(lines, count))
