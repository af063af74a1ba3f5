"""Send an email by SMTP, over a connection whose address is checked and whose time is limited.

The certificate is verified. An error has the code of the server's answer, never its text.
https://www.rfc-editor.org/rfc/rfc5321#section-4.2
"""

import smtplib
import socket
import ssl
from contextlib import closing
from dataclasses import field
from typing import Final, Literal

from signalbox.egress.aws_targets import RawEmail
from signalbox.egress.responses import SecretRefused
from signalbox.egress.sockets import (
    Deadline,
    OutboundSocket,
    Resolve,
    UrlOrigin,
    resolve_host,
)
from signalbox.egress.tls import shared_public_tls
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.frozen import frozen

SMTP_PORTS: Final = frozenset({465, 587, 2465, 2587})
"""The ports of submission; functions of AWS cannot reach port 25."""

_IMPLICIT_PORTS: Final = frozenset({465, 2465})
_TIMEOUT: Final = 5.0
_TOTAL: Final = 20.0
_READY: Final = 220
_PERMANENT: Final = 500

Encryption = Literal["starttls", "tls", "none"]


@frozen
class SmtpServer:
    """A server and how it is called. `encryption` is by default that of the port.

    Without encryption only a trusted server is called, which `trusted` says. Its certificate is
    signed by a public authority, or by those of `ca_certificate` in PEM.
    """

    host: str
    port: int
    encryption: Encryption | None
    trusted: bool
    ca_certificate: str | None = None

    @property
    def security(self) -> Encryption:
        """Return how the connection is encrypted."""
        return self.encryption or ("tls" if self.port in _IMPLICIT_PORTS else "starttls")

    def admit(self) -> None:
        """Check that the server may be called.

        Raises:
            SendRefused: It may not.
        """
        if self.trusted:
            return
        if self.security == "none":
            raise SendRefused("an email is not sent without encryption")
        if self.port not in SMTP_PORTS:
            raise SendRefused(f"port {self.port} is not called")


@frozen
class SmtpClient:
    """Sends emails, each over its own connection."""

    tls: ssl.SSLContext = field(default_factory=shared_public_tls)
    resolve: Resolve = resolve_host
    timeout: float = _TIMEOUT
    total: float = _TOTAL

    def __call__(self, email: RawEmail, server: SmtpServer, username: str, password: str) -> None:
        """Send an email. Without a user name the server is not asked to authenticate.

        Raises:
            SendRefused: The server will never take it, or may not be called.
            SecretRefused: It does not accept the password.
            SendDelayed: It may take it later.
        """
        server.admit()
        with closing(Deadline(self.total)) as deadline:
            line = OutboundSocket(
                origin=UrlOrigin(scheme="smtp", host=server.host, port=server.port),
                trusted=server.trusted,
                resolve=self.resolve,
                timeout=self.timeout,
                deadline=deadline,
            )
            tls = private_tls(server.ca_certificate) if server.ca_certificate else self.tls
            session = _Session(line, tls, implicit=server.security == "tls", timeout=self.timeout)
            error = self._exchange(session, email, server, (username, password))
            if error and not deadline.left:
                error = SendDelayed(f"there was no whole answer in {self.total:g} seconds")
        if error:
            raise error  # outside of the handler: what was caught has the texts of the server

    def _exchange(
        self, session: "_Session", email: RawEmail, server: SmtpServer, login: tuple[str, str]
    ) -> SendRefused | SendDelayed | None:
        """Return why the email is not sent, None if it is."""
        try:
            code, text = session.connect(server.host, server.port)
            if code != _READY:
                raise smtplib.SMTPConnectError(code, text)
            if server.security == "starttls":
                session.starttls(context=session.tls)
            if login[0]:
                session.login(*login)
            refused = session.sendmail(email.sender, email.recipients, email.message)
        except SendRefused as refusal:
            return refusal
        except ssl.SSLCertVerificationError as bad:
            return SendRefused(f"the certificate is not valid: {bad.verify_message}")
        except (OSError, ValueError) as failure:  # SMTPException is an OSError
            return _meaning(failure)
        finally:
            session.close()
        if refused:
            count = f"{len(refused)} of {len(email.recipients)}"
            return SendRefused(f"the server refuses {count} recipients; the others have the email")
        return None


class _Session(smtplib.SMTP):
    """A session over a checked connection, which is encrypted from the start if `implicit`."""

    def __init__(
        self, line: OutboundSocket, tls: ssl.SSLContext, *, implicit: bool, timeout: float
    ) -> None:
        self.tls = tls
        self._line = line
        self._implicit = implicit
        super().__init__(local_hostname="[127.0.0.1]", timeout=timeout)
        self._host = line.origin.host  # the name that STARTTLS verifies

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
        line = self._line.open()
        line.settimeout(timeout)
        return self.tls.wrap_socket(line, server_hostname=host) if self._implicit else line


def private_tls(ca_certificate: str) -> ssl.SSLContext:
    """Return what trusts the authorities whose certificates these are, and no others.

    Raises:
        ValueError: They are no certificates in PEM.
    """
    try:
        return ssl.create_default_context(cadata=ca_certificate)
    except ssl.SSLError:
        raise ValueError("these are no certificates in PEM") from None


def _meaning(failure: Exception) -> SendRefused | SendDelayed:
    """Return what an error of a session means."""
    match failure:
        case smtplib.SMTPNotSupportedError():
            return SendRefused("the server offers no STARTTLS, or no way to authenticate")
        case smtplib.SMTPRecipientsRefused():
            codes = sorted({code for code, _ in failure.recipients.values()})
            reason = f"the server refuses every recipient: {', '.join(map(str, codes))}"
            return SendRefused(reason) if codes[0] >= _PERMANENT else SendDelayed(reason)
        case smtplib.SMTPAuthenticationError(smtp_code=code) if code >= _PERMANENT:
            return SecretRefused(f"the server does not accept user name and password: {code}")
        case smtplib.SMTPResponseException(smtp_code=code):
            reason = f"the server answered {code}"
            return SendRefused(reason) if code >= _PERMANENT else SendDelayed(reason)
    return SendDelayed(f"the connection failed: {type(failure).__name__}")
