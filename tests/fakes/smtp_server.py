"""An SMTP server on loopback that answers as it is asked to, and records what it received."""

import ssl
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Self

USERNAME = "signalbox"
PASSWORD = "Ca2Na3Ry4Zz5Qq6Ww7"


class FakeSmtpServer:
    """Takes emails of USERNAME. `answers` are lines instead of the usual ones, by command.

    With `tls` it offers STARTTLS, or if `implicit` encrypts from the start.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, implicit: bool = False) -> None:
        self.tls = tls
        self.implicit = implicit
        self.answers: dict[str, str] = {}
        self.commands: list[str] = []
        self.emails: list[bytes] = []
        self._server = ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The origin to trust."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[Self]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def _handler(self) -> type[StreamRequestHandler]:
        owner = self

        class Handler(StreamRequestHandler):
            timeout = 5

            def handle(self) -> None:
                dialogue = _Dialogue(owner, self)
                with suppress(OSError):
                    dialogue.run()
                dialogue.socket.close()

        return Handler


class _Dialogue:
    def __init__(self, owner: FakeSmtpServer, handler: StreamRequestHandler) -> None:
        self.owner = owner
        self.handler = handler
        self.socket = handler.connection
        self.encrypted = False

    def run(self) -> None:
        if self.owner.implicit:
            self._encrypt()
        self.file = self.socket.makefile("rb")
        self._say(self.owner.answers.get("CONNECT", "220 ready"))
        while line := self.file.readline().decode().strip():
            command = line.split()[0].upper().partition(":")[0]
            self.owner.commands.append(command)
            answer = self.owner.answers.get(command)
            if answer == "hang up":
                return
            if answer:
                self._say(answer)
            elif not self._obey(command, line):
                return

    def _obey(self, command: str, line: str) -> bool:
        match command:
            case "EHLO":
                offers = ["hello", "AUTH PLAIN", *(["STARTTLS"] if self._may_encrypt else [])]
                for offer in offers[:-1]:
                    self._say(f"250-{offer}")
                self._say(f"250 {offers[-1]}")
            case "STARTTLS":
                self._say("220 go on")
                self._encrypt()
                self.file = self.socket.makefile("rb")
            case "AUTH":
                given = b64decode(line.split()[2]).decode().split("\0")[1:]
                self._say("235 ok" if given == [USERNAME, PASSWORD] else "535 bad credentials")
            case "DATA":
                self._say("354 go on")
                self._take()
            case "QUIT":
                self._say("221 bye")
                return False
            case _:
                self._say("250 ok")
        return True

    @property
    def _may_encrypt(self) -> bool:
        return self.owner.tls is not None and not self.encrypted

    def _take(self) -> None:
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            lines.append(line)
        self._say(self.owner.answers.get("EMAIL", "250 queued"))
        self.owner.emails.append(b"".join(lines))

    def _say(self, line: str) -> None:
        self.socket.sendall(f"{line}\r\n".encode())

    def _encrypt(self) -> None:
        assert self.owner.tls is not None
        self.socket = self.owner.tls.wrap_socket(self.socket, server_side=True)
        self.encrypted = True
