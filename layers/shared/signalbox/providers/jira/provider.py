"""Jira as a provider."""

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar, Final

from typing_extensions import override

from signalbox.ingress.command_text import IGNORED_AS_OWN
from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.event import ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.frozen import frozen
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.providers.jira import commands, payload, tasks
from signalbox.providers.jira.settings import JiraSettings
from signalbox.providers.jira.setup import SETUP
from signalbox.providers.jira.signature import SCHEME
from signalbox.providers.jira.token import verify_token

_EVENTS: Final = (
    *("comment_created", "comment_updated", "comment_deleted"),
    *("issue_created", "issue_updated", "issue_deleted"),
)
_FIELDS: Final = (
    *("issue_created.labels", "issue_created.assignee"),
    *("issue_updated.labels", "issue_updated.assignee"),
    *("issue_updated.status", "issue_updated.description"),
)
"""The fields of issues that are events of their own; their details are labels, names of users, …"""


@frozen
class Jira(HmacProvider):
    """Jira Cloud, Server and Data Center.

    https://developer.atlassian.com/cloud/jira/platform/webhooks/
    """

    settings: JiraSettings = field(default_factory=JiraSettings.model_construct)

    name: ClassVar[str] = "jira"
    setup: ClassVar[ProviderSetup] = SETUP
    scheme: ClassVar[HmacScheme] = SCHEME
    delivery_header: ClassVar[str] = "x-atlassian-webhook-identifier"
    own_headers: ClassVar[frozenset[str]] = frozenset(
        {"x-atlassian-webhook-flow", "x-atlassian-webhook-retry", "x-atlassian-webhook-trace"}
    )
    events: ClassVar[EventVocabulary] = dict.fromkeys((*_EVENTS, *_FIELDS))
    deadline: ClassVar[float] = 5.0

    @override
    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        if self.signature_header in request.headers:
            return super(Jira, self).verify(request, secrets)  # noqa: UP008  slots replace the class
        return verify_token(request, secrets, self.clock)

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the events in a verified request: several if an update changes several fields.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        document = payload.decoded(request)
        name = payload.event_name(document)
        if name not in _EVENTS:
            return ParsedPayload(type=name, ignored=f"the event {name} is not read")
        found = payload.read(document)
        text = commands.command_text(name, found)
        if text.ours:
            return ParsedPayload(type=name, ignored=IGNORED_AS_OWN)
        if name == "issue_updated" and not any(commands.changes_of(found)):
            return ParsedPayload(type=name, ignored="the event issue_updated changes no field")
        return ParsedPayload(type=name, events=tasks.events_of(name, found, text))


PROVIDER: Final = Jira
