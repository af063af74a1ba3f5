"""Responses of the gateway itself: its problems, and what it answers of itself."""

from math import ceil
from typing import Final

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from signalbox.http.events import LambdaResponse, lambda_response
from signalbox.http.problems import error_response, internal_error, problem_response
from signalbox.models.errors import SignalboxError
from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import ServiceUnavailable, UpstreamError
from signalbox.models.ids import RequestId
from signalbox.models.rate_limits import OverLimit, retry_headers
from signalbox.services.ports.gateway import GatewayResponse

_JSON: Final = "application/json"


@frozen
class OwnResponse(GatewayResponse):
    """A response of the gateway itself, whose body is text."""


def own_json_response(text: str, request: RequestId) -> OwnResponse:
    """Return a response with a JSON document."""
    return _own(lambda_response(200, text, request, _JSON))


def problem(error: SignalboxError | None, request: RequestId, service: str | None) -> OwnResponse:
    """Return the problem of an error, None for an unexpected one.

    It has the members `error`, its code, and `target_service`, so that clients of services find
    them by these names.
    """
    if error is None:
        response = internal_error(request)
    elif isinstance(error, UpstreamError):
        response = problem_response(error.status, error.code, request, detail=error.reason)
    else:
        response = error_response(error, request)
    if isinstance(error, OverLimit):
        response["headers"].update(retry_headers(error))
    if isinstance(error, ServiceUnavailable):
        response["headers"]["retry-after"] = str(ceil(error.after.total_seconds()))
    return _own(_with_target(response, service, request))


def method_not_allowed(request: RequestId, allowed: str) -> OwnResponse:
    """Return the problem of a path that does not take the method."""
    response = problem_response(
        405,
        "method_not_allowed",
        request,
        detail="this path does not take this method",
        headers={"allow": allowed},
    )
    return _own(_with_target(response, None, request))


def _with_target(
    response: LambdaResponse, service: str | None, request: RequestId
) -> LambdaResponse:
    problem: dict[str, JsonValue] = from_json(response["body"])
    more = {"error": problem["code"], "target_service": service, "request_id": request}
    return {**response, "body": to_json({**problem, **more}).decode()}


def _own(response: LambdaResponse) -> OwnResponse:
    return OwnResponse(
        status=response["statusCode"],
        fields=tuple(response["headers"].items()),
        body=response["body"].encode(),
    )
