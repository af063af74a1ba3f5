from collections.abc import Iterator

import pytest

from signalbox.egress.instance_probe import InstanceProbe
from signalbox.egress.upstream_client import UpstreamClient
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.models.health_check import HealthCheck
from signalbox.models.instance_health import CheckResult
from signalbox.models.service_tls import PUBLIC_TLS
from signalbox.services.ports.gateway import GatewayResponse, UpstreamRequest
from tests.builders import an_instance
from tests.fakes.raw_server import RawServer

CHECK = HealthCheck(path="/ready?full=1", timeout_seconds=1.5)


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer().running() as server:
        yield server


def probed(url: str, *networks: str) -> CheckResult:
    probe = InstanceProbe(send=UpstreamClient(networks=networks, max_body=1_000))
    return probe(an_instance(url=url), CHECK, PUBLIC_TLS)


def failed(fault: UpstreamFault) -> CheckResult:
    def send(_: UpstreamRequest) -> GatewayResponse:
        raise AttemptFailed("ConnectionRefusedError", fault)

    return InstanceProbe(send=send)(an_instance(), CHECK, PUBLIC_TLS)


def test_a_check_is_a_request_below_the_url_of_the_instance(server: RawServer) -> None:
    result = probed(f"{server.url}/base/", "127.0.0.0/8")

    assert result == CheckResult(instance="a", passed=True)
    (received,) = server.received
    assert received.startswith(b"GET /base/ready?full=1 HTTP/1.1\r\n")
    assert f"host: {server.url.removeprefix('http://')}\r\n".encode() in received.lower()
    assert b"user-agent: signalbox-health-check\r\n" in received.lower()


def test_an_unexpected_status_is_a_failure_with_both(server: RawServer) -> None:
    server.answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

    result = probed(server.url, "127.0.0.0/8")

    assert (result.passed, result.reason) == (False, "status 503, not 200-399")


def test_a_redirect_is_not_followed(server: RawServer) -> None:
    server.answer = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n"

    assert probed(server.url, "127.0.0.0/8").passed
    assert len(server.received) == 1


def test_an_address_outside_of_the_allowed_networks_is_not_called(server: RawServer) -> None:
    result = probed(server.url)

    assert (result.passed, result.reason) == (False, "its address may not be called")
    assert server.received == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (UpstreamFault.CONNECT, "no connection (ConnectionRefusedError)"),
        (UpstreamFault.TIMEOUT, "no answer within 1.5 s"),
        (UpstreamFault.BROKEN, "no valid answer (ConnectionRefusedError)"),
        (UpstreamFault.TOO_LARGE, "the answer is too large"),
    ],
)
def test_every_fault_is_a_failed_check_with_its_reason(fault: UpstreamFault, reason: str) -> None:
    assert failed(fault) == CheckResult(instance="a", passed=False, reason=reason)
