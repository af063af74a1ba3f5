"""GitHub's log of the deliveries of a webhook, which it keeps for three days.

It does not repeat failed deliveries by itself, but on request; the GUID of a delivery stays.
https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
https://docs.github.com/en/rest/repos/webhooks#list-deliveries-for-a-repository-webhook
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from typing_extensions import override

from signalbox.egress.delivery_log import DeliveryLogApi
from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused, send_error
from signalbox.models.base import DEFERRED, UtcDatetime
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.resource_settings import parse_settings
from signalbox.providers.github.settings import APP_HOOK, GitHubRedelivery, GitHubSettings
from signalbox.services.ports.redelivery import AttemptGone, AttemptPage, DeliveryAttempt
from signalbox.services.ports.time import Clock, utc_now

_PAGE_SIZE: Final = 100
_MAX_PAGE_BYTES: Final = 1_000_000
_MAX_REQUESTS: Final = 100
_HEADERS: Final = {
    "accept": "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
}
_NEXT: Final = re.compile(r"<[^<>]*[?&]cursor=([\w.%=~-]{1,200})[^<>]*>\s*;\s*rel=\"?next\"?")
_RESET: Final = re.compile(r"[0-9]{1,12}")
_DEFAULT_WAIT: Final = timedelta(minutes=1)

_JWT_EARLIER: Final = timedelta(minutes=1)
_JWT_LIFETIME: Final = timedelta(minutes=9)


class _Attempt(BaseModel):
    """The fields of an attempt that are read."""

    model_config = ConfigDict(frozen=True)

    id: int
    guid: str = Field(min_length=1, max_length=128)
    delivered_at: UtcDatetime
    redelivery: bool = False
    status_code: int


_attempts = TypeAdapter(tuple[_Attempt, ...], config=DEFERRED)


@frozen
class GitHubDeliveryLog(DeliveryLogApi):
    """The log of one webhook."""

    api_url: str
    redelivery: GitHubRedelivery
    clock: Clock = utc_now

    @property
    @override
    def max_age(self) -> timedelta:
        return timedelta(hours=self.redelivery.max_age_hours)

    @property
    @override
    def max_requests(self) -> int:
        return _MAX_REQUESTS

    @override
    def page_request(self, cursor: str | None, token: str) -> HttpRequest:
        after = f"&cursor={quote(cursor, safe='')}" if cursor else ""
        return HttpRequest(
            url=f"{self._url}?per_page={_PAGE_SIZE}{after}",
            method="GET",
            headers=self._headers(token),
            max_answer=_MAX_PAGE_BYTES,
        )

    @override
    def read_page(self, response: HttpResponse) -> AttemptPage:
        if response.status != HTTPStatus.OK:
            raise self._error(response)
        try:
            attempts = _attempts.validate_json(response.body)
        except ValidationError:
            raise SendDelayed("GitHub's log of deliveries cannot be read") from None
        following = _NEXT.search(response.headers.get("link", ""))
        return AttemptPage(
            attempts=tuple(map(_delivery_attempt, attempts)),
            cursor=following[1] if following else None,
        )

    @override
    def redelivery_request(self, attempt: int, token: str) -> HttpRequest:
        return HttpRequest(url=f"{self._url}/{attempt}/attempts", headers=self._headers(token))

    @override
    def check_redelivery(self, response: HttpResponse) -> None:
        if response.status == HTTPStatus.ACCEPTED:
            return
        if response.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
            raise AttemptGone(f"GitHub does not repeat the delivery: {response.status}")
        raise self._error(response)

    @property
    def _url(self) -> str:
        return f"{self.api_url}/{self._path}"

    @property
    def _path(self) -> str:
        if self.redelivery.hook == APP_HOOK:
            return "app/hook/deliveries"
        return f"{self.redelivery.hook}/deliveries"

    def _headers(self, token: str) -> Mapping[str, str]:
        bearer = self._app_token(token) if self.redelivery.hook == APP_HOOK else token
        return {**_HEADERS, "authorization": f"Bearer {bearer}"}

    def _app_token(self, private_key: str) -> str:
        from signalbox.egress.github_app import app_token  # noqa: PLC0415  cryptography

        begins = self.clock() - _JWT_EARLIER
        return app_token(
            self.redelivery.app_id or "", private_key, begins, self.clock() + _JWT_LIFETIME
        )

    def _error(self, response: HttpResponse) -> SendRefused | SendDelayed:
        """Return the error for a response that is not the expected success."""
        if wait := self._rate_limit_wait(response):
            return SendDelayed("GitHub's rate limit is reached", wait)
        if response.status == HTTPStatus.NOT_FOUND:
            return SecretRefused("GitHub has no such webhook or delivery for this token")
        if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return SecretRefused(f"GitHub does not accept the token: {response.status}")
        return send_error(
            response.status, f"GitHub answered {response.status}", response.retry_after
        )

    def _rate_limit_wait(self, response: HttpResponse) -> timedelta | None:
        """Return how long to wait, or None if no rate limit is the cause."""
        if response.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
            return None
        if response.retry_after:
            return response.retry_after
        reset = response.headers.get("x-ratelimit-reset", "")
        if response.headers.get("x-ratelimit-remaining") == "0" and _RESET.fullmatch(reset):
            try:
                wait = datetime.fromtimestamp(int(reset), UTC) - self.clock()
            except (ValueError, OverflowError, OSError):
                return _DEFAULT_WAIT
            return max(wait, _DEFAULT_WAIT)
        return _DEFAULT_WAIT if response.status == HTTPStatus.TOO_MANY_REQUESTS else None


def open_github_log(settings: Mapping[str, JsonValue], clock: Clock) -> DeliveryLogApi | None:
    """Return the log that the settings of a source name, or None.

    Raises:
        SettingsInvalid: They are not those of GitHub.
    """
    parsed = parse_settings(GitHubSettings, settings)
    if parsed.redelivery is None:
        return None
    return GitHubDeliveryLog(api_url=parsed.api_url, redelivery=parsed.redelivery, clock=clock)


DELIVERY_LOG: Final = open_github_log


def _delivery_attempt(attempt: _Attempt) -> DeliveryAttempt:
    return DeliveryAttempt(
        number=attempt.id,
        key=attempt.guid,
        status=attempt.status_code or None,
        at=attempt.delivered_at,
        repeated=attempt.redelivery,
    )
