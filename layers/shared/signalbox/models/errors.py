"""The errors of Signalbox: who is at fault decides the branch, the branch decides the answer.

`Rejected` is the caller's fault and carries the HTTP status it is answered with. `Unavailable` is
ours and may pass. `SendRefused` and `SendDelayed` are the verdicts of a connector on one attempt.
"""

from datetime import timedelta


class SignalboxError(Exception):
    """Base of every error raised on purpose. `code` is the word that programs know it by."""

    code = "internal"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidRequest(SignalboxError):
    """The caller is wrong; sending the same again cannot help."""

    status = 400
    code = "rejected"


class PayloadInvalid(InvalidRequest):
    """The request was read and does not say what it should."""

    code = "payload_invalid"


class Unauthenticated(InvalidRequest):
    """Nobody we know."""

    status = 401
    code = "unauthenticated"


class SignatureInvalid(Unauthenticated):
    """The signature is missing, malformed or made with another secret."""

    code = "signature_invalid"


class Forbidden(InvalidRequest):
    """Somebody we know, who may not do this."""

    status = 403
    code = "forbidden"


class NotFound(InvalidRequest):
    """There is no such thing."""

    status = 404
    code = "not_found"


class NotAcceptable(InvalidRequest):
    """The caller takes no type that we answer with."""

    status = 406
    code = "not_acceptable"


class Conflict(InvalidRequest):
    """The thing is not in a state that allows this."""

    status = 409
    code = "conflict"


class AlreadyExists(Conflict):
    """The request is a repeat of one whose answer is told once."""

    code = "made_before"


class LeaseLost(Conflict):
    """The caller's lease is not the current one."""

    code = "lease_lost"


class WriteConflict(Conflict):
    """Somebody else changed the record between our read and our write."""

    code = "write_conflict"


class LogGap(Conflict):
    """Lines of a log are missing between what is stored and what was sent."""

    code = "log_gap"


class PreconditionFailed(InvalidRequest):
    """The thing is no longer, or not yet, what the caller took it for."""

    status = 412
    code = "precondition_failed"


class PayloadTooLarge(InvalidRequest):
    """The body is over the limit."""

    status = 413
    code = "payload_too_large"


class UnsupportedMedia(InvalidRequest):
    """The body is of a type or an encoding that is not read here."""

    status = 415
    code = "unsupported_media"


class IdempotencyKeyReused(InvalidRequest):
    """The caller has used this Idempotency-Key for another request."""

    status = 422
    code = "idempotency_key_reused"


class PreconditionRequired(InvalidRequest):
    """The caller must say which state of the thing it means."""

    status = 428
    code = "precondition_required"


class TooManyRequests(InvalidRequest):
    """The caller is over its limit."""

    status = 429
    code = "too_many_requests"


class Unavailable(SignalboxError):
    """Something we need is down or not configured; a retry may help. Answered with 503."""

    code = "unavailable"


class ConfigurationUnreadable(Unavailable):
    """What operators configured is there, but this version of ours cannot read it."""


class SecretMissing(Unavailable):
    """Nobody has given us a secret to verify with."""


class SendRefused(SignalboxError):
    """The target will never take this notification."""


class SendDelayed(SignalboxError):
    """The target may take this notification later.

    `after` is how long the target asked us to wait, None if it named no time.
    """

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after
