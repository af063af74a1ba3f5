"""Connections that show a client certificate, to a server that demands one."""

import os
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from signalbox.connectors.aws import Aws
from signalbox.connectors.webhook import Webhook
from signalbox.egress.certified import CertifiedConnector
from signalbox.egress.client_certificates import check_certificate, client_tls
from signalbox.egress.http_client import HttpClient, HttpRequest
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, SendRefused
from signalbox.models.resource_settings import SettingsInvalid
from tests.builders import a_connection, a_notification
from tests.fakes.certificates import DAY, FakeAuthority
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeSecretStore
from tests.fakes.http_server import FakeHttpServer
from tests.fakes.references import clients

NAME = "connections/ci/certificate"
SECRET = "whsec_" + "c2VjcmV0" * 4


@pytest.fixture
def authority(tmp_path: Path) -> FakeAuthority:
    return FakeAuthority(tmp_path)


def trusting(tls: ssl.SSLContext, authority: FakeAuthority) -> ssl.SSLContext:
    tls.load_verify_locations(cadata=authority.certificate)
    return tls


def demanding(authority: FakeAuthority) -> FakeHttpServer:
    """A server whose refusals are part of the handshake, as they are not in TLS 1.3."""
    context = authority.demanding_server("127.0.0.1")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return FakeHttpServer(context)


def connection_to(server: FakeHttpServer, *, shows: bool = True) -> Connection:
    settings = {"url": f"{server.url}/in"}
    tls = {"client_certificate": shows}
    return a_connection(id="ci", connector="webhook", settings=settings, tls=tls)


def send(
    authority: FakeAuthority, server: FakeHttpServer, store: FakeSecretStore, *, times: int = 1
) -> list[ssl.SSLContext]:
    """Send notifications, and return the contexts that were made for them."""
    contexts: list[ssl.SSLContext] = []

    def make(tls: ssl.SSLContext) -> Webhook:
        contexts.append(trusting(tls, authority))
        return Webhook(clients(HttpClient(trusted=[server.url], tls=tls)))

    connector = CertifiedConnector(connector=Webhook(clients()), make=make, secrets=store)
    for _ in range(times):
        connector.send(a_notification(), connection_to(server), [SECRET])
    return contexts


def test_the_target_gets_the_certificate_of_the_connection(authority: FakeAuthority) -> None:
    store = FakeSecretStore(FakeClock(), {NAME: (authority.client_pem(),)})
    with demanding(authority).running() as server:
        contexts = send(authority, server, store, times=2)

    assert len(server.received) == 2
    assert len(contexts) == 1


def test_a_target_that_refuses_a_certificate_after_the_handshake_says_so(
    authority: FakeAuthority,
) -> None:
    with refusing_listener(authority.demanding_server("127.0.0.1")) as url:
        http = HttpClient(trusted=[url], tls=authority.client)

        with pytest.raises(SendRefused, match=r"refuses the client certificate: .*REQUIRED"):
            http(HttpRequest(url=url, method="GET"))


@contextmanager
def refusing_listener(context: ssl.SSLContext) -> Iterator[str]:
    """Refuse one client by an alert of TLS 1.3, and keep its connection open for it to be read."""
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    done = Event()

    def serve(listener: socket.socket) -> None:
        line, _ = listener.accept()
        with context.wrap_socket(line, server_side=True, do_handshake_on_connect=False) as server:
            with suppress(ssl.SSLError):
                server.do_handshake()
            done.wait(5)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve, args=(listener,))
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        done.set()
        thread.join()


def test_the_certificate_of_another_authority_is_refused(
    authority: FakeAuthority, tmp_path: Path
) -> None:
    other = FakeAuthority(tmp_path)
    store = FakeSecretStore(FakeClock(), {NAME: (other.client_pem(),)})
    with (
        demanding(authority).running() as server,
        pytest.raises(SendRefused, match="TLS"),
    ):
        send(authority, server, store)


def test_a_certificate_that_was_replaced_is_read_again(
    authority: FakeAuthority, tmp_path: Path
) -> None:
    store = FakeSecretStore(FakeClock(), {NAME: (FakeAuthority(tmp_path).client_pem(),)})
    store.secrets(NAME)
    store.put(NAME, [authority.client_pem()])
    with demanding(authority).running() as server:
        send(authority, server, store)

    assert len(server.received) == 1


@pytest.mark.parametrize("stored", [(), ("no certificate",)])
def test_without_a_usable_certificate_nothing_is_sent(
    authority: FakeAuthority, stored: tuple[str, ...]
) -> None:
    with (
        demanding(authority).running() as server,
        pytest.raises(SendRefused, match=f"signalbox secrets set {NAME}"),
    ):
        send(authority, server, FakeSecretStore(FakeClock(), {NAME: stored}))

    assert not server.received


def test_a_connection_without_the_setting_shows_none(authority: FakeAuthority) -> None:
    made: list[ssl.SSLContext] = []

    def make(tls: ssl.SSLContext) -> Webhook:
        made.append(tls)
        return Webhook(clients())

    with FakeHttpServer().running() as server:
        http = HttpClient(trusted=[server.url])
        connector = CertifiedConnector(
            connector=Webhook(clients(http)),
            make=make,
            secrets=FakeSecretStore(FakeClock(), {NAME: (authority.client_pem(),)}),
        )
        connector.send(a_notification(), connection_to(server, shows=False), [SECRET])

    assert len(server.received) == 1
    assert not made


def test_a_key_is_on_disk_only_where_there_is_no_memory_for_it(
    authority: FakeAuthority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    client_tls(authority.client_pem())

    assert {path.name for path in tmp_path.iterdir()} <= {"server.pem"}


def test_a_usable_certificate_is_accepted_with_its_end(authority: FakeAuthority) -> None:
    now = datetime.now(UTC)

    end = check_certificate(authority.client_pem(left=5 * DAY), now)

    assert now + 4 * DAY < end < now + 6 * DAY


@pytest.mark.parametrize(
    ("left", "since", "reason"),
    [(-DAY, 2 * DAY, "has expired"), (2 * DAY, -DAY, "is not valid before")],
)
def test_a_certificate_must_be_valid_now(
    authority: FakeAuthority, left: timedelta, since: timedelta, reason: str
) -> None:
    with pytest.raises(Conflict, match=reason):
        check_certificate(authority.client_pem(left=left, since=since), datetime.now(UTC))


def test_a_certificate_needs_its_own_key_without_a_password(authority: FakeAuthority) -> None:
    own, other = authority.client_pem(), authority.client_pem()
    key, _, _ = other.partition("-----BEGIN CERTIFICATE")
    certificate = own[own.index("-----BEGIN CERTIFICATE") :]
    broken = own.replace("MII", "AAA")

    for pem, reason in (
        (key + certificate, "not that of the first certificate"),
        (certificate, "one private key"),
        (key, "one private key"),
        (key + own, "one private key"),
        (authority.client_pem(password="secret"), "encrypted"),
        (broken, "cannot be read"),
        ("", "not a PEM file"),
    ):
        with pytest.raises(Conflict, match=reason):
            check_certificate(pem, datetime.now(UTC))


def test_a_connector_without_http_takes_no_certificate() -> None:
    settings = {"topic_arn": "arn:aws:sns:eu-central-1:123456789012:tasks"}
    connection = a_connection(
        id="ci", connector="aws", settings=settings, tls={"client_certificate": True}
    )

    with pytest.raises(SettingsInvalid, match="aws takes no client certificate"):
        Aws(clients()).check(connection)
