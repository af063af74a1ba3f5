"""Discord as a provider."""

import json
import re
from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import JsonValue
from typing_extensions import override

from signalbox.ingress.command_text import NO_TEXT
from signalbox.ingress.delivery_key import delivery_key_in_body
from signalbox.ingress.payload import decode_json, require, validate
from signalbox.ingress.provider import WebhookProvider
from signalbox.models.errors import Conflict
from signalbox.models.event import Answer, Event, ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.models.text import one_line
from signalbox.providers.discord import commands, signature, tasks
from signalbox.providers.discord.payload import (
    ApplicationEvent,
    CommandData,
    ComponentData,
    Heading,
    Interaction,
    InteractionType,
    WebhookType,
)
from signalbox.providers.discord.setup import SETUP

_INTERACTIONS: Final = {kind.value: kind.name.lower() for kind in InteractionType}
_APPLICATION_EVENTS: Final = (
    *("application_authorized", "application_deauthorized", "quest_user_enrollment"),
    *("entitlement_create", "entitlement_update", "entitlement_delete"),
)
_PONG: Final = Answer(body='{"type":1}')
_NO_CHOICES: Final = Answer(body='{"type":8,"data":{"choices":[]}}')
_RECEIVED: Final = Answer(body="", status=204)

_IGNORED_AS_OWN: Final = "it is about a message of our own application, or has our marker"
_EPHEMERAL: Final = 64
_DEFERRED: Final = Answer(body=json.dumps({"type": 5, "data": {"flags": _EPHEMERAL}}))
"""The answer if the outcome follows: Discord shows that the application is thinking."""

_MAX_CONTENT: Final = 1_900
_MARKUP: Final = re.compile(r"[\\*_~`|>#\[\]<]")


class Discord(WebhookProvider):
    """An application of Discord: its commands, buttons, menus, modals and events."""

    __slots__ = ()

    name: ClassVar[str] = "discord"
    setup: ClassVar[ProviderSetup] = SETUP
    events: ClassVar[EventVocabulary] = {
        "application_command": None,
        "message_component": None,
        "modal_submit": None,
        **dict.fromkeys(_APPLICATION_EVENTS, frozenset[str]()),
    }
    deadline: ClassVar[float] = 3.0

    @property
    @override
    def signature_header(self) -> str:
        return signature.HEADER

    @override
    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        return signature.verify(request, secrets, self.clock)

    @override
    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        return signature.sign(request, secret, self.clock)

    @override
    def verification_secret(self, secret: str) -> str:
        return signature.public_key(secret)

    @override
    def check_secret(self, secret: str) -> None:
        if signature.key_bytes(secret) is None:
            raise Conflict("the secret is the public key of the application: 64 hexadecimal digits")

    @override
    def delivery_key(self, request: InboundRequest) -> str:
        return delivery_key_in_body(request, "id")

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the event in a verified request: at most one.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        document = decode_json(request)
        heading = validate(Heading, document)
        if heading.type == WebhookType.PING:
            return ParsedPayload(type="ping", handshake=_RECEIVED)
        if heading.event is not None:
            return _from_event(heading.event)
        return _from_interaction(heading.type, document)


def _from_event(document: JsonValue) -> ParsedPayload:
    event = validate(ApplicationEvent, document)
    type_ = event.type.lower()
    if type_ not in _APPLICATION_EVENTS:
        ignored = f"the event {type_} is not read"
        return ParsedPayload(type=type_, ignored=ignored, answer=_RECEIVED)
    events = (tasks.application_event(type_, event, NO_TEXT),)
    return ParsedPayload(type=type_, events=events, answer=_RECEIVED)


def _from_interaction(kind: int, document: JsonValue) -> ParsedPayload:
    type_ = _INTERACTIONS.get(kind, f"interaction_{kind}")
    match kind:
        case InteractionType.PING:
            return ParsedPayload(type="ping", handshake=_PONG)
        case InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE:
            ignored = "there are no suggestions while somebody types"
            return ParsedPayload(type=type_, ignored=ignored, answer=_NO_CHOICES)
    if type_ not in Discord.events:
        return ParsedPayload(type=type_, ignored=f"the event {type_} is not read")
    event = _event_of(type_, validate(Interaction, document))
    if event is None:
        return ParsedPayload(type=type_, ignored=_IGNORED_AS_OWN, reply=ephemeral)
    return ParsedPayload(type=type_, events=(event,), reply=ephemeral, deferred=_DEFERRED)


def _event_of(type_: str, interaction: Interaction) -> Event | None:
    """Return the event of an interaction, none if it is about a message of our own."""
    if type_ == "application_command":
        command = validate(CommandData, require(interaction.data, "data"))
        text = commands.command_text(interaction, command)
        return None if text.ours else tasks.command_event(interaction, command, text)
    component = validate(ComponentData, require(interaction.data, "data"))
    is_modal = type_ == "modal_submit"
    text = NO_TEXT if is_modal else commands.component_text(interaction, component)
    return None if text.ours else tasks.component_event(type_, interaction, component, text)


def ephemeral(outcome: str) -> Answer:
    """Return the answer to an interaction: a message that only its sender sees.

    https://docs.discord.com/developers/interactions/receiving-and-responding
    """
    data: JsonValue = {**message_data(outcome), "flags": _EPHEMERAL}
    return Answer(body=json.dumps({"type": 4, "data": data}))


def message_data(outcome: str) -> dict[str, JsonValue]:
    """Return a message with the outcome, without markup and mentions."""
    content = _MARKUP.sub(lambda character: f"\\{character[0]}", one_line(outcome, _MAX_CONTENT))
    return {"content": content[:2_000], "allowed_mentions": {"parse": []}}


PROVIDER: Final = Discord
