"""Frames are posted as API Gateway takes them, signed as the SDK signs."""

from collections.abc import Iterator
from typing import Final

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from signalbox.aws.errors import AwsRefused, AwsUnreachable
from signalbox.aws.frame_sender import GatewayFrameSender
from signalbox.aws.transport.clients import CallLimits
from signalbox.aws.transport.connections import ConnectionsTransport
from signalbox.models.ids import SocketId
from tests.fakes.http_server import FakeHttpServer, Fault, Reply

ENVIRONMENT: Final = {
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "sesame",
}
SOCKET: Final = SocketId("L0SM9cOFvHcCIhw=")
LIMITS: Final = CallLimits(read_timeout=0.3, attempts=1)


@pytest.fixture
def server() -> Iterator[FakeHttpServer]:
    with FakeHttpServer().running() as server:
        yield server


@pytest.fixture
def client(server: FakeHttpServer) -> Iterator[ConnectionsTransport]:
    made = ConnectionsTransport(f"{server.url}/live", ENVIRONMENT, LIMITS)
    yield made
    made._pool.close()


def test_a_frame_is_posted_with_the_signature_of_the_sdk(
    server: FakeHttpServer, client: ConnectionsTransport
) -> None:
    client.post(SOCKET, b"{}")

    (received,) = server.received
    url = f"{server.url}/live/@connections/L0SM9cOFvHcCIhw%3D"
    stamp = received.headers["x-amz-date"]
    headers = {
        "content-type": "application/json",
        "host": received.headers["host"],
        "x-amz-date": stamp,
    }
    request = AWSRequest("POST", url, headers=headers, data=b"{}")
    request.context["timestamp"] = stamp
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "sesame"), "execute-api", "eu-central-1")
    signature = auth.signature(
        auth.string_to_sign(request, auth.canonical_request(request)), request
    )
    assert (received.method, received.body) == ("POST", b"{}")
    assert received.path == "/live/@connections/L0SM9cOFvHcCIhw%3D"
    assert received.headers["authorization"].endswith(f"Signature={signature}")


def test_a_connection_is_closed_by_a_delete(
    server: FakeHttpServer, client: ConnectionsTransport
) -> None:
    client.delete(SOCKET)

    assert [each.method for each in server.received] == ["DELETE"]


def test_who_is_gone_is_known_by_the_status(
    server: FakeHttpServer, client: ConnectionsTransport
) -> None:
    server.script = [Reply(status=410)]

    with pytest.raises(AwsRefused) as refused:
        client.post(SOCKET, b"{}")

    assert refused.value.code == "410"


def test_no_call_is_made_twice(server: FakeHttpServer, client: ConnectionsTransport) -> None:
    server.script = [Reply(fault=Fault.RESET)]

    with pytest.raises(AwsUnreachable):
        client.post(SOCKET, b"{}")

    assert len(server.received) == 1


def test_frames_of_a_connection_are_sent_in_order_until_one_fails(
    server: FakeHttpServer, client: ConnectionsTransport
) -> None:
    sender = GatewayFrameSender(client=lambda: client)
    # the server closes each connection, and the next frame might just reach it
    server.usual = Reply(headers={"Connection": "close"})

    outcome = sender.send({SOCKET: ["1", "2", "3"]}, seconds=5)

    assert [each.body for each in server.received] == [b"1", b"2", b"3"]
    assert (outcome.gone, outcome.failed) == (set(), set())


@pytest.mark.parametrize(
    ("reply", "gone", "failed"),
    [
        (Reply(status=410), {SOCKET}, set()),
        (Reply(status=410, headers={"x-amzn-errortype": "GoneException"}), {SOCKET}, set()),
        (Reply(status=429), set(), {SOCKET}),
        (Reply(fault=Fault.HANG), set(), {SOCKET}),
    ],
)
def test_who_is_gone_or_slow_gets_no_more_frames(
    server: FakeHttpServer,
    client: ConnectionsTransport,
    reply: Reply,
    gone: set[SocketId],
    failed: set[SocketId],
) -> None:
    server.script = [reply]
    sender = GatewayFrameSender(client=lambda: client)

    outcome = sender.send({SOCKET: ["1", "2"]}, seconds=5)

    assert (outcome.gone, outcome.failed) == (gone, failed)
    assert len(server.received) == 1


def test_whoever_is_not_served_in_time_has_failed(
    server: FakeHttpServer, client: ConnectionsTransport
) -> None:
    sender = GatewayFrameSender(client=lambda: client)

    server.usual = Reply(fault=Fault.HANG)

    outcome = sender.send({SOCKET: ["1"]}, seconds=0)

    assert (outcome.gone, outcome.failed) == (set(), {SOCKET})


def test_a_connection_that_is_gone_can_be_closed(
    server: FakeHttpServer, client: ConnectionsTransport
) -> None:
    server.script = [Reply(status=410)]

    GatewayFrameSender(client=lambda: client).close(SOCKET)

    assert len(server.received) == 1
