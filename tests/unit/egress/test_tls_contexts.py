"""Services with authorities and client certificates of their own, at a server of TLS."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from signalbox.egress.tls_contexts import TlsContexts
from signalbox.egress.upstream_client import UpstreamClient
from signalbox.egress.upstream_stream import StreamingClient
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.models.service_tls import UpstreamTls
from signalbox.services.ports.gateway import GatewayResponse, UpstreamRequest
from tests.builders import an_instance
from tests.fakes.certificates import FakeAuthority
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeSecretStore
from tests.fakes.http_server import FakeHttpServer

CA = "services/orders/ca"
CERTIFICATE = "services/orders/certificate"
OWN_CA = UpstreamTls(ca=CA)
BOTH = UpstreamTls(ca=CA, certificate=CERTIFICATE)


class Rig:
    """A client, and the secrets of the service that it calls. It streams or blocks."""

    def __init__(self, *, streams: bool) -> None:
        self.streams = streams
        self.clock, self.reports = FakeClock(), list[str]()
        self.store = FakeSecretStore(self.clock, {})
        self.contexts = TlsContexts(secrets=lambda: self.store, report=self.reports.append)
        self.client = UpstreamClient(
            networks=("127.0.0.0/8",), max_body=1_000, contexts=self.contexts
        )

    def call(self, url: str, tls: UpstreamTls) -> bytes | UpstreamFault:
        """The body of the answer, or what went wrong."""
        request = UpstreamRequest(
            instance=an_instance(url=url),
            method="GET",
            target="/",
            fields=(("host", "x"),),
            body=b"",
            connect=2,
            seconds=5,
            tls=tls,
        )
        try:
            body = (
                asyncio.run(self._stream(request)) if self.streams else self.client(request)
            ).body
        except AttemptFailed as failed:
            return failed.fault
        assert isinstance(body, bytes)
        return body

    async def _stream(self, request: UpstreamRequest) -> GatewayResponse:
        client = StreamingClient(networks=("127.0.0.0/8",), contexts=self.contexts)
        try:
            return await client(request)
        finally:
            client.close()
            await asyncio.sleep(0)


@pytest.fixture
def authority(tmp_path: Path) -> FakeAuthority:
    return FakeAuthority(tmp_path)


@pytest.fixture(params=[False, True], ids=["blocks", "streams"])
def rig(request: pytest.FixtureRequest) -> Rig:
    return Rig(streams=request.param)


@contextmanager
def serving(tls: ssl.SSLContext) -> Iterator[FakeHttpServer]:
    tls.maximum_version = ssl.TLSVersion.TLSv1_2  # refusals are part of the handshake
    with FakeHttpServer(tls).running() as server:
        yield server


def test_a_server_is_verified_by_the_authorities_of_the_service(
    rig: Rig, authority: FakeAuthority
) -> None:
    rig.store.put(CA, [authority.certificate])

    with serving(authority.server("127.0.0.1")) as server:
        answers = [rig.call(server.url, tls) for tls in (OWN_CA, UpstreamTls())]

    assert answers == [b"ok", UpstreamFault.CONNECT]


def test_a_service_with_authorities_trusts_no_others(
    rig: Rig, authority: FakeAuthority, tmp_path: Path
) -> None:
    rig.store.put(CA, [FakeAuthority(tmp_path).certificate])

    with serving(authority.server("127.0.0.1")) as server:
        assert rig.call(server.url, OWN_CA) is UpstreamFault.CONNECT
    assert rig.contexts(OWN_CA).cert_store_stats()["x509_ca"] == 1


@pytest.mark.parametrize(
    ("server_name", "answer"),
    [
        ("orders.internal", b"ok"),
        (None, UpstreamFault.CONNECT),
        ("users.internal", UpstreamFault.CONNECT),
    ],
)
def test_a_certificate_has_to_name_the_server(
    rig: Rig, authority: FakeAuthority, server_name: str | None, answer: object
) -> None:
    rig.store.put(CA, [authority.certificate])

    with serving(authority.server("orders.internal")) as server:
        assert rig.call(server.url, UpstreamTls(ca=CA, server_name=server_name)) == answer


def test_a_server_that_demands_a_certificate_is_shown_that_of_the_service(
    rig: Rig, authority: FakeAuthority
) -> None:
    rig.store.put(CA, [authority.certificate])
    rig.store.put(CERTIFICATE, [authority.client_pem()])

    with serving(authority.demanding_server("127.0.0.1")) as server:
        answers = [rig.call(server.url, tls) for tls in (BOTH, OWN_CA)]

    assert answers == [b"ok", UpstreamFault.CONNECT]


def test_new_authorities_are_noticed_by_the_first_call_that_fails(
    rig: Rig, authority: FakeAuthority, tmp_path: Path
) -> None:
    rig.store.put(CA, [FakeAuthority(tmp_path).certificate])

    with serving(authority.server("127.0.0.1")) as server:
        before = rig.call(server.url, OWN_CA)
        rig.store.put(CA, [authority.certificate])
        rig.clock.advance(seconds=60)
        rig.call(server.url, OWN_CA)
        after = rig.call(server.url, OWN_CA)

    assert (before, after) == (UpstreamFault.CONNECT, b"ok")


def test_a_client_certificate_that_tls_1_3_refuses_is_read_again(
    rig: Rig, authority: FakeAuthority, tmp_path: Path
) -> None:
    rig.store.put(CA, [authority.certificate])
    rig.store.put(CERTIFICATE, [FakeAuthority(tmp_path).client_pem()])

    with FakeHttpServer(authority.demanding_server("127.0.0.1")).running() as server:
        before = rig.call(server.url, BOTH)
        rig.store.put(CERTIFICATE, [authority.client_pem()])
        rig.clock.advance(seconds=60)
        rig.contexts.refresh(BOTH)
        after = rig.call(server.url, BOTH)

    assert (before, after) == (UpstreamFault.BROKEN, b"ok")


def test_a_context_is_made_once_until_its_secrets_change(
    rig: Rig, authority: FakeAuthority
) -> None:
    rig.store.put(CA, [authority.certificate])
    first, again = rig.contexts(OWN_CA), rig.contexts(OWN_CA)
    rig.store.put(CA, [authority.certificate * 2])
    rig.contexts.refresh(OWN_CA)

    assert first is again
    assert rig.contexts(OWN_CA) is not first


def test_other_names_of_servers_share_a_context(rig: Rig, authority: FakeAuthority) -> None:
    rig.store.put(CA, [authority.certificate])
    named = UpstreamTls(ca=CA, server_name="a")

    assert rig.contexts(named) is rig.contexts(OWN_CA)


@pytest.mark.parametrize(
    ("name", "secret", "problem"),
    [
        (CA, None, "services/orders/ca has no secret"),
        (CA, "é", "services/orders/ca cannot be read"),
        (CA, "-----BEGIN CERTIFICATE-----", "services/orders/ca cannot be read"),
        (CERTIFICATE, None, "services/orders/certificate has no secret"),
        (CERTIFICATE, "no PEM", "services/orders/certificate cannot be read"),
    ],
)
def test_a_secret_that_cannot_be_used_is_reported_once_and_nothing_is_sent(
    rig: Rig, authority: FakeAuthority, name: str, secret: str | None, problem: str
) -> None:
    rig.store.put(CA, [authority.certificate])
    rig.store.put(CERTIFICATE, [authority.client_pem()])
    rig.store.put(name, [secret] if secret else [])

    with serving(authority.server("127.0.0.1")) as server:
        faults = [rig.call(server.url, BOTH) for _ in range(2)]

    assert faults == [UpstreamFault.REFUSED] * 2
    assert server.received == []
    (report,) = rig.reports
    assert report.startswith(problem)
    assert report.endswith(f"`signalbox secrets set {name}` " + report.rpartition("` ")[2])


def test_secrets_that_cannot_be_read_now_stay_as_they_were(
    rig: Rig, authority: FakeAuthority
) -> None:
    rig.store.put(CA, [authority.certificate])
    before = rig.contexts(OWN_CA)
    rig.store.down = True
    rig.contexts.refresh(OWN_CA)

    assert rig.contexts(OWN_CA) is before


def test_a_service_with_tls_is_not_called_without(rig: Rig) -> None:
    named = UpstreamTls(server_name="orders.internal")

    assert rig.call("http://127.0.0.1:1", named) is UpstreamFault.REFUSED
