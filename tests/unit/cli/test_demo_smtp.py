"""The SMTP server of the demo, and the connector that sends emails to it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cli.demo.smtp import SmtpAccess, SmtpDouble, serve_smtp
from cli.errors import CommandError
from cli.local.options import free_ports
from signalbox.connectors.email import Email
from signalbox.egress.http_client import HttpClient
from signalbox.egress.responses import SecretRefused
from signalbox.models.errors import SendDelayed, SendRefused
from tests.builders import a_connection, a_notification
from tests.fakes.references import clients


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """The double, served at a port."""

    port: int
    double: SmtpDouble
    access: SmtpAccess

    def send(self, *secrets: str, **settings: object) -> None:
        trusted = [f"http://127.0.0.1:{self.port}"]
        connection = a_connection(
            connector="email", settings={**self.access.settings(), **settings}
        )
        connector = Email(clients(HttpClient(trusted=trusted)))
        connector.send(a_notification(), connection, secrets or [self.access.password])


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    (port,) = free_ports(1)
    double = SmtpDouble()
    with serve_smtp(port, double) as access:
        yield MailServer(port=port, double=double, access=access)


def test_it_shows_the_emails_that_it_takes(server: MailServer) -> None:
    before = len(server.double.shown())

    server.send()

    [shown] = server.double.shown()[before:]
    assert shown.startswith("From: Signalbox <signalbox@example.com>\nTo: team@example.com\n")
    assert "Fix the login" in shown


def test_it_can_be_down_for_one_email(server: MailServer) -> None:
    before = len(server.double.shown())

    server.double.fail_once()
    with pytest.raises(SendDelayed, match="451"):
        server.send()
    server.send()

    assert len(server.double.shown()) == before + 1


def test_another_password_is_not_accepted(server: MailServer) -> None:
    with pytest.raises(SecretRefused, match="535"):
        server.send("another")


def test_another_sender_is_refused(server: MailServer) -> None:
    with pytest.raises(SendRefused, match="550"):
        server.send(sender="mallory@example.com")


def test_nothing_is_taken_without_encryption(server: MailServer) -> None:
    smtp = server.access.settings()["smtp"]
    assert isinstance(smtp, dict)

    with pytest.raises(SendRefused):
        server.send(smtp=smtp | {"encryption": "none"})


def test_its_certificate_is_verified(server: MailServer) -> None:
    smtp = server.access.settings()["smtp"]
    assert isinstance(smtp, dict)

    with pytest.raises(SendRefused, match="the certificate is not valid"):
        server.send(smtp=smtp | {"ca_certificate": None})


def test_a_port_that_is_taken_is_named(server: MailServer) -> None:
    with (
        pytest.raises(CommandError, match=f"port {server.port} is in use"),
        serve_smtp(server.port, SmtpDouble()),
    ):
        pass
