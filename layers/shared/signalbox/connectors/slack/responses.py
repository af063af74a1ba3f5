"""What Slack's responses mean: most errors come with the status 200.

https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

import re
from http import HTTPStatus
from typing import Final

from pydantic import ConfigDict, JsonValue, ValidationError

from signalbox.egress.http_client import HttpResponse
from signalbox.egress.references import TargetGone
from signalbox.egress.responses import send_error
from signalbox.models.base import PartialModel
from signalbox.models.errors import SendRefused

_OK: Final = "ok"
_ALREADY_REACTED: Final = "already_reacted"
_GONE: Final = frozenset({"message_not_found", "thread_not_found"})
_NOT_OK: Final = "error"
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,60}")
_MEANS: Final = {
    "ratelimited": 429,
    "rate_limited": 429,
    "internal_error": 500,
    "fatal_error": 500,
    "rollup_error": 500,
    "service_unavailable": 503,
    "request_timeout": 408,
    "invalid_auth": 401,
    "not_authed": 401,
    "token_revoked": 401,
    "token_expired": 401,
    "account_inactive": 401,
    "invalid_token": 401,
    "no_service": 401,
}
"""The HTTP status that an error code of Slack corresponds to; most come with 200."""


class AlreadyDone(SendRefused):
    """What was asked for is there already."""


def judge(answer: HttpResponse) -> None:
    """Check the response.

    Raises:
        TargetGone: The message that it updates no longer exists.
        SendRefused: Slack will never accept the message.
        SendDelayed: Slack may accept it later.
    """
    word = _word(answer.body)
    if word == _ALREADY_REACTED:
        raise AlreadyDone(f"Slack answered {answer.status} {word}")
    if word in _GONE:
        raise TargetGone(f"Slack answered {answer.status} {word}")
    status = answer.status
    if status == HTTPStatus.OK:
        if word == _OK:
            return
        status = HTTPStatus.BAD_REQUEST if word else HTTPStatus.BAD_GATEWAY
    reason = f"Slack answered {answer.status} {word}".strip()
    raise send_error(_MEANS.get(word, status), reason, answer.retry_after)


def message_id(body: bytes) -> str:
    """Return the channel and the `ts` of the message in a successful response."""
    try:
        posted = _Posted.model_validate_json(body)
    except ValidationError:
        posted = _Posted()
    return f"{posted.channel}:{posted.ts}"


class _Posted(PartialModel):
    channel: str = ""
    ts: str = ""


class _Said(PartialModel):
    model_config = ConfigDict(strict=True)

    ok: bool
    error: JsonValue = None


def _word(body: bytes) -> str:
    """Return the code in Slack's response: `ok`, an error, or empty if there is none."""
    try:
        said = _Said.model_validate_json(body)
    except ValidationError:
        word = body.decode("ascii", "replace").strip()
        return word if _WORD.fullmatch(word) else ""
    if said.ok:
        return _OK
    named = isinstance(said.error, str) and _WORD.fullmatch(said.error) and said.error != _OK
    return str(said.error) if named else _NOT_OK
