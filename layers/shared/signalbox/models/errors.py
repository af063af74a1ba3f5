"""The errors of Signalbox.

The branch of an error decides its HTTP status.

`InvalidRequest` is the client's fault and carries its status. `Unavailable` is a temporary fault of
the server. `SendRefused` and `SendDelayed` are the outcomes of an attempt to send a notification.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signalbox.models.manifest import ManifestError


class SignalboxError(Exception):
    """Base of all errors that are raised on purpose. `code` identifies the error in programs."""

    code = "internal"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidRequest(SignalboxError):
    """The request is wrong; repeating it cannot help."""

    status = 400
    code = "rejected"


class PayloadInvalid(InvalidRequest):
    """The request can be read, but its content is not valid."""

    code = "payload_invalid"


class ConfigInvalid(InvalidRequest):
    """The resource is well-formed but could never have an effect."""

    status = 422
    code = "validation_failed"

    def __init__(self, errors: Sequence["ManifestError"]) -> None:
        super().__init__("; ".join(f"{error.path}: {error.reason}" for error in errors))
        self.flaws = errors


class TemplateInvalid(PayloadInvalid):
    """There is no template for a message, or it cannot be used; the reason names the line."""

    code = "template_invalid"


class Unauthenticated(InvalidRequest):
    """The credentials are missing or not valid."""

    status = 401
    code = "unauthenticated"


class SignatureInvalid(Unauthenticated):
    """The signature is missing, malformed or made with another secret."""

    code = "signature_invalid"


class Forbidden(InvalidRequest):
    """The principal lacks a permission."""

    status = 403
    code = "forbidden"


class AddressRefused(Forbidden):
    """The request comes from an address that the source or the service does not admit."""

    code = "address_refused"


class SourceRuleFailed(SignalboxError):
    """A rule of the source refuses a payload, or cannot be applied to it.

    The reason has no part of the payload. The delivery is recorded as failed with it; no request
    is answered with this error.
    """


class NotFound(InvalidRequest):
    """There is no such resource."""

    status = 404
    code = "not_found"


class NotAcceptable(InvalidRequest):
    """The client accepts none of the media types of the response."""

    status = 406
    code = "not_acceptable"


class Conflict(InvalidRequest):
    """The state of the resource does not allow the request."""

    status = 409
    code = "conflict"


class AlreadyExists(Conflict):
    """The request repeats one whose response is given only once."""

    code = "already_exists"


class LeaseLost(Conflict):
    """The lease is not the current one."""

    code = "lease_lost"


class WriteConflict(Conflict):
    """Another process changed the record between reading and writing it."""

    code = "write_conflict"


class LogGap(Conflict):
    """Lines of a log are missing before the ones that were sent."""

    code = "log_gap"


class PreconditionFailed(InvalidRequest):
    """The resource is not in the state that the client expects."""

    status = 412
    code = "precondition_failed"


class PayloadTooLarge(InvalidRequest):
    """The body is over the limit."""

    status = 413
    code = "payload_too_large"


class UnsupportedMedia(InvalidRequest):
    """The media type or encoding of the body is not supported."""

    status = 415
    code = "unsupported_media"


class IdempotencyKeyReused(InvalidRequest):
    """The Idempotency-Key was used for another request."""

    status = 422
    code = "idempotency_key_reused"


class PreconditionRequired(InvalidRequest):
    """The request must name the state of the resource that it expects."""

    status = 428
    code = "precondition_required"


class TooManyRequests(InvalidRequest):
    """The client is over its rate limit."""

    status = 429
    code = "too_many_requests"


class Unavailable(SignalboxError):
    """Something that is needed is down or not configured; a retry may help. Status 503."""

    code = "unavailable"


class SourceMisconfigured(Unavailable):
    """The settings of a source are not those of its provider."""


class NetworksMissing(Unavailable):
    """The networks of a service, which a source admits, were not fetched yet."""


class ConfigurationUnreadable(Unavailable):
    """The stored configuration cannot be parsed by this version."""


class SecretMissing(Unavailable):
    """There is no secret to verify with."""


class SendRefused(SignalboxError):
    """The target will never accept this notification."""


class SendDelayed(SignalboxError):
    """The target may accept this notification later.

    `after` is how long the target asked to wait, or None.
    """

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class SendPostponed(SendDelayed):
    """The target was not called, because something else must come first."""


class DeliveryDeferred(SignalboxError):
    """The delivery cannot be interpreted in the time that is left; it can be, afterwards."""
