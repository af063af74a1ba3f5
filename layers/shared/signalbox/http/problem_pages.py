"""The pages that explain problems, at the URL in `type`."""

from html import escape
from typing import Final, NamedTuple


class ProblemMeaning(NamedTuple):
    """A kind of problem: its status, what happened, and what the client can do."""

    status: int
    what: str
    advice: str


MEANINGS: Final[dict[str, ProblemMeaning]] = {
    "address_refused": ProblemMeaning(
        403,
        "The source does not accept requests from this address.",
        "Add the network of the sender to `networks` of the source.",
    ),
    "bad_gateway": ProblemMeaning(
        502,
        "The service behind the gateway did not give a valid answer.",
        "Retry later if the request may be repeated; the access log has the reason.",
    ),
    "conflict": ProblemMeaning(
        409,
        "The state of the resource does not allow this.",
        "Get the resource again; repeating the request does not help.",
    ),
    "expectation_failed": ProblemMeaning(
        417,
        "The request expects something other than 100-continue.",
        "Send it without the header `Expect`.",
    ),
    "forbidden": ProblemMeaning(
        403,
        "The API key or token has no permission for this.",
        "Use a key or a role with the scope in `detail`.",
    ),
    "gateway_timeout": ProblemMeaning(
        504,
        "The service behind the gateway did not answer in time.",
        "Retry later; the operator can raise `timeouts` of the service, up to 28 seconds.",
    ),
    "headers_invalid": ProblemMeaning(
        400,
        "A header is malformed, or two headers contradict each other.",
        "Correct the headers as `detail` says.",
    ),
    "headers_too_large": ProblemMeaning(
        431,
        "The headers are too long.",
        "Send fewer or shorter headers, 16 KB in all.",
    ),
    "idempotency_key_reused": ProblemMeaning(
        422,
        "The Idempotency-Key was used for another request.",
        "Use a new key for a new request, and the same key only to repeat a request.",
    ),
    "internal": ProblemMeaning(
        500,
        "The server failed.",
        "Retry later; report the request id in `instance` to the operator.",
    ),
    "lease_lost": ProblemMeaning(
        409,
        "The lease is not the current one: it has expired, or another worker has claimed the task.",
        "Stop working on the task, discard the result and claim another task.",
    ),
    "log_gap": ProblemMeaning(
        409,
        "Lines are missing between the stored lines and those that were sent.",
        "Send the lines again, from the first missing one.",
    ),
    "already_exists": ProblemMeaning(
        409,
        "The key in `detail` was created with this Idempotency-Key, and is shown only once.",
        "Use the key of the first response; if it is lost, revoke it and create another.",
    ),
    "loop_detected": ProblemMeaning(
        508,
        "The request has passed this gateway before.",
        "An instance has the URL of the gateway itself: correct it.",
    ),
    "method_not_allowed": ProblemMeaning(
        405,
        "The path does not support this method.",
        "Use one of the methods in the `Allow` header.",
    ),
    "not_acceptable": ProblemMeaning(
        406,
        "The response has none of the media types in the `Accept` header.",
        "Accept application/json, or the media type in the reference.",
    ),
    "not_found": ProblemMeaning(
        404,
        "There is no such resource, or it has expired.",
        "Check the path and the id; finished tasks expire after a while.",
    ),
    "method_not_supported": ProblemMeaning(
        501,
        "The gateway forwards no request with this method.",
        "Use another method; TRACE is never forwarded.",
    ),
    "path_invalid": ProblemMeaning(
        400,
        "The path has dot segments, empty segments or characters that no path has.",
        "Send the path without them; an escaped slash is accepted.",
    ),
    "request_invalid": ProblemMeaning(
        400,
        "The request is not as the document of the service describes it; the status says what.",
        "Correct what `errors` points to: parameters (400), media type (415), body (422).",
    ),
    "service_misconfigured": ProblemMeaning(
        503,
        "A middleware of the service is not installed, or its options are not valid.",
        "Tell the operator: `signalbox apply` names what is wrong in the list of the service.",
    ),
    "service_ended": ProblemMeaning(
        410,
        "The service is no longer there.",
        "Use the service that has taken its place.",
    ),
    "payload_invalid": ProblemMeaning(
        400,
        "The request cannot be parsed, or its content is not valid.",
        "Correct the request as `detail` says.",
    ),
    "start_too_late": ProblemMeaning(
        422,
        "The task may start only after more than a year.",
        "Send a `not_before` that is at most a year away.",
    ),
    "unknown_task": ProblemMeaning(
        422,
        "A task in `after` does not exist, or has expired.",
        "Name tasks that exist, or leave the ones out that have ended.",
    ),
    "template_invalid": ProblemMeaning(
        400,
        "The template of a message cannot be used, or there is none.",
        "Correct the line that `detail` names.",
    ),
    "payload_too_large": ProblemMeaning(
        413,
        "The body is larger than this installation accepts.",
        "Send a smaller body, or ask the operator to raise the limit.",
    ),
    "precondition_failed": ProblemMeaning(
        412,
        "The resource has changed since it was read.",
        "Get the resource again and send its new ETag in `If-Match`.",
    ),
    "precondition_required": ProblemMeaning(
        428,
        "The request needs a precondition, so that it does not overwrite other changes.",
        "Get the resource and send its ETag in `If-Match`.",
    ),
    "rejected": ProblemMeaning(
        400,
        "The request cannot be accepted.",
        "Correct the request as `detail` says.",
    ),
    "response_too_large": ProblemMeaning(
        502,
        "The answer of the service is larger than Lambda can return.",
        "Ask for less at once, for example in pages or by `Range`.",
    ),
    "service_unavailable": ProblemMeaning(
        503,
        "The service has no instance that could answer.",
        "Retry after the time in the `Retry-After` header.",
    ),
    "signature_invalid": ProblemMeaning(
        401,
        "The signature is missing, malformed, or made with another secret.",
        "Compare the secret at the sender with the secret of this source.",
    ),
    "too_many_requests": ProblemMeaning(
        429,
        "The rate limit is exceeded.",
        "Wait for the time in the `Retry-After` header.",
    ),
    "unauthenticated": ProblemMeaning(
        401,
        "The request has no valid API key or token.",
        "Send an API key in `X-API-Key`, or a key or token as `Authorization: Bearer`.",
    ),
    "unavailable": ProblemMeaning(
        503,
        "A service that the request needs did not answer.",
        "Retry after the time in the `Retry-After` header.",
    ),
    "http_version_not_supported": ProblemMeaning(
        505,
        "The version of HTTP is not spoken here.",
        "Send HTTP/1.1.",
    ),
    "request_timeout": ProblemMeaning(
        408,
        "The body of the request did not arrive in time.",
        "Send it again, without a pause of 30 seconds.",
    ),
    "upgrade_not_supported": ProblemMeaning(
        501,
        "The gateway forwards no other protocol, such as WebSocket, and no tunnels.",
        "Call the service itself for it.",
    ),
    "unsupported_media": ProblemMeaning(
        415,
        "The media type or encoding of the body is not supported.",
        "Send application/json in UTF-8, without compression.",
    ),
    "uri_too_long": ProblemMeaning(
        414,
        "The path or the query is too long.",
        "Send a shorter one, 8,192 characters each at most, or a body.",
    ),
    "validation_failed": ProblemMeaning(
        422,
        "Some values in the request are not valid.",
        "Correct the values at the pointers in `errors`; the reference has the valid ones.",
    ),
    "write_conflict": ProblemMeaning(
        409,
        "Another request changed the resource at the same time.",
        "Repeat the request.",
    ),
}
"""The meaning of each code. Its page is at /problems/<the code with - instead of _>."""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{code}</title></head>
<body>
<h1><code>{code}</code></h1>
<p>HTTP status {status}.</p>
<p>{what}</p>
<p>{advice}</p>
</body>
</html>
"""


def render_problem_page(slug: str) -> str | None:
    """Return the page for the last part of a `type`, or None if there is no such problem."""
    code = slug.replace("-", "_")
    meaning = MEANINGS.get(code) if "_" not in slug else None
    if meaning is None:
        return None
    return _PAGE.format(
        code=code,
        status=meaning.status,
        what=escape(meaning.what),
        advice=escape(meaning.advice),
    )
