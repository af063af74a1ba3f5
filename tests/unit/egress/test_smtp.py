import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from signalbox.egress.aws_targets import RawEmail
from signalbox.egress.responses import SecretRefused
from signalbox.egress.smtp import Encryption, SmtpClient, SmtpServer
from signalbox.models.errors import SendDelayed, SendRefused
from tests.fakes.certificates import FakeAuthority
from tests.fakes.smtp_server import PASSWORD, USERNAME, FakeSmtpServer

EMAIL = RawEmail(
    sender="signalbox@example.com",
    recipients=("a@example.com", "b@example.com"),
    message=b"Subject: x\r\n\r\n.hello\r\n",
)
Send = Callable[..., None]


@pytest.fixture
def server() -> Iterator[FakeSmtpServer]:
    with FakeSmtpServer().running() as server:
        yield server


def _server(fake: FakeSmtpServer, encryption: Encryption = "none") -> SmtpServer:
    return SmtpServer(host="127.0.0.1", port=fake.port, encryption=encryption, trusted=True)


def _send(fake: FakeSmtpServer, password: str = PASSWORD) -> None:
    SmtpClient(timeout=2, total=5)(EMAIL, _server(fake), USERNAME, password)


def test_an_email_is_sent(server: FakeSmtpServer) -> None:
    _send(server)

    assert server.commands == ["EHLO", "AUTH", "MAIL", "RCPT", "RCPT", "DATA"]
    assert server.emails == [b"Subject: x\r\n\r\n..hello\r\n"]


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_the_connection_is_encrypted(tmp_path: Path, encryption: Encryption) -> None:
    authority = FakeAuthority(tmp_path)
    tls = authority.server("127.0.0.1")

    with FakeSmtpServer(tls, implicit=encryption == "tls").running() as fake:
        SmtpClient(tls=authority.client)(EMAIL, _server(fake, encryption), USERNAME, PASSWORD)

    assert len(fake.emails) == 1
    assert ("STARTTLS" in fake.commands) == (encryption == "starttls")


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_private_authority_is_trusted_in_place_of_the_public_ones(
    tmp_path: Path, encryption: Encryption
) -> None:
    authority = FakeAuthority(tmp_path)
    tls = authority.server("127.0.0.1")

    with FakeSmtpServer(tls, implicit=encryption == "tls").running() as fake:
        server = replace(_server(fake, encryption), ca_certificate=authority.certificate)
        SmtpClient()(EMAIL, server, USERNAME, PASSWORD)

    assert len(fake.emails) == 1


def test_another_authority_than_the_private_one_is_refused(tmp_path: Path) -> None:
    authority, other = FakeAuthority(tmp_path), FakeAuthority(tmp_path)

    with FakeSmtpServer(authority.server("127.0.0.1")).running() as fake:
        server = replace(_server(fake, "starttls"), ca_certificate=other.certificate)
        with pytest.raises(SendRefused, match="the certificate is not valid"):
            SmtpClient(tls=authority.client)(EMAIL, server, USERNAME, PASSWORD)

    assert "AUTH" not in fake.commands


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_an_unknown_certificate_is_refused(tmp_path: Path, encryption: Encryption) -> None:
    tls = FakeAuthority(tmp_path).server("127.0.0.1")

    with (
        FakeSmtpServer(tls, implicit=encryption == "tls").running() as fake,
        pytest.raises(SendRefused, match="certificate"),
    ):
        SmtpClient()(EMAIL, _server(fake, encryption), USERNAME, PASSWORD)

    assert "AUTH" not in fake.commands


def test_a_password_is_sent_to_no_server_without_encryption(server: FakeSmtpServer) -> None:
    with pytest.raises(SendRefused, match="STARTTLS"):
        SmtpClient()(EMAIL, _server(server, "starttls"), USERNAME, PASSWORD)

    assert "AUTH" not in server.commands


@pytest.mark.parametrize(
    ("port", "security"), [(587, "starttls"), (2587, "starttls"), (465, "tls"), (2465, "tls")]
)
def test_the_encryption_is_that_of_the_port(port: int, security: str) -> None:
    server = SmtpServer(host="smtp.example.com", port=port, encryption=None, trusted=False)

    assert server.security == security


@pytest.mark.parametrize(
    ("port", "encryption", "reason"),
    [(25, "starttls", "port 25"), (8025, "tls", "port 8025"), (587, "none", "without encryption")],
)
def test_other_ports_are_not_called(port: int, encryption: Encryption, reason: str) -> None:
    server = SmtpServer(host="127.0.0.1", port=port, encryption=encryption, trusted=False)

    with pytest.raises(SendRefused, match=reason):
        SmtpClient()(EMAIL, server, USERNAME, PASSWORD)


def test_a_private_address_is_not_called() -> None:
    server = SmtpServer(host="smtp.example.com", port=587, encryption=None, trusted=False)
    client = SmtpClient(resolve=lambda _host, _port: ["10.0.0.1"])

    with pytest.raises(SendRefused, match="public"):
        client(EMAIL, server, USERNAME, PASSWORD)


@pytest.mark.parametrize(
    ("command", "answer", "error", "reason"),
    [
        ("CONNECT", "421 busy", SendDelayed, "answered 421"),
        ("CONNECT", "554 no", SendRefused, "answered 554"),
        ("CONNECT", "what is this", SendDelayed, "answered -1"),
        ("AUTH", "535 no", SecretRefused, "user name and password: 535"),
        ("AUTH", "454 later", SendDelayed, "answered 454"),
        ("MAIL", "451 later", SendDelayed, "answered 451"),
        ("MAIL", "550 no", SendRefused, "answered 550"),
        ("RCPT", "450 later", SendDelayed, "every recipient: 450"),
        ("RCPT", "550 no", SendRefused, "every recipient: 550"),
        ("DATA", "554 no", SendRefused, "answered 554"),
        ("EMAIL", "452 full", SendDelayed, "answered 452"),
        ("EMAIL", "552 too big", SendRefused, "answered 552"),
        ("AUTH", "hang up", SendDelayed, "SMTPServerDisconnected"),
    ],
)
def test_an_answer_of_the_server_is_judged(
    server: FakeSmtpServer, command: str, answer: str, error: type[Exception], reason: str
) -> None:
    server.answers[command] = f"{answer} {PASSWORD}" if answer != "hang up" else answer

    with pytest.raises(error) as raised:
        _send(server)

    assert type(raised.value) is error
    assert raised.match(reason)
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))


def test_a_wrong_password_is_refused(server: FakeSmtpServer) -> None:
    with pytest.raises(SecretRefused):
        _send(server, "another")

    assert server.emails == []


def test_some_refused_recipients_are_counted(server: FakeSmtpServer) -> None:
    refused = iter(["550 no", ""])

    class Answers(dict[str, str]):
        def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
            return next(refused) if key == "RCPT" else default

    server.answers = Answers()

    with pytest.raises(SendRefused, match="1 of 2 recipients"):
        _send(server)

    assert len(server.emails) == 1


def test_nobody_there_may_pass() -> None:
    with FakeSmtpServer().running() as gone:
        pass

    with pytest.raises(SendDelayed, match="ConnectionRefusedError"):
        _send(gone)


def test_a_server_that_never_ends_its_answer_is_left(server: FakeSmtpServer) -> None:
    server.answers["MAIL"] = "250-and\r\n250-so\r\n250-on"
    client = SmtpClient(timeout=2, total=0.2)

    with pytest.raises(SendDelayed, match="whole answer"):
        client(EMAIL, _server(server), USERNAME, PASSWORD)
