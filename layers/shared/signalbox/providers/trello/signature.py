"""Trello signs the raw body and the callback URL, as it was given when the webhook was created.

The key is the secret of the app that created it, which Trello calls OAuth 1.0 secret.
https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/#webhook-signatures
"""

from dataclasses import replace
from typing import Annotated, Final

from pydantic import Field

from signalbox.ingress.signatures import HmacScheme
from signalbox.models.base import Model
from signalbox.models.request import InboundRequest

SCHEME: Final = HmacScheme(
    header="x-trello-webhook", algorithm="sha1", encoding="base64", signed="{body}{url}"
)
_HTTPS: Final = "https://"

CallbackUrl = Annotated[str, Field(pattern=rf"^{_HTTPS}[^\s/?#]+[^\s#]*$", max_length=2_000)]


class TrelloSettings(Model):
    """The settings of a source.

    Attributes:
        callback_url: The URL that Trello calls, where another one reaches Signalbox, as behind a
            proxy; by default they are the same.
    """

    callback_url: CallbackUrl | None = None


def as_called(request: InboundRequest, settings: TrelloSettings) -> InboundRequest:
    """Return a request with the URL that Trello called."""
    if settings.callback_url is None:
        return request
    host, slash, path = settings.callback_url.removeprefix(_HTTPS).partition("/")
    called = replace(request, base_path="", path=f"{slash}{path}", query="")
    return called.with_headers({"host": host})
