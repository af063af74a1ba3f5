"""Logs of deliveries over HTTP: a provider renders the requests and judges the responses."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

from pydantic import JsonValue
from typing_extensions import override

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import try_secrets
from signalbox.models.frozen import frozen
from signalbox.services.ports.redelivery import AttemptPage, DeliveryLog
from signalbox.services.ports.time import Clock

T = TypeVar("T")


class DeliveryLogApi(Protocol):
    """The API of a provider for the log of one webhook. Pure, without any I/O."""

    @property
    def max_age(self) -> timedelta:
        """Return the age up to which a delivery is requested again."""

    @property
    def max_requests(self) -> int:
        """Return how many redeliveries may be requested in five minutes."""

    def page_request(self, cursor: str | None, token: str) -> HttpRequest:
        """Return the request for a page, the newest without a cursor.

        Raises:
            SendRefused: No request can be made with this token.
        """

    def read_page(self, response: HttpResponse) -> AttemptPage:
        """Return the page in a response.

        Raises:
            SendDelayed: The provider does not answer now, or not before `after`.
            SecretRefused: It does not accept the token, but may accept another.
            SendRefused: It shows no such log.
        """

    def redelivery_request(self, attempt: int, token: str) -> HttpRequest:
        """Return the request to repeat an attempt.

        Raises:
            SendRefused: No request can be made with this token.
        """

    def check_redelivery(self, response: HttpResponse) -> None:
        """Return if the provider repeats the attempt.

        Raises:
            AttemptGone: It never will.
            SendDelayed: The provider does not answer now, or not before `after`.
            SecretRefused: It does not accept the token, but may accept another.
            SendRefused: It does not allow it.
        """


OpenDeliveryLogApi = Callable[[Mapping[str, JsonValue], Clock], DeliveryLogApi | None]
"""Return the log that the settings of a source name, or None. Raises SettingsInvalid."""


@frozen
class HttpDeliveryLog(DeliveryLog):
    """A log, read with the first of the tokens that the provider accepts."""

    api: DeliveryLogApi
    send: Callable[[HttpRequest], HttpResponse]
    tokens: Sequence[str]

    @property
    @override
    def max_age(self) -> timedelta:
        return self.api.max_age

    @property
    @override
    def max_requests(self) -> int:
        return self.api.max_requests

    @override
    def page(self, cursor: str | None) -> AttemptPage:
        return self._call(
            lambda token: self.api.page_request(cursor, token), judge=self.api.read_page
        )

    @override
    def redeliver(self, attempt: int) -> None:
        self._call(
            lambda token: self.api.redelivery_request(attempt, token),
            judge=self.api.check_redelivery,
        )

    def _call(
        self, render: Callable[[str], HttpRequest], *, judge: Callable[[HttpResponse], T]
    ) -> T:
        results: list[T] = []
        try_secrets(self.tokens, lambda token: results.append(judge(self.send(render(token)))))
        return results[0]
