"""Errors as problem details (RFC 9457), without internal information.

`type` is a page of this API that explains the problem; `code` identifies it in programs.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from traceback import extract_tb
from typing import Final

from signalbox.http.events import LambdaResponse, lambda_response
from signalbox.http.schemas.problems import Fault, Problem
from signalbox.models.errors import (
    ConfigInvalid,
    InvalidRequest,
    SignalboxError,
    TooManyRequests,
    Unavailable,
)
from signalbox.models.gateway_errors import RequestInvalid
from signalbox.models.ids import RequestId

PROBLEM_JSON: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 5
_MAX_FRAMES: Final = 6


def problem_response(
    status: int,
    code: str,
    request: RequestId,
    *,
    detail: str | None = None,
    errors: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> LambdaResponse:
    """Return the response with a problem."""
    body = Problem(
        type=f"/problems/{code.replace('_', '-')}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        instance=f"urn:signalbox:request:{request}",
        errors=tuple(errors),
    )
    said = lambda_response(status, body.model_dump_json(exclude_none=True), request, PROBLEM_JSON)
    said["headers"].update(headers or {})
    return said


def error_response(error: SignalboxError, request: RequestId) -> LambdaResponse:
    """Return the response to an error that was raised on purpose."""
    if isinstance(error, InvalidRequest):
        headers = {}
        if error.status == HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = "Bearer"
        if isinstance(error, TooManyRequests):
            headers["retry-after"] = str(RETRY_AFTER_SECONDS)
        return problem_response(
            error.status,
            error.code,
            request,
            detail=error.reason,
            errors=_faults(error),
            headers=headers,
        )
    if isinstance(error, Unavailable):
        wait = {"retry-after": str(RETRY_AFTER_SECONDS)}
        return problem_response(503, error.code, request, detail=error.reason, headers=wait)
    return internal_error(request)


def _faults(error: InvalidRequest) -> Sequence[Fault]:
    if isinstance(error, RequestInvalid):
        return [Fault(pointer=fault.pointer, code=fault.code) for fault in error.faults]
    if not isinstance(error, ConfigInvalid):
        return ()
    places = (re.findall(r"\w+", flaw.path) for flaw in error.flaws)
    return [Fault(pointer=_pointer(["body", *place]), code="never_matches") for place in places]


def error_fields(error: BaseException) -> Mapping[str, str | list[str] | None]:
    """Return the log fields of an error: its type, its causes, and where it was raised.

    Its message is not logged, since it may contain what was sent.
    """
    frames = extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    return {
        "error": type(error).__name__,
        "cause": type(error.__cause__).__name__ if error.__cause__ else None,
        "raised": [f"{Path(at.filename).name}:{at.lineno} {at.name}" for at in frames],
    }


def internal_error(request: RequestId) -> LambdaResponse:
    """Return the response to an unexpected error."""
    return problem_response(500, "internal", request)


def validation_problem(
    errors: Sequence[Mapping[str, object]], request: RequestId
) -> LambdaResponse:
    """Return the response to a request whose values are not valid."""
    faults = [Fault(pointer=_pointer(e.get("loc")), code=str(e["type"])) for e in errors]
    detail = "the request is not of the form that this takes"
    return problem_response(422, "validation_failed", request, detail=detail, errors=faults)


def _pointer(loc: object) -> str:
    parts = loc if isinstance(loc, tuple | list) else ()
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
