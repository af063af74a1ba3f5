"""What each kind of problem means and what to do about it: the pages behind `type`."""

from html import escape
from typing import Final, NamedTuple


class ProblemMeaning(NamedTuple):
    """One kind of problem: its status, what has happened, and what the caller can do."""

    status: int
    what: str
    advice: str


MEANINGS: Final[dict[str, ProblemMeaning]] = {
    "conflict": ProblemMeaning(
        409,
        "The thing is in a state that does not allow this.",
        "Read it again and decide anew; sending the same again cannot help.",
    ),
    "forbidden": ProblemMeaning(
        403,
        "We know who you are, and you may not do this.",
        "Ask for a key or a role with the scope that `detail` names.",
    ),
    "idempotency_key_reused": ProblemMeaning(
        422,
        "This Idempotency-Key was used for another request before.",
        "Use a new key for every new thing, and the same key only to send the same again.",
    ),
    "internal": ProblemMeaning(
        500,
        "Something broke on our side.",
        "Try again later; tell the operator the request id in `instance`.",
    ),
    "lease_lost": ProblemMeaning(
        409,
        "The lease is not the current one: it ended, or the task was given to somebody else.",
        "Stop working on the task, throw your result away and claim another.",
    ),
    "log_gap": ProblemMeaning(
        409,
        "Lines are missing between those that are kept and those that were sent.",
        "Send the lines again from the first one that is missing.",
    ),
    "made_before": ProblemMeaning(
        409,
        "The same request has made the key that `detail` names, and a key is shown once.",
        "Use the key that you were shown; if it is lost, revoke it and make another.",
    ),
    "method_not_allowed": ProblemMeaning(
        405,
        "The path is there, but does not take this method.",
        "Use one of the methods in the `Allow` header.",
    ),
    "not_acceptable": ProblemMeaning(
        406,
        "None of the types in your `Accept` header is one that this answers with.",
        "Accept application/json, or the type that the reference names.",
    ),
    "not_found": ProblemMeaning(
        404,
        "There is no such thing, or not any more.",
        "Check the path and the id; finished tasks are forgotten after a while.",
    ),
    "payload_invalid": ProblemMeaning(
        400,
        "The request could not be read, or does not say what it should.",
        "Correct what `detail` names.",
    ),
    "payload_too_large": ProblemMeaning(
        413,
        "The body is larger than this installation takes.",
        "Send less, or ask the operator to raise the limit.",
    ),
    "precondition_failed": ProblemMeaning(
        412,
        "The thing has changed since you read it.",
        "Read it again, decide anew and send its new ETag in `If-Match`.",
    ),
    "precondition_required": ProblemMeaning(
        428,
        "A change must say which state of the thing it means.",
        "Send the ETag that you read in `If-Match`.",
    ),
    "rejected": ProblemMeaning(
        400,
        "The request cannot be accepted.",
        "Correct what `detail` names.",
    ),
    "signature_invalid": ProblemMeaning(
        401,
        "The signature is missing, malformed, or made with another secret.",
        "Compare the secret at the sender with the one that is kept here for this source.",
    ),
    "too_many_requests": ProblemMeaning(
        429,
        "You are over your limit.",
        "Wait for as long as the `Retry-After` header says.",
    ),
    "unauthenticated": ProblemMeaning(
        401,
        "There was no valid API key or token with the request.",
        "Send a key in `X-API-Key`, or a key or token as `Authorization: Bearer`.",
    ),
    "unavailable": ProblemMeaning(
        503,
        "Something that we need did not answer.",
        "Try again after as long as the `Retry-After` header says.",
    ),
    "unsupported_media": ProblemMeaning(
        415,
        "The body is of a type or an encoding that is not read here.",
        "Send application/json in UTF-8, not compressed.",
    ),
    "validation_failed": ProblemMeaning(
        422,
        "The request was read, but some of its values are not what this takes.",
        "Correct what `errors` points at; the reference shows what is taken.",
    ),
    "write_conflict": ProblemMeaning(
        409,
        "Somebody else changed the same thing at the same time.",
        "Send the request again.",
    ),
}
"""Each code's meaning; a page is at /problems/<the code with - for _>."""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{code}</title></head>
<body>
<h1><code>{code}</code></h1>
<p>Answered with status {status}.</p>
<p>{what}</p>
<p>{advice}</p>
</body>
</html>
"""


def render_problem_page(slug: str) -> str | None:
    """Return the page of a problem by the last part of its `type`.

    None if there is no such problem.
    """
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
