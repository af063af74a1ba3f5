import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from cli.errors import CommandError
from cli.gateway_server import (
    GatewayProtocol,
    function_environment,
    gateway_config,
    serve_gateway,
    take_environment,
)
from cli.stack import Stack

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Impatient(GatewayProtocol):
    head_seconds = 0.05


async def application(scope: dict[str, Any], receive: object, send: Any) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def connected(
    act: Callable[
        [asyncio.StreamReader, asyncio.StreamWriter, list[GatewayProtocol]], Awaitable[bytes]
    ],
    protocol: type[GatewayProtocol] = GatewayProtocol,
) -> bytes:
    """What comes of a client of the protocol."""

    async def run() -> bytes:
        made: list[GatewayProtocol] = []
        config: Config = gateway_config(lambda: application)
        config.load()
        state = ServerState()

        def make() -> GatewayProtocol:
            made.append(protocol(config, state, {}))
            return made[-1]

        listening = socket.create_server(("127.0.0.1", 0))
        server = await asyncio.get_running_loop().create_server(make, sock=listening)
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        try:
            async with asyncio.timeout(5):
                return await act(reader, writer, made)
        finally:
            writer.transport.abort()
            server.close()
            await asyncio.sleep(0.01)

    return asyncio.run(run())


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_head() -> None:
    async def act(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, made: list[GatewayProtocol]
    ) -> bytes:
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        line = made[0].transport.get_extra_info("socket")
        return bytes([line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)])

    assert connected(act) == b"\x01"


@pytest.mark.parametrize("before", [b"", GET], ids=["first", "second"])
def test_a_client_that_does_not_send_a_whole_head_is_cut_off(before: bytes) -> None:
    async def act(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: list[GatewayProtocol]
    ) -> bytes:
        writer.write(before)
        if before:
            await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET / HTT")
        return await reader.read()

    assert connected(act, Impatient) == b""


def test_a_connection_that_waits_for_its_next_request_is_not_cut_off() -> None:
    async def act(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: list[GatewayProtocol]
    ) -> bytes:
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.1)
        writer.write(GET)
        return await reader.readuntil(b"\r\n")

    assert connected(act, Impatient) == b"HTTP/1.1 204 No Content\r\n"


def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CommandError, match="used"):
        serve_gateway(
            {}, host="127.0.0.1", port=taken.getsockname()[1], workers=1, trusted_proxies=()
        )


class FakeSession:
    """A session whose clients know one function."""

    region_name = "eu-central-1"
    profile_name = "prod"

    def client(self, name: str, **_: object) -> "FakeSession":
        del name
        return self

    def describe_stack_resource(self, **given: str) -> dict[str, Any]:
        assert given["LogicalResourceId"] == "GatewayFunction"
        return {"StackResourceDetail": {"PhysicalResourceId": "signalbox-gateway"}}

    def get_function_configuration(self, **given: str) -> dict[str, Any]:
        assert given == {"FunctionName": "signalbox-gateway"}
        return {"Environment": {"Variables": {"SIGNALBOX_STACK": "signalbox"}}}

    def get_credentials(self) -> "FakeSession":
        return self

    access_key = "test"
    secret_key = "test-secret"


def a_stack(endpoint_url: str | None) -> Stack:
    return Stack(
        name="signalbox",
        base_url="https://api.example.com",
        outputs=None,  # type: ignore[arg-type]  # not asked for
        trusted=frozenset(),
        session=FakeSession(),  # type: ignore[arg-type]  # as far as it is used
        endpoint_url=endpoint_url,
    )


def test_the_server_has_the_settings_of_the_function_and_the_profile_of_the_operator() -> None:
    assert function_environment(a_stack(None)) == {
        "SIGNALBOX_STACK": "signalbox",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_PROFILE": "prod",
        "POWERTOOLS_SERVICE_NAME": "gateway",
    }


def test_credentials_in_the_environment_need_no_profile() -> None:
    session = FakeSession()
    session.profile_name = "default"

    assert "AWS_PROFILE" not in function_environment(replace(a_stack(None), session=session))  # type: ignore[arg-type]  # as above


def test_the_server_of_a_local_stack_calls_its_endpoint() -> None:
    environment = function_environment(a_stack("http://127.0.0.1:4602"))

    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4602"
    assert environment["AWS_ACCESS_KEY_ID"] == "test"
    assert "AWS_PROFILE" not in environment


def test_the_variables_of_opentelemetry_that_a_process_has_are_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OTEL_TRACES_SAMPLER_ARG", "SIGNALBOX_STACK"):
        monkeypatch.setenv(name, "own")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")

    take_environment(
        {
            "OTEL_TRACES_SAMPLER_ARG": "1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector",
            "SIGNALBOX_STACK": "box",
        }
    )

    assert os.environ["OTEL_TRACES_SAMPLER_ARG"] == "own"
    assert os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] == "https://collector"
    assert os.environ["SIGNALBOX_STACK"] == "box"
