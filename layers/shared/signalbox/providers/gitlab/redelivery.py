"""GitLab's log of the deliveries of a webhook, which it keeps for seven days.

Many versions list no times, so entries are ordered by their numbers, which grow. A delivery that is
resent has the `Idempotency-Key` of the first attempt and an entry of its own, and is delivered
before the request is answered.
https://docs.gitlab.com/api/project_webhooks/#list-all-events-for-a-project-webhook
https://docs.gitlab.com/api/group_webhooks/
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter, ValidationError
from typing_extensions import override

from signalbox.egress.delivery_log import DeliveryLogApi
from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused, send_error
from signalbox.ingress.payload import Informative
from signalbox.models.base import DEFERRED
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.resource_settings import parse_settings
from signalbox.providers.gitlab.settings import GitLabSettings
from signalbox.services.ports.redelivery import AttemptPage, DeliveryAttempt
from signalbox.services.ports.time import Clock

_MAX_AGE: Final = timedelta(days=6)
"""A day less than GitLab lists, as it counts whole days."""

_PAGE_SIZE: Final = 20
_MAX_PAGE_BYTES: Final = 8_000_000
"""Each entry has the payload and up to 8 KB of the response."""

_MAX_REQUESTS: Final = 5
"""GitLab resends five a minute for a project and a user."""

_HOOK: Final = re.compile(r"(projects|groups)/(.+)/hooks/([0-9]+)")
_KEYS: Final = ("idempotency-key", "webhook-id")
_STATUS: Final = re.compile(r"[1-5][0-9]{2}")
_PAGE: Final = re.compile(r"[0-9]{1,9}")


class _Data(BaseModel):
    """What stands in place of a payload that was too large for the log."""

    model_config = ConfigDict(frozen=True)

    oversize: JsonValue = None


class _Entry(BaseModel):
    """The fields of an entry that are read."""

    model_config = ConfigDict(frozen=True)

    id: int
    request_headers: dict[str, JsonValue]
    request_data: Informative[_Data] = None
    response_status: str | int | None = None

    @property
    def key(self) -> str:
        """Return the id of the delivery, empty if it has none."""
        headers = {name.lower(): value for name, value in self.request_headers.items()}
        found = (headers.get(name) for name in _KEYS)
        return next((value for value in found if isinstance(value, str) and value), "")

    @property
    def status(self) -> int | None:
        """Return the status of the answer; without one GitLab writes a text."""
        text = str(self.response_status or "")
        return int(text) if _STATUS.fullmatch(text) else None


_entries = TypeAdapter(tuple[_Entry, ...], config=DEFERRED)


@frozen
class GitLabDeliveryLog(DeliveryLogApi):
    """The log of one webhook. `url` is that of its entries."""

    url: str

    @property
    @override
    def max_age(self) -> timedelta:
        return _MAX_AGE

    @property
    @override
    def max_requests(self) -> int:
        return _MAX_REQUESTS

    @override
    def page_request(self, cursor: str | None, token: str) -> HttpRequest:
        return HttpRequest(
            url=f"{self.url}?per_page={_PAGE_SIZE}&page={quote(cursor or '1', safe='')}",
            method="GET",
            headers=_headers(token),
            max_answer=_MAX_PAGE_BYTES,
        )

    @override
    def read_page(self, response: HttpResponse) -> AttemptPage:
        if response.status != HTTPStatus.OK:
            raise _error(response)
        try:
            entries = _entries.validate_json(response.body)
        except ValidationError:
            raise SendDelayed("GitLab's log of deliveries cannot be read") from None
        following = response.headers.get("x-next-page", "").strip()
        return AttemptPage(
            attempts=tuple(map(_delivery_attempt, filter(_has_key, entries))),
            cursor=following if _PAGE.fullmatch(following) else None,
        )

    @override
    def redelivery_request(self, attempt: int, token: str) -> HttpRequest:
        return HttpRequest(url=f"{self.url}/{attempt}/resend", headers=_headers(token))

    @override
    def check_redelivery(self, response: HttpResponse) -> None:
        if response.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
            return
        if response.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            # it failed once more, or the webhook is disabled or has another URL now
            raise SendDelayed("GitLab could not repeat the delivery: 422")
        raise _error(response)


def open_gitlab_log(settings: Mapping[str, JsonValue], clock: Clock) -> DeliveryLogApi | None:  # noqa: ARG001  for those who need it
    """Return the log that the settings of a source name, or None.

    Raises:
        SettingsInvalid: They are not those of GitLab.
    """
    parsed = parse_settings(GitLabSettings, settings)
    hook = _HOOK.fullmatch(parsed.redelivery.hook) if parsed.redelivery else None
    if hook is None:
        return None
    kind, owner, number = hook.groups()
    return GitLabDeliveryLog(
        url=f"{parsed.api_url}/{kind}/{quote(owner, safe='')}/hooks/{number}/events"
    )


DELIVERY_LOG: Final = open_gitlab_log


def _headers(token: str) -> Mapping[str, str]:
    return {"accept": "application/json", "authorization": f"Bearer {token}"}


def _error(response: HttpResponse) -> SendRefused | SendDelayed:
    """Return the error for a response that is not the expected success."""
    if response.status == HTTPStatus.NOT_FOUND:
        return SecretRefused("GitLab has no such webhook or delivery for this token")
    if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return SecretRefused(f"GitLab does not accept the token: {response.status}")
    return send_error(response.status, f"GitLab answered {response.status}", response.retry_after)


def _has_key(entry: _Entry) -> bool:
    """Return whether a repetition of the delivery can be recognised."""
    return bool(entry.key)


def _delivery_attempt(entry: _Entry) -> DeliveryAttempt:
    return DeliveryAttempt(
        number=entry.id,
        key=entry.key,
        status=entry.status,
        repeatable=entry.request_data is None or not entry.request_data.oversize,
    )
