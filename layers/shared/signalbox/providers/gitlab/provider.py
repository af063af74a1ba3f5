"""GitLab as a provider."""

import re
from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar, Final

from typing_extensions import override

from signalbox.ingress.command_text import IGNORED_AS_OWN
from signalbox.ingress.delivery_key import delivery_key
from signalbox.ingress.payload import decode_json, require
from signalbox.ingress.provider import WebhookProvider
from signalbox.models.errors import Conflict
from signalbox.models.event import ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.frozen import frozen
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.providers.gitlab import commands, payload, signature, tasks
from signalbox.providers.gitlab.settings import GitLabSettings
from signalbox.providers.gitlab.setup import SETUP

_UUID: Final = re.compile(r"[0-9a-fA-F-]{36}")
_PLACES: Final = frozenset({"commit", "issue", "merge_request", "snippet"})
_PIPELINE_STATES: Final = frozenset(
    {
        *("canceled", "canceling", "created", "failed", "manual", "pending", "preparing"),
        *("running", "scheduled", "skipped", "success", "waiting_for_callback"),
        "waiting_for_resource",
    }
)
_DETAILS: Final = {
    "note.create": _PLACES,
    "note.update": _PLACES,
    "pipeline": _PIPELINE_STATES,
    "build": _PIPELINE_STATES,
}


@frozen
class GitLab(WebhookProvider):
    """gitlab.com and self-managed GitLab."""

    settings: GitLabSettings = field(default_factory=GitLabSettings.model_construct)

    name: ClassVar[str] = "gitlab"
    setup: ClassVar[ProviderSetup] = SETUP
    delivery_header: ClassVar[str] = "idempotency-key"
    own_headers: ClassVar[frozenset[str]] = frozenset(
        {
            *("webhook-id", "webhook-timestamp", "x-gitlab-event", "x-gitlab-event-uuid"),
            *("x-gitlab-instance", "x-gitlab-webhook-uuid"),
        }
    )
    events: ClassVar[EventVocabulary] = {type_: _DETAILS.get(type_) for type_ in tasks.EVENT_TYPES}

    @property
    @override
    def signature_header(self) -> str:
        return signature.PLAIN_HEADER

    @override
    def check_secret(self, secret: str) -> None:
        """Check a secret before it is stored.

        Raises:
            Conflict: It looks like a signing token, but is not the base64 of 32 bytes.
        """
        if signature.is_signing_token(secret) and not signature.is_well_formed(secret):
            raise Conflict("a signing token of GitLab is whsec_ and the base64 of 32 bytes")

    @property
    @override
    def uses_token(self) -> bool:
        return self.settings.redelivery is not None

    @override
    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        return signature.verify(request, secrets, self.clock)

    @override
    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        return signature.sign(request, secret, self.clock)

    @override
    def delivery_key(self, request: InboundRequest) -> str:
        """Return GitLab's id of the delivery, or in older versions the event and a hash.

        One event has the same UUID in every webhook that reports it.
        """
        key = delivery_key(request, "idempotency-key", "webhook-id")
        event = request.header("x-gitlab-event-uuid")
        is_hash = key.startswith("sha256:")
        return f"{event}:{key}" if is_hash and _UUID.fullmatch(event) else key

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the event in a verified request: at most one.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        document = decode_json(request)
        kind = require(payload.kind_of(document), "object_kind")
        if not tasks.is_read(kind):
            return ParsedPayload(type=kind, ignored=f"the event {kind} is not read")
        found = payload.read(document)
        action = tasks.action_of(kind, found)
        type_ = tasks.event_type(kind, action)
        if type_ not in self.events:
            return ParsedPayload(type=type_, ignored=_not_read(type_, action))
        if found.object_attributes and found.object_attributes.system:
            return ParsedPayload(type=type_, ignored="GitLab itself wrote the comment")
        text = commands.command_text(kind, action, found)
        if text.ours:
            return ParsedPayload(type=type_, ignored=IGNORED_AS_OWN)
        return ParsedPayload(type=type_, events=(tasks.event_of(kind, type_, found, text),))


def _not_read(type_: str, action: str | None) -> str:
    if action is None:
        return f"the event {type_} has no action, as the button Test sends it"
    return f"the event {type_} is not read"


PROVIDER: Final = GitLab
