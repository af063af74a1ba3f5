"""What GitHub's responses mean.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from pydantic import Field, ValidationError

from signalbox.egress.http_client import HttpResponse
from signalbox.egress.references import TargetGone
from signalbox.egress.responses import (
    DEFAULT_RETRY_WAIT,
    SecretRefused,
    send_error,
    wait_until_epoch,
)
from signalbox.models.base import PartialModel
from signalbox.models.errors import SendDelayed, SendRefused

_SUCCESS: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT})
_LIMITED: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_NAMED: Final = 3

_Word = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z_]{0,40}$")]


class _Error(PartialModel):
    field: _Word
    code: _Word


class _Errors(PartialModel):
    errors: tuple[_Error, ...]


class _Message(PartialModel):
    message: str


def judge(answer: HttpResponse, now: datetime) -> None:
    """Check the response.

    Raises:
        SendRefused: GitHub will never do it.
        SecretRefused: It may do it with another secret.
        SendDelayed: It may do it later.
    """
    status = answer.status
    if status in _SUCCESS:
        return
    reason = f"GitHub answered {status}"
    wait = _rate_limit_wait(answer, now)
    if wait:
        raise SendDelayed(f"{reason}: its rate limit is reached", wait)
    match status:
        case HTTPStatus.FORBIDDEN if "locked" in _message(answer):
            raise SendRefused(f"{reason}: the issue is locked")
        case HTTPStatus.FORBIDDEN:
            raise SecretRefused(f"{reason}: the secret lacks a permission")
        case HTTPStatus.NOT_FOUND:
            raise SecretRefused(f"{reason}: it does not exist, or the secret gives no access")
        case HTTPStatus.UNPROCESSABLE_ENTITY:
            raise SendRefused(reason + _named_errors(answer.body))
    raise send_error(status, reason, answer.retry_after)


def judge_update(answer: HttpResponse, now: datetime) -> None:
    """Check the response to a change of something that was there before.

    Raises:
        TargetGone: It was deleted.
        SendRefused: What `judge` raises.
        SendDelayed: What `judge` raises.
    """
    if answer.status == HTTPStatus.NOT_FOUND:
        raise TargetGone("GitHub answered 404: it was deleted")
    judge(answer, now)


def _rate_limit_wait(answer: HttpResponse, now: datetime) -> timedelta | None:
    """Return how long to wait, or None if no rate limit is the cause."""
    if answer.status not in _LIMITED:
        return None
    if answer.retry_after:
        return answer.retry_after
    if answer.headers.get("x-ratelimit-remaining") == "0":
        reset = answer.headers.get("x-ratelimit-reset", "")
        return wait_until_epoch(reset, now) or DEFAULT_RETRY_WAIT
    # a secondary limit may come without any header
    limited = answer.status == HTTPStatus.TOO_MANY_REQUESTS or "rate limit" in _message(answer)
    return DEFAULT_RETRY_WAIT if limited else None


def _message(answer: HttpResponse) -> str:
    try:
        return _Message.model_validate_json(answer.body).message.casefold()
    except ValidationError:
        return ""


def _named_errors(body: bytes) -> str:
    try:
        errors = _Errors.model_validate_json(body).errors
    except ValidationError:
        return ""
    named = ", ".join(f"{error.field} {error.code}" for error in errors[:_NAMED])
    return f": {named}" if named else ""
