"""The message that follows the answer to a slash command or an interaction of Slack.

Its `response_url` takes up to five messages within 30 minutes, and is a secret.
https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from pydantic import JsonValue
from typing_extensions import override

from signalbox.egress.follow_up import FollowUpApi
from signalbox.egress.http_client import HttpRequest
from signalbox.egress.sockets import UrlOrigin
from signalbox.models.errors import SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.request import InboundRequest
from signalbox.models.resource_settings import parse_settings
from signalbox.providers.slack.payload import SlashCommand, read_form
from signalbox.providers.slack.provider import escaped
from signalbox.providers.slack.settings import SlackSettings
from signalbox.providers.slack.tasks import message_url

_HOSTS: Final = frozenset(
    {
        UrlOrigin(scheme="https", host="hooks.slack.com", port=443),
        UrlOrigin(scheme="https", host="hooks.slack-gov.com", port=443),
    }
)


@frozen
class SlackFollowUp(FollowUpApi):
    """The `response_url` of a request, at Slack's hosts or that of the source's API.

    Only the person sees the message, and the one with the button stays as it is.
    """

    api_url: str

    @property
    @override
    def lifetime(self) -> timedelta:
        return timedelta(minutes=29)

    @override
    def request(self, received: InboundRequest, outcome: str) -> HttpRequest:
        form = read_form(received)
        if isinstance(form, SlashCommand):
            url, link = form.response_url, None
        else:
            url, link = form.outcome_url, message_url(form)
        if not url or not self._is_of_slack(url):
            raise SendRefused("the request has no response_url of Slack")
        message = {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": escaped(outcome) + (f" (<{escaped(link)}|message>)" if link else ""),
        }
        return HttpRequest(
            url=url,
            headers={"Content-Type": "application/json; charset=utf-8"},
            body=json.dumps(message).encode(),
        )

    def _is_of_slack(self, url: str) -> bool:
        try:
            return UrlOrigin.of(url) in {*_HOSTS, UrlOrigin.of(self.api_url)}
        except ValueError:
            return False


def _open(settings: Mapping[str, JsonValue]) -> FollowUpApi:
    return SlackFollowUp(api_url=parse_settings(SlackSettings, settings).api_url)


FOLLOW_UP: Final = _open
