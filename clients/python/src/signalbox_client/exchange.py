"""Operations as HTTP requests, and responses as values or errors; without I/O."""

import json
from http import HTTPStatus
from typing import Final, TypeVar

import httpx

from signalbox_client.decoding import decode
from signalbox_client.errors import (
    ApiError,
    SignalboxError,
    UnexpectedResponse,
    Unreachable,
    error_of,
)
from signalbox_client.models import Problem
from signalbox_client.operations import Operation, time_text
from signalbox_client.retries import NotSent
from signalbox_client.settings import Settings

T = TypeVar("T")

_CONNECT_SECONDS: Final = 5.0
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def default_headers(settings: Settings) -> dict[str, str]:
    """Return the headers of every request."""
    return {
        "Authorization": f"Bearer {settings.key}",
        "Accept": "application/json",
        "User-Agent": "signalbox-client",
    }


def build_request(
    client: httpx.Client | httpx.AsyncClient, operation: Operation[T], timeout: float
) -> httpx.Request:
    """Return the request of an operation.

    Raises:
        TypeError: Its body is not JSON.
        ValueError: As above: a number is not finite.
    """
    headers = dict(operation.headers)
    content = None
    if operation.method != "GET":
        headers["Content-Type"] = "application/json"
    if operation.body is not None:
        content = json.dumps(operation.body, default=time_text, allow_nan=False).encode()
    seconds = (operation.timeout or timeout) + operation.wait
    return client.build_request(
        operation.method,
        operation.path,
        params=operation.query,
        content=content,
        headers=headers,
        timeout=httpx.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds)),
    )


def unreachable(failure: httpx.RequestError, url: str) -> Unreachable:
    """Return the error of a request without a response."""
    kind = NotSent if isinstance(failure, _NOT_SENT) else Unreachable
    return kind(f"{url} did not answer ({type(failure).__name__})")


def value_of(operation: Operation[T], response: httpx.Response) -> T:
    """Return the value of a successful response.

    Raises:
        UnexpectedResponse: It does not have the form of one.
    """
    return decode(operation.response, _json_of(response))


def check_status(response: httpx.Response) -> None:
    """Check that a response is successful.

    Raises:
        ApiError: It is an error.
        UnexpectedResponse: It is neither a success nor an error, such as a redirect.
    """
    if response.is_error:
        raise _error(response)
    if not response.is_success:
        raise UnexpectedResponse(f"the API answered with status {response.status_code}")


def _error(response: httpx.Response) -> ApiError:
    after = response.headers.get("Retry-After", "")
    seconds = float(after) if after.isascii() and after.isdigit() else 0.0
    try:
        problem = decode(Problem, _json_of(response))
    except SignalboxError:
        problem = _other_problem(response)
    return error_of(problem, seconds)


def _other_problem(response: httpx.Response) -> Problem:
    """Return the problem of an error of something before the API, such as a proxy."""
    status = response.status_code
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "error"
    request_id = response.headers.get("X-Request-ID", "")
    return Problem(
        type="about:blank", title=title, status=status, code=f"http_{status}", instance=request_id
    )


def _json_of(response: httpx.Response) -> object:
    try:
        data: object = response.json()
    except ValueError:
        raise UnexpectedResponse("the response is not JSON") from None
    return data
