"""Gitea and Forgejo as one provider."""

import re
from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Final

from signalbox.ingress.command_text import IGNORED_AS_OWN
from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.frozen import frozen
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.providers.gitea import commands, payload, tasks
from signalbox.providers.gitea.settings import GiteaSettings
from signalbox.providers.gitea.setup import SETUP
from signalbox.providers.gitea.signature import SCHEME

_EVENT: Final = re.compile(r"[a-z0-9_]{1,64}")

_GROUPS: Final[Mapping[str, str]] = {
    "issue_assign": "issues",
    "issue_label": "issues",
    "pull_request_assign": "pull_request",
    "pull_request_label": "pull_request",
    "pull_request_review_request": "pull_request",
    "pull_request_sync": "pull_request",
}
"""The events that are named by their group, since the action says the rest."""

_COARSE: Final[Mapping[str, str]] = {
    "pull_request_approved": "pull_request_review_approved",
    "pull_request_comment": "pull_request_review_comment",
    "pull_request_rejected": "pull_request_review_rejected",
}
"""What the header X-Gitea-Event calls reviews; a comment on a pull request has another name there.

https://github.com/go-gitea/gitea/blob/main/modules/webhook/type.go
"""

_CONCLUSIONS: Final = frozenset({"cancelled", "failure", "skipped", "success"})
_STATES: Final = frozenset({"error", "failure", "pending", "skipped", "success", "warning"})
_DETAILS: Final = {"status": _STATES, "workflow_run.completed": _CONCLUSIONS}


@frozen
class Gitea(HmacProvider):
    """Gitea and Forgejo, which sends the headers of Gitea as well."""

    settings: GiteaSettings = field(default_factory=GiteaSettings.model_construct)

    name: ClassVar[str] = "gitea"
    setup: ClassVar[ProviderSetup] = SETUP
    scheme: ClassVar[HmacScheme] = SCHEME
    delivery_header: ClassVar[str] = "x-gitea-delivery"
    own_headers: ClassVar[frozenset[str]] = frozenset(
        {
            "x-forgejo-event-type",
            "x-gitea-event",
            "x-gitea-event-type",
            "x-gitea-hook-installation-target-type",
        }
    )
    events: ClassVar[EventVocabulary] = {type_: _DETAILS.get(type_) for type_ in tasks.EVENT_TYPES}
    deadline: ClassVar[float] = 5.0

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the event in a verified request: at most one.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        name = _event_name(request)
        if not tasks.is_read(name):
            return ParsedPayload(type=name, ignored=f"the event {name} is not read")
        document = payload.decoded(request)
        type_ = tasks.event_type(name, payload.action_of(document))
        if type_ not in self.events:
            return ParsedPayload(type=type_, ignored=f"the event {type_} is not read")
        found = payload.read(document)
        text = commands.command_text(name, found)
        if text.ours:
            return ParsedPayload(type=type_, ignored=IGNORED_AS_OWN)
        return ParsedPayload(type=type_, events=(tasks.event_of(name, found, text),))


def _event_name(request: InboundRequest) -> str:
    """Return the name of the event, by the finer header if it was sent."""
    coarse = request.header("x-gitea-event")
    name = request.header("x-gitea-event-type") or _COARSE.get(coarse, coarse)
    if not _EVENT.fullmatch(name):
        raise PayloadInvalid("the headers X-Gitea-Event-Type and X-Gitea-Event name no event")
    return _GROUPS.get(name, name)


PROVIDER: Final = Gitea
