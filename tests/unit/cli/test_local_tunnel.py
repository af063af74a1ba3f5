"""A WebSocket connection to the short URL of the local stack reaches its WebSocket API."""

from functools import partial
from threading import Thread

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from cli.local.forward import Forwarder, ForwardTarget
from cli.local.options import HOST, free_ports
from cli.local.serve import serve_http


def test_frames_go_both_ways_and_the_path_is_that_of_the_api() -> None:
    paths: list[str] = []
    (port,) = free_ports(1)

    def echo(connection: ServerConnection) -> None:
        assert connection.request
        paths.append(connection.request.path)
        for message in connection:
            assert isinstance(message, str)
            connection.send(f"{message} {connection.request.headers['X-API-Key']}")

    with serve(echo, HOST, 0, compression=None) as cloud:
        thread = Thread(target=cloud.serve_forever)
        thread.start()
        target = ForwardTarget(
            port=cloud.socket.getsockname()[1], api_id="http", websocket_api_id="ws"
        )
        with serve_http(port, partial(Forwarder, target=target)):
            address = f"ws://{HOST}:{port}/live?ticket=t"
            with connect(address, additional_headers={"X-API-Key": "k"}, proxy=None) as client:
                client.send("one")
                answer = client.recv(timeout=5)
        cloud.shutdown()
        thread.join()

    assert answer == "one k"
    assert paths == ["/_aws/execute-api/ws/live?ticket=t"]


def test_before_the_api_is_deployed_a_connection_is_refused() -> None:
    (port,) = free_ports(1)
    handler = partial(Forwarder, target=ForwardTarget(port=9))

    with (
        serve_http(port, handler),
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://{HOST}:{port}/live", proxy=None),
    ):
        pass

    assert refused.value.response.status_code == 503
