"""What the answers of Linear's GraphQL API mean.

https://linear.app/developers/graphql
https://linear.app/developers/rate-limiting
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from pydantic import Field, ValidationError

from signalbox.egress.http_client import HttpResponse
from signalbox.egress.references import TargetGone
from signalbox.egress.responses import send_error
from signalbox.models.backoff import LONGEST, SHORTEST
from signalbox.models.base import PartialModel

_LIMITS: Final = ("requests", "complexity", "endpoint-requests", "endpoint-complexity")
_NOT_FOUND: Final = re.compile(r"Entity not found(?:: (?:Issue|Comment)\b|\W*\Z)")
_STATUSES: Final = {
    "RATELIMITED": HTTPStatus.TOO_MANY_REQUESTS,
    "AUTHENTICATION_ERROR": HTTPStatus.UNAUTHORIZED,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
    "INTERNAL_SERVER_ERROR": HTTPStatus.INTERNAL_SERVER_ERROR,
    "LOCK_TIMEOUT": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The HTTP status that an error code corresponds to; most come with 200 or 400."""


class _Extensions(PartialModel):
    code: str = Field(default="", pattern=r"^[A-Z_]{0,60}$")


class _Error(PartialModel):
    message: str = ""
    extensions: _Extensions = _Extensions()


class _Errors(PartialModel):
    errors: tuple[_Error, ...] = ()


def judge(answer: HttpResponse, now: datetime) -> None:
    """Check that Linear has done what a request asks for.

    Raises:
        TargetGone: There is no such issue or comment.
        SecretRefused: Linear does not accept the key, or does not allow this to it.
        SendRefused: Linear will never do it.
        SendDelayed: Linear may do it later.
    """
    errors = _errors(answer.body)
    if answer.status == HTTPStatus.OK and not errors:
        return
    code = next((error.extensions.code for error in errors if error.extensions.code), "")
    reason = f"Linear answered {answer.status} {code}".rstrip()
    if any(_NOT_FOUND.match(error.message) for error in errors):
        raise TargetGone(f"{reason}: it has no such issue or comment")
    status = HTTPStatus.BAD_REQUEST if answer.status == HTTPStatus.OK else answer.status
    status = _STATUSES.get(code, status)
    after = answer.retry_after
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        after = max(_resets(answer.headers, now), default=after)
    raise send_error(status, reason, after)


def _resets(headers: Mapping[str, str], now: datetime) -> Iterator[timedelta]:
    """Yield the waits for the limits that are used up, or for requests if none says so."""
    remaining = {name: headers.get(f"x-ratelimit-{name}-remaining", "") for name in _LIMITS}
    used_up = [name for name, left in remaining.items() if left == "0"] or _LIMITS[:1]
    for name in used_up:
        with suppress(ValueError, OverflowError, OSError):
            milliseconds = int(headers.get(f"x-ratelimit-{name}-reset", ""))
            reset = datetime.fromtimestamp(milliseconds / 1_000, UTC)
            yield min(max(reset - now, SHORTEST), LONGEST)


def _errors(body: bytes) -> tuple[_Error, ...]:
    try:
        return _Errors.model_validate_json(body).errors
    except ValidationError:
        return ()
