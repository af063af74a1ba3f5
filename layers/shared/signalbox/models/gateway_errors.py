"""The errors of the gateway. Those of a service have the status that the client gets."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from signalbox.models.errors import InvalidRequest, SignalboxError, Unavailable
from signalbox.models.frozen import frozen


class PathInvalid(InvalidRequest):
    """The path or query of the request can be read in two ways, or leaves its place."""

    code = "path_invalid"


@frozen
class RequestFault:
    """A part of a request that is not valid: a JSON pointer, and the rule that it breaks."""

    pointer: str
    code: str


class RequestInvalid(InvalidRequest):
    """The request is not as the service describes it."""

    code = "request_invalid"

    def __init__(self, reason: str, status: int, faults: Sequence[RequestFault]) -> None:
        super().__init__(reason)
        self.status = status
        self.faults = faults


class UriTooLong(InvalidRequest):
    """The path or the query of the request is too long."""

    status = 414
    code = "uri_too_long"


class MethodUnsupported(InvalidRequest):
    """The gateway forwards no request with this method."""

    status = 501
    code = "method_not_supported"


class FieldsInvalid(InvalidRequest):
    """A header of the request is malformed, or two of them contradict each other."""

    code = "headers_invalid"


class FieldsTooLarge(InvalidRequest):
    """The headers of the request are too long."""

    status = 431
    code = "headers_too_large"


class ExpectationFailed(InvalidRequest):
    """The request expects something that the gateway does not do."""

    status = 417
    code = "expectation_failed"


class UpgradeUnsupported(InvalidRequest):
    """The request asks for another protocol or a tunnel."""

    status = 501
    code = "upgrade_not_supported"


class HttpVersionUnsupported(InvalidRequest):
    """The request has a version of HTTP that is not spoken here."""

    status = 505
    code = "http_version_not_supported"


class RequestTimeout(InvalidRequest):
    """The body of the request did not arrive in time."""

    status = 408
    code = "request_timeout"


class LoopDetected(InvalidRequest):
    """The request has passed this gateway before."""

    status = 508
    code = "loop_detected"


class ServiceEnded(InvalidRequest):
    """The service is no longer there."""

    status = 410
    code = "service_ended"


class ServiceUnavailable(Unavailable):
    """The service has no instance that may be called; ask again `after` a while."""

    code = "service_unavailable"

    def __init__(self, reason: str, after: timedelta) -> None:
        super().__init__(reason)
        self.after = after


class MiddlewareMisconfigured(Unavailable):
    """A middleware of the service is not installed, or its options are not valid for it."""

    code = "service_misconfigured"


class UpstreamError(SignalboxError):
    """A service did not give an answer that can be passed on."""

    status = 502
    code = "bad_gateway"


class ResponseTooLarge(UpstreamError):
    """The answer of a service is over the limit."""

    code = "response_too_large"


class GatewayTimeout(UpstreamError):
    """A service did not answer in time."""

    status = 504
    code = "gateway_timeout"


class ClientLeft(SignalboxError):
    """The client closed its connection before it had the whole response."""

    status = 499
    code = "client_left"


class UpstreamFault(StrEnum):
    """What went wrong in an attempt."""

    REFUSED = "refused"
    """The instance may not be called."""

    CONNECT = "connect"
    """There was no connection, so nothing was sent."""

    TIMEOUT = "timeout"
    BROKEN = "broken"
    """The connection ended too early, or the answer is not valid HTTP."""

    TOO_LARGE = "too_large"


class AttemptFailed(SignalboxError):
    """An attempt to call an instance failed. No client gets this error as it is."""

    def __init__(self, reason: str, fault: UpstreamFault) -> None:
        super().__init__(reason)
        self.fault = fault
