"""Connections to an endpoint: kept while they are good, and given up when they are not."""

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from signalbox.aws.errors import AwsUnreachable
from signalbox.aws.transport import http_pool, http_response
from signalbox.aws.transport.endpoints import endpoint_of
from signalbox.aws.transport.http_pool import HttpPool
from tests.fakes.aws_server import (
    AwsServer,
    answers,
    answers_and_closes,
    keeps_silent,
    resets,
    response,
)
from tests.fakes.certificates import FakeAuthority

OK: Final = response(200, b'{"a":1}', X_Amz_RequestId="r-1")


@pytest.fixture
def authority(tmp_path: Path) -> FakeAuthority:
    return FakeAuthority(tmp_path)


def no_tls() -> ssl.SSLContext:
    raise AssertionError("a plain endpoint needs no TLS")


@contextmanager
def pool_of(
    url: str,
    *,
    patience: float = 5.0,
    tls: Callable[[], ssl.SSLContext] = no_tls,
    wider_tls: Callable[[], ssl.SSLContext] | None = None,
) -> Iterator[HttpPool]:
    endpoint = endpoint_of("dynamodb", "DYNAMODB", {"AWS_ENDPOINT_URL": url})
    pool = HttpPool(
        endpoint, tls=tls, wider_tls=wider_tls, connect_timeout=patience, read_timeout=patience
    )
    with closing(pool):
        yield pool


def test_a_request_is_sent_as_it_is() -> None:
    with AwsServer(answers(OK)).running() as server, pool_of(server.url) as pool:
        found = pool.post({"host": "h", "x-amz-target": "A.B"}, b'{"b":2}')

    assert (found.status, found.content) == (200, b'{"a":1}')
    assert found.headers["x-amz-requestid"] == "r-1"
    head = b"POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: A.B\r\naccept-encoding: identity\r\n"
    assert server.requests == [head + b'content-length: 7\r\n\r\n{"b":2}']


def test_a_connection_serves_one_request_after_the_other() -> None:
    with AwsServer(answers(OK)).running() as server, pool_of(server.url) as pool:
        for _ in range(3):
            pool.post({}, b"{}")

    assert (len(server.requests), server.connections) == (3, 1)


def test_threads_do_not_share_a_connection_at_the_same_time() -> None:
    with (
        AwsServer(answers(OK)).running() as server,
        pool_of(server.url) as pool,
        ThreadPoolExecutor(8) as threads,
    ):
        found = list(threads.map(lambda _: pool.post({}, b"{}").content, range(40)))

    assert found == [b'{"a":1}'] * 40
    assert len(server.requests) == 40


def test_an_idle_connection_that_the_server_closed_is_replaced_before_anything_is_sent() -> None:
    with (
        AwsServer(answers_and_closes(OK), answers(OK)).running() as server,
        pool_of(server.url) as pool,
    ):
        pool.post({}, b"{}")
        assert server.closed.wait(5)

        pool.post({}, b"{}")

    assert (len(server.requests), server.connections) == (2, 2)


def test_a_connection_that_was_idle_for_a_minute_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_pool, "_MAX_IDLE_SECONDS", 0.0)
    with AwsServer(answers(OK)).running() as server, pool_of(server.url) as pool:
        for _ in range(2):
            pool.post({}, b"{}")

    assert server.connections == 2


@pytest.mark.parametrize(
    "content",
    [
        response(200, connection="close"),
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    ],
    ids=["close", "http 1.0"],
)
def test_a_connection_that_the_server_will_close_is_not_used_again(content: bytes) -> None:
    with AwsServer(answers(content)).running() as server, pool_of(server.url) as pool:
        for _ in range(2):
            pool.post({}, b"{}")

    assert server.connections == 2


def test_a_response_in_chunks_is_read_whole() -> None:
    chunks = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    with AwsServer(answers(chunks)).running() as server, pool_of(server.url) as pool:
        found = [pool.post({}, b"{}").content for _ in range(2)]

    assert (found, server.connections) == ([b"{}", b"{}"], 1)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with AwsServer(answers(OK)).running() as server:
        gone = server.url

    with pool_of(gone) as pool, pytest.raises(AwsUnreachable, match="ConnectionRefusedError"):
        pool.post({}, b"{}")


@pytest.mark.parametrize(
    "step",
    [
        resets,
        answers_and_closes(b""),
        answers_and_closes(b"HTTP/1.1 200 OK\r\ncontent-le"),
        answers_and_closes(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}"),
        answers_and_closes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{}"),
        answers_and_closes(b"SSH-2.0-OpenSSH_9.9\r\n"),
        answers(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n"),
        answers(b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n"),
    ],
    ids=["reset", "empty", "half a head", "half a body", "half a chunk", "no HTTP", "many", "long"],
)
def test_half_a_response_is_none_and_its_connection_is_given_up(
    step: Callable[..., bool],
) -> None:
    with AwsServer(step, answers(OK)).running() as server, pool_of(server.url) as pool:
        with pytest.raises(AwsUnreachable, match=r"no response from 127\.0\.0\.1"):
            pool.post({}, b"{}")

        assert pool.post({}, b"{}").content == b'{"a":1}'
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_server_that_answers_too_late_is_unreachable() -> None:
    with AwsServer(keeps_silent).running() as server, pool_of(server.url, patience=0.05) as pool:
        with pytest.raises(AwsUnreachable, match="TimeoutError"):
            pool.post({}, b"{}")

        server.over.set()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "content",
    [
        response(200, b"{" + b" " * 50 + b"}"),
        b"HTTP/1.1 200 OK\r\n\r\n{" + b" " * 50 + b"}",
    ],
    ids=["declared", "undeclared"],
)
def test_a_response_that_is_too_large_is_not_read(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(http_response, "_MAX_CONTENT_BYTES", 20)
    with (
        AwsServer(answers_and_closes(content)).running() as server,
        pool_of(server.url) as pool,
        pytest.raises(AwsUnreachable),
    ):
        pool.post({}, b"{}")


def test_a_host_is_called_without_the_codec_of_international_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[tuple[bytes, int]] = []

    def refuse(address: tuple[bytes, int], timeout: float) -> socket.socket:
        del timeout
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pool_of("http://aws.test:4566") as pool, pytest.raises(AwsUnreachable):
        pool.post({}, b"{}")

    assert called == [(b"aws.test", 4566)], "text would be encoded by a codec that takes 1 ms"


def test_a_server_whose_certificate_is_trusted_serves_requests_over_one_connection(
    authority: FakeAuthority,
) -> None:
    server = AwsServer(answers(OK), tls=authority.server("127.0.0.1"))
    with (
        server.running(),
        pool_of(server.url, tls=lambda: authority.client) as pool,
    ):
        found = [pool.post({}, b"{}").status for _ in range(2)]

    assert (found, server.connections) == ([200, 200], 1)


def test_a_server_with_an_authority_that_only_the_wider_context_has_is_served_by_that(
    authority: FakeAuthority,
) -> None:
    narrow: list[ssl.SSLContext] = []

    def no_authorities() -> ssl.SSLContext:
        narrow.append(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        return narrow[-1]

    server = AwsServer(answers_and_closes(OK), tls=authority.server("127.0.0.1"))
    with (
        server.running(),
        pool_of(server.url, tls=no_authorities, wider_tls=lambda: authority.client) as pool,
    ):
        found = [pool.post({}, b"{}").status for _ in range(2)]

    assert found == [200, 200]
    assert len(server.requests) == 2
    assert len(narrow) == 1, "the second connection begins with the wider context"


@pytest.mark.parametrize("wider_tls", [None, ssl.create_default_context])
def test_a_server_whose_certificate_is_not_trusted_gets_no_request(
    authority: FakeAuthority, wider_tls: Callable[[], ssl.SSLContext] | None
) -> None:
    server = AwsServer(answers(OK), tls=authority.server("127.0.0.1"))
    with (
        server.running(),
        pool_of(server.url, tls=ssl.create_default_context, wider_tls=wider_tls) as pool,
        pytest.raises(AwsUnreachable, match="SSLCertVerificationError"),
    ):
        pool.post({}, b"{}")

    assert server.requests == []
