"""Email, by SES with the role of the function, or by an SMTP server with a password."""

import re
from typing import Annotated, Final

from pydantic import Field
from typing_extensions import override

from signalbox.connectors.email.message import render_email
from signalbox.egress.aws_targets import RawEmail
from signalbox.egress.connector import Clients, TargetConnector
from signalbox.egress.smtp import SMTP_PORTS, Encryption, SmtpClient, SmtpServer, private_tls
from signalbox.models.base import Model
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid

_PASSWORD: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)

_CERTIFICATES: Final = (
    r"^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$"
)

EmailAddress = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
        r"@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
        max_length=254,
    ),
]
HeaderText = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$", max_length=60)]


class SmtpSettings(Model):
    """A server, which authenticates `username`. `encryption` is by default that of the port.

    `ca_certificate` is that of the authority which signs the server's certificate, in PEM, if it is
    no public one; it can also be the certificate of the server, if that is signed by itself.
    """

    host: str = Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$")
    port: int = Field(default=587, ge=1, le=65535)
    username: str = Field(pattern=r"^[!-~]{1,320}$")
    encryption: Encryption | None = None
    ca_certificate: str | None = Field(default=None, pattern=_CERTIFICATES, max_length=16_000)


class Settings(Model):
    """Who gets emails from whom. Without `smtp` they are sent by SES, in the stack's region.

    `api_url` is for local use: the URL of SES, at a trusted origin.
    """

    sender: EmailAddress
    sender_name: HeaderText = "Signalbox"
    to: Annotated[tuple[EmailAddress, ...], Field(min_length=1, max_length=50, strict=False)]
    subject_prefix: HeaderText = ""
    smtp: SmtpSettings | None = None
    configuration_set: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    api_url: str | None = None


class Email(TargetConnector[Settings]):
    """A connector that sends an email to all recipients; by SES it needs no secret."""

    name = "email"
    settings_model = Settings

    def __init__(self, clients: Clients, smtp: SmtpClient | None = None) -> None:
        super().__init__(clients)
        self._smtp = smtp

    @override
    def uses_secret(self, connection: Connection) -> bool:
        return self.settings(connection).smtp is not None

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        if not self.uses_secret(connection):
            raise Conflict("a connection without `smtp` sends by SES and has no secret")
        if not _PASSWORD.fullmatch(secret):
            raise Conflict("the password is empty, or has a character that is not ASCII")

    @override
    def settings(self, connection: Connection) -> Settings:
        settings = super().settings(connection)
        if settings.api_url is not None and not self.http.trusts(settings.api_url):
            raise SettingsInvalid("api_url is not at a trusted origin")
        smtp = settings.smtp
        if smtp and smtp.ca_certificate:
            _check_certificates(smtp.ca_certificate)
        if smtp and not self._trusts(smtp):
            if smtp.encryption == "none":
                raise SettingsInvalid("smtp.encryption is none, but the server is not trusted")
            if smtp.port not in SMTP_PORTS:
                ports = ", ".join(map(str, sorted(SMTP_PORTS)))
                raise SettingsInvalid(f"smtp.port is none of {ports}")
        return settings

    @override
    def deliver(self, notification: Notification, settings: Settings, secret: str) -> None:
        email = RawEmail(
            sender=settings.sender,
            recipients=settings.to,
            message=render_email(
                notification,
                sender=settings.sender,
                sender_name=settings.sender_name,
                recipients=settings.to,
                subject_prefix=settings.subject_prefix,
                at=self.references.clock(),
            ),
        )
        if settings.smtp:
            self._send(email, settings.smtp, secret)
        else:
            self.aws.send_email(
                email, configuration_set=settings.configuration_set, endpoint=settings.api_url
            )

    def _send(self, email: RawEmail, smtp: SmtpSettings, password: str) -> None:
        self._smtp = self._smtp or SmtpClient()
        server = SmtpServer(
            host=smtp.host,
            port=smtp.port,
            encryption=smtp.encryption,
            trusted=self._trusts(smtp),
            ca_certificate=smtp.ca_certificate,
        )
        self._smtp(email, server, smtp.username, password)

    def _trusts(self, smtp: SmtpSettings) -> bool:
        """Return whether the server may have a private address, and no certificate."""
        return self.http.trusts(f"http://{smtp.host}:{smtp.port}")


def _check_certificates(ca_certificate: str) -> None:
    try:
        private_tls(ca_certificate)
    except ValueError as invalid:
        raise SettingsInvalid(f"smtp.ca_certificate: {invalid}") from None


CONNECTOR: Final = Email
