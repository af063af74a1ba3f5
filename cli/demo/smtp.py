"""A double of an SMTP server with STARTTLS and a password, which shows the emails it has taken."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Lock
from typing import Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import JsonValue

from cli.demo.certificate import self_signed
from cli.doubles.email import shown_email
from cli.local.cloud import require_ports_free
from cli.local.options import HOST

_USERNAME: Final = "signalbox"
_PASSWORD: Final = "smtp-double-password"  # noqa: S105  not a secret: the double is in memory
_SENDER: Final = "signalbox@example.com"
_DOWN: Final = "451 4.3.0 down for maintenance"


class SmtpDouble:
    """The emails of the server. It takes those of one sender, over TLS and with a password."""

    def __init__(self) -> None:
        self._emails: list[EmailMessage] = []
        self._failures = 0
        self._lock = Lock()

    def shown(self) -> Sequence[str]:
        """Return the emails, oldest first."""
        with self._lock:
            return [shown_email(email) for email in self._emails]

    def fail_once(self) -> str:
        """Answer the next email with 451, and return that."""
        with self._lock:
            self._failures = 1
        return "the next email is answered with 451"

    def take(self, sender: str | None, content: bytes) -> str:
        """Take an email and return the response."""
        if sender != _SENDER:
            return "550 5.7.1 this sender is not allowed"
        with self._lock:
            if self._failures:
                self._failures -= 1
                return _DOWN
            self._emails.append(message_from_bytes(content, EmailMessage, policy=default))
        return "250 2.0.0 queued"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802  the name and the arguments are those of aiosmtpd
        """Take the email of an envelope."""
        content = envelope.content or b""
        data = content.encode() if isinstance(content, str) else content
        return self.take(envelope.mail_from, data)


class SmtpAccess:
    """What a connection needs to send emails to a server at a port of this machine."""

    def __init__(self, port: int, certificate: str) -> None:
        self._port = port
        self._certificate = certificate
        self.password = _PASSWORD
        self.url = f"smtp://{HOST}:{port}"

    def settings(self) -> Mapping[str, JsonValue]:
        """Return the settings of the connection."""
        smtp: dict[str, JsonValue] = {
            "host": HOST,
            "port": self._port,
            "username": _USERNAME,
            "ca_certificate": self._certificate,
        }
        return {"sender": _SENDER, "to": ["team@example.com"], "smtp": smtp}


@contextmanager
def serve_smtp(port: int, double: SmtpDouble) -> Iterator[SmtpAccess]:
    """Serve a double on loopback inside the block, with a certificate of its own.

    Raises:
        CommandError: Another program listens on the port.
    """
    require_ports_free(port)
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of what it does itself
    certificate, tls = self_signed(HOST)
    controller = Controller(
        double,
        hostname=HOST,
        port=port,
        tls_context=tls,
        require_starttls=True,
        auth_required=True,
        authenticator=_authenticate,
    )
    controller.start()
    try:
        yield SmtpAccess(port, certificate)
    finally:
        controller.stop()


def _authenticate(
    server: SMTP,  # noqa: ARG001  as aiosmtpd calls it
    session: Session,  # noqa: ARG001
    envelope: Envelope,  # noqa: ARG001
    mechanism: str,  # noqa: ARG001
    given: object,
) -> AuthResult:
    known = LoginPassword(_USERNAME.encode(), _PASSWORD.encode())
    return AuthResult(success=given == known, handled=False)
