"""Fetch the keys that services publish, and confirm subscriptions, by the connectors' HTTP client.

HTTP is imported when it is first needed, as most webhooks need none.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from signalbox.models.errors import SendDelayed, SendRefused, Unavailable
from signalbox.models.frozen import frozen

if TYPE_CHECKING:
    from signalbox.egress.http_client import HttpResponse

_SECONDS: Final = 2.0
"""A webhook waits for this, and its sender for the webhook."""
_TEMPORARY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


@frozen
class PublishedKeyFetcher:
    """Fetches keys. It is a FindPublishedKeys. `trusted` origins may be private."""

    trusted: frozenset[str]

    def __call__(self, url: str) -> Sequence[str]:
        """Return the document at a URL as the only key; none if there is no such document.

        Raises:
            Unavailable: The service does not answer now.
        """
        response = _get(url, self.trusted)
        if response.status == HTTPStatus.OK:
            return (response.body.decode("utf-8", "replace"),)
        if response.status in _TEMPORARY or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable(f"the service answers {response.status} to a request for its key")
        return ()


@frozen
class SubscriptionConfirmer:
    """Confirms subscriptions by a GET request. It is a ConfirmSubscription."""

    trusted: frozenset[str]

    def __call__(self, url: str) -> None:
        """Confirm a subscription.

        Raises:
            Unavailable: The service does not answer, or refuses.
        """
        response = _get(url, self.trusted)
        if response.status != HTTPStatus.OK:
            raise Unavailable(f"the service answers {response.status} to the confirmation")


def _get(url: str, trusted: frozenset[str]) -> "HttpResponse":
    from signalbox.egress.http_client import HttpClient, HttpRequest  # noqa: PLC0415  see above

    client = HttpClient(trusted=trusted, connect=_SECONDS / 2, read=_SECONDS, total=_SECONDS)
    try:
        return client(HttpRequest(url=url, method="GET"))
    except (SendDelayed, SendRefused) as failure:
        raise Unavailable(f"the service cannot be asked: {failure.reason}") from None
