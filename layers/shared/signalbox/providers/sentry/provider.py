"""Sentry as a provider."""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from typing_extensions import override

from signalbox.ingress.command_text import IGNORED_AS_OWN
from signalbox.ingress.payload import decode_json
from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.providers.sentry import payload
from signalbox.providers.sentry.commands import command_text
from signalbox.providers.sentry.setup import SETUP
from signalbox.providers.sentry.signature import COMPONENT_SCHEME, SCHEME
from signalbox.providers.sentry.tasks import event_of

_RESOURCE: Final = re.compile(r"[a-z_]{1,64}")
_INSTALLATION: Final = "installation"

_ACTIONS: Final[Mapping[str, Sequence[str]]] = {
    "issue": ("created", "resolved", "assigned", "archived", "ignored", "unresolved"),
    "event_alert": ("triggered",),
    "activity_alert": ("triggered",),
    "metric_alert": ("open", "critical", "warning", "resolved"),
    "comment": ("created", "updated", "deleted"),
}
"""The actions of the resources that are read.

https://docs.sentry.io/integrations/integration-platform/webhooks/ and, for `ignored` and `open`,
https://github.com/getsentry/sentry/blob/master/src/sentry/sentry_apps/event_types.py
"""

_DETAILS: Final = {
    "issue.created": frozenset({"fatal", "error", "warning", "info", "debug", "sample"})
}


class Sentry(HmacProvider):
    """The internal and public integrations of sentry.io and of self-hosted Sentry."""

    name: ClassVar[str] = "sentry"
    setup: ClassVar[ProviderSetup] = SETUP
    scheme: ClassVar[HmacScheme] = SCHEME
    own_headers: ClassVar[frozenset[str]] = frozenset(
        {"request-id", "sentry-hook-resource", "sentry-hook-timestamp"}
    )
    events: ClassVar[EventVocabulary] = {
        f"{resource}.{action}": _DETAILS.get(f"{resource}.{action}")
        for resource, actions in _ACTIONS.items()
        for action in actions
    }
    deadline: ClassVar[float] = 1.0

    @override
    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        """Return the index of the secret that signed the request, or that of a UI component.

        Raises:
            SignatureInvalid: The request was not signed with any of them.
            SecretMissing: There is no secret to verify with.
        """
        scheme = SCHEME if SCHEME.header in request.headers else COMPONENT_SCHEME
        return scheme.verify(request, secrets, self.clock)

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the event in a verified request: at most one.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        resource = request.header("sentry-hook-resource")
        if not resource:
            return ParsedPayload(
                type="ui_component", ignored="the request of a UI component is no event"
            )
        if not _RESOURCE.fullmatch(resource):
            raise PayloadInvalid("the header Sentry-Hook-Resource names no resource")
        if resource not in _ACTIONS and resource != _INSTALLATION:
            return ParsedPayload(type=resource, ignored=f"the resource {resource} is not read")
        document = decode_json(request)
        action = payload.action_of(document)
        type_ = f"{resource}.{action}"
        if resource == _INSTALLATION:
            return ParsedPayload(type=type_, handshake=Answer())
        if action not in _ACTIONS[resource]:
            return ParsedPayload(type=type_, ignored=f"the event {type_} is not read")
        found = payload.read(document)
        text = command_text(resource, found)
        if text.ours:
            return ParsedPayload(type=type_, ignored=IGNORED_AS_OWN)
        return ParsedPayload(type=type_, events=(event_of(resource, found, text),))


PROVIDER: Final = Sentry
