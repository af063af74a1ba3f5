"""The double of a forge, from which the webhook comes, and where its source answers.

A source has no setting for the address of the pages of a forge, which follows from that of the API.
So the URLs of the sample become those of a server of one's own, which the double stands in for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from cli.api_client import session_for
from cli.demo.targets import ServedDouble
from cli.demo.webhooks import DemoWebhook
from cli.doubles.double import new_double
from cli.doubles.serve import double_url
from cli.errors import CommandError
from cli.locate import local_stack
from cli.target import Target
from signalbox.models.ids import ConnectionId

FORGES: Final[Mapping[str, str]] = {
    "github": "/api/v3",
    "gitlab": "/doubles/gitlab/api/v4",
    "gitea": "/doubles/gitea/api/v1",
}
"""The providers whose doubles can be answered, and where the echo target serves their API."""

_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyingDouble:
    """A webhook that comes from a double, which shows the answers to it."""

    webhook: DemoWebhook
    double: ServedDouble


def replying_double(target: Target, webhook: DemoWebhook) -> ReplyingDouble:
    """Return the webhook as it comes from a new double of its provider.

    Raises:
        CommandError: The double has no token.
        Unreachable: The stack is not running.
    """
    echo_url = local_stack(target).echo_url
    url = double_url(echo_url, webhook.provider.name)
    session = session_for(url)
    session.delete(url, timeout=_TIMEOUT)
    webhook = from_double(webhook, echo_url)
    connection = ConnectionId(f"reply:{webhook.source.key}")
    double = ServedDouble(connection=connection, url=url, session=session)
    return ReplyingDouble(webhook=webhook, double=double)


def from_double(webhook: DemoWebhook, echo_url: str) -> DemoWebhook:
    """Return the webhook with the URLs of the double, of a source that answers there.

    Raises:
        CommandError: The double has no token.
    """
    name = webhook.provider.name
    double = new_double(name)
    url = double_url(echo_url, name)
    token = double.secret(url)
    if token is None:
        raise CommandError(f"the double of {name} has no token")
    api_url = echo_url + FORGES[name]
    web_url = api_url.rpartition("/api/")[0]
    sample = webhook.sample.moved(str(double.settings(url)["web_url"]), web_url)
    settings = {**sample.settings, "api_url": api_url}
    return replace(
        webhook,
        provider=webhook.provider.with_settings(settings),
        sample=sample.model_copy(update={"settings": settings}),
        token=token,
    )
