"""GitHub as a provider."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import ClassVar, Final

from typing_extensions import override

from signalbox.ingress.command_text import IGNORED_AS_OWN
from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.frozen import frozen
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.providers.github import commands, payload, tasks
from signalbox.providers.github.settings import GitHubSettings
from signalbox.providers.github.setup import SETUP
from signalbox.providers.github.signature import SCHEME

_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN (?:RSA )?PRIVATE KEY-----\s[A-Za-z0-9+/=\s]+-----END (?:RSA )?PRIVATE KEY-----"
)
_EVENT: Final = re.compile(r"[a-z0-9_]{1,64}")

_ACTIONS: Final[Mapping[str, Sequence[str]]] = {
    "issue_comment": ("created", "edited", "deleted"),
    "issues": ("opened", "edited", "labeled", "assigned"),
    "pull_request": (
        *("opened", "reopened", "synchronize", "edited", "labeled", "review_requested"),
    ),
    "pull_request_review": ("submitted", "edited", "dismissed"),
    "pull_request_review_comment": ("created", "edited", "deleted"),
    "push": ("",),
    "workflow_run": ("requested", "in_progress", "completed"),
    "check_run": ("created", "completed", "rerequested", "requested_action"),
    "release": (
        *("created", "edited", "deleted", "published"),
        *("unpublished", "prereleased", "released"),
    ),
    "discussion": ("created", "edited"),
    "discussion_comment": ("created", "edited", "deleted"),
}
"""The actions of the events that are read, as GitHub documents them.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

_CONCLUSIONS: Final = tasks.FAILURES | {
    *("action_required", "cancelled", "failure", "neutral", "skipped", "stale", "success"),
}
_DETAILS: Final = {"workflow_run.completed": _CONCLUSIONS, "check_run.completed": _CONCLUSIONS}


@frozen
class GitHub(HmacProvider):
    """github.com and GitHub Enterprise Server."""

    settings: GitHubSettings = field(default_factory=GitHubSettings.model_construct)

    name: ClassVar[str] = "github"
    setup: ClassVar[ProviderSetup] = SETUP
    scheme: ClassVar[HmacScheme] = SCHEME
    delivery_header: ClassVar[str] = "x-github-delivery"
    own_headers: ClassVar[frozenset[str]] = frozenset(
        {
            "x-github-enterprise-host",
            "x-github-enterprise-version",
            "x-github-event",
            "x-github-hook-id",
            "x-github-hook-installation-target-id",
            "x-github-hook-installation-target-type",
        }
    )
    events: ClassVar[EventVocabulary] = {
        tasks.event_type(event, action): _DETAILS.get(f"{event}.{action}")
        for event, actions in _ACTIONS.items()
        for action in actions
    }

    @property
    @override
    def uses_token(self) -> bool:
        return self.settings.redelivery is not None

    @override
    def check_token(self, token: str) -> None:
        if not _PRIVATE_KEY.fullmatch(token):
            super(GitHub, self).check_token(token)  # noqa: UP008  slots replace the class

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the event in a verified request: at most one.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        name = request.header("x-github-event")
        if not _EVENT.fullmatch(name):
            raise PayloadInvalid("the header X-GitHub-Event names no event")
        if name == "ping":
            return ParsedPayload(type=name, handshake=Answer())
        if not tasks.is_read(name):
            return ParsedPayload(type=name, ignored=f"the event {name} is not read")
        document = payload.decoded(request)
        action = payload.action_of(document)
        type_ = tasks.event_type(name, action)
        if not tasks.is_read(name, action):
            return ParsedPayload(type=type_, ignored=f"the event {type_} is not read")
        found = payload.read(document)
        text = commands.command_text(name, found)
        if text.ours:
            return ParsedPayload(type=type_, ignored=IGNORED_AS_OWN)
        return ParsedPayload(type=type_, events=(tasks.event_of(name, found, text),))


PROVIDER: Final = GitHub
