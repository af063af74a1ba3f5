"""What goes wrong. No error contains the key, the headers or the body of a request."""

import re
from typing import Final

from signalbox_client.models import Fault, Problem

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


class SignalboxError(Exception):
    """The base of all errors of this package."""


class ConfigurationError(SignalboxError):
    """The URL or the key is missing or malformed."""


class Unreachable(SignalboxError):
    """The API did not answer. Whether it did what was requested is unknown."""


class UnexpectedResponse(SignalboxError):
    """The response is not one of an API that this version knows."""


class WaitTimeout(SignalboxError, TimeoutError):
    """The task did not finish in time. It goes on."""


class ApiError(SignalboxError):
    """The API refused the request, or failed.

    `code` is for programs, `detail` for people; `request_id` is in the logs of the API.
    `retry_after` is in seconds, 0 if the API suggests nothing.
    """

    def __init__(self, problem: Problem, retry_after: float = 0.0) -> None:
        self.status: int = problem.status
        self.code: str = problem.code
        self.detail: str | None = problem.detail
        self.errors: tuple[Fault, ...] = problem.errors
        self.request_id: str = problem.instance.rpartition(":")[2]
        self.retry_after: float = retry_after
        faults = "".join(f"; {fault.pointer}: {fault.code}" for fault in problem.errors)
        text = f"{problem.status} {problem.code}: {problem.detail or problem.title}{faults}"
        super().__init__(_CONTROLS.sub(" ", text)[:1_000])


class InvalidRequest(ApiError):
    """The request is not valid (400, 405, 406, 413, 415, 422); `errors` points at the parts."""


class Unauthorized(ApiError):
    """There is no valid key (401)."""


class Forbidden(ApiError):
    """The key does not have the permission (403)."""


class NotFound(ApiError):
    """There is no such resource (404)."""


class Conflict(ApiError):
    """The state of the resource does not allow the request (409)."""


class LeaseLost(Conflict):
    """The lease is not the current one of the task (409)."""


class PreconditionFailed(ApiError):
    """The resource has changed since it was read (412), or its version is missing (428)."""


class TooManyRequests(ApiError):
    """The caller is over its rate limit (429)."""


class ServerError(ApiError):
    """The API failed or is unavailable (5xx)."""


_BY_STATUS: Final = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    428: PreconditionFailed,
    429: TooManyRequests,
}
_FIRST_SERVER_ERROR: Final = 500


def error_of(problem: Problem, retry_after: float = 0.0) -> ApiError:
    """Return the error that a problem describes."""
    if problem.code == "lease_lost":
        return LeaseLost(problem, retry_after)
    other = ServerError if problem.status >= _FIRST_SERVER_ERROR else InvalidRequest
    return _BY_STATUS.get(problem.status, other)(problem, retry_after)
