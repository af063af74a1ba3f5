"""Compare what became of a row with what it promises."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from signalbox.services.ports.gateway import HeaderFields
from tests.conformance.lambda_form import Outcome
from tests.conformance.row import Row
from tests.fakes.raw_server import RawServer

_STATUS: Final = {
    "address_refused": 403,
    "bad_gateway": 502,
    "expectation_failed": 417,
    "forbidden": 403,
    "headers_invalid": 400,
    "headers_too_large": 431,
    "loop_detected": 508,
    "method_not_supported": 501,
    "not_found": 404,
    "path_invalid": 400,
    "payload_too_large": 413,
    "request_invalid": 400,
    "response_too_large": 502,
    "unauthenticated": 401,
    "uri_too_long": 414,
    "upgrade_not_supported": 501,
}


class Conformance:
    """Send rows through a form of the gateway to a server of raw bytes."""

    def __init__(self, server: RawServer, form: Callable[[Row], Outcome]) -> None:
        self._server = server
        self._form = form

    def differences(self, row: Row) -> Sequence[str]:
        """Return what is not as the row says; nothing if all is."""
        server, answer = self._server, row.answer
        server.received.clear()
        pieces = [answer] if isinstance(answer, bytes) else list(answer)
        server.answer = [piece.replace(b"{origin}", server.url.encode()) for piece in pieces]
        outcome = self._form(row)
        received = list(server.received)
        if row.error:
            return list(_of_refusal(row, outcome, received))
        if row.own:
            return list(_compared("requests to the service", len(received), 0)) + list(
                _of_response(row, outcome)
            )
        if len(received) != 1:
            return [f"the service got {len(received)} requests, the client {outcome.code}"]
        return [*_of_request(row, received[0], server.url), *_of_response(row, outcome)]


def _of_refusal(row: Row, outcome: Outcome, received: Sequence[bytes]) -> Iterator[str]:
    yield from _compared("code", outcome.code, row.error if row.method != "HEAD" else "")
    yield from _compared("status", outcome.status, _STATUS[row.error])
    yield from _compared("reached the service", bool(received), row.reached)
    if row.got_body is not None:
        yield from _compared("body", outcome.body, row.got_body)


def _of_request(row: Row, raw: bytes, url: str) -> Iterator[str]:
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    fields = tuple((n, v.strip(" ")) for n, _, v in (text.partition(":") for text in lines))
    yield from _compared("request line", line, row.line or line)
    authority = url.partition("://")[2]
    sent = tuple((name, value.replace("{authority}", authority)) for name, value in row.sent)
    yield from _compared_fields("sent", fields, sent, row.unsent)
    yield from _compared("sent body", body, body if row.sent_body is None else row.sent_body)


def _of_response(row: Row, outcome: Outcome) -> Iterator[str]:
    yield from _compared("status", outcome.status, row.status)
    yield from _compared("truncated", outcome.truncated, row.truncated)
    yield from _compared_fields("got", outcome.fields, row.got, row.ungot)
    got = outcome.body if row.got_body is None else row.got_body
    yield from _compared("body", outcome.body, got)


def _compared_fields(
    what: str, found: HeaderFields, expected: HeaderFields, absent: Sequence[str]
) -> Iterator[str]:
    names = {name.lower() for name, _ in expected}
    for name in sorted(names):
        values = [value for key, value in found if key.lower() == name]
        yield from _compared(
            f"{what} {name}", values, [value for key, value in expected if key.lower() == name]
        )
    for name in {key.lower() for key, _ in found} & set(absent):
        yield f"{what} {name}, which is to be removed"


def _compared(what: str, found: object, expected: object) -> Iterator[str]:
    if found != expected:
        yield f"{what} is {found!r}, not {expected!r}"
