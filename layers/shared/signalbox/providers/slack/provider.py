"""Slack as a provider."""

import json
from dataclasses import field
from typing import ClassVar, Final

from typing_extensions import override

from signalbox.ingress.delivery_key import delivery_key_in_body
from signalbox.ingress.payload import is_form, require
from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.frozen import frozen
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.providers.slack import commands, tasks
from signalbox.providers.slack.payload import (
    CHANGES,
    Envelope,
    InnerEvent,
    Interaction,
    SlashCommand,
    read_envelope,
    read_event,
    read_form,
    read_heading,
)
from signalbox.providers.slack.settings import SlackSettings
from signalbox.providers.slack.setup import SETUP
from signalbox.providers.slack.signature import SCHEME

_CHANNEL_TYPES: Final = frozenset({"app_home", "channel", "group", "im", "mpim"})
_NEW_MESSAGES: Final = frozenset(
    {None, "", "bot_message", "file_share", "me_message", "thread_broadcast"}
)
_EVENTS: Final[EventVocabulary] = {
    "app_mention": frozenset(),
    "message": _CHANNEL_TYPES,
    "message_changed": _CHANNEL_TYPES,
    "message_deleted": _CHANNEL_TYPES,
    "reaction_added": None,
}
_INTERACTIONS: Final = ("block_actions", "message_action", "shortcut", "view_submission")
_EMPTY: Final = Answer(body="", media_type="text/plain")
"""The answer to an interaction: Slack shows or refuses any other body."""
_LATER: Final = Answer(
    body='{"response_type": "ephemeral", "text": "Accepted. The result follows."}'
)

_IGNORED_AS_OWN: Final = "it is from our own app, or has our marker"
_SPECIAL: Final = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}


@frozen
class Slack(HmacProvider):
    """An app of Slack: its events, slash commands, shortcuts, buttons and modals."""

    settings: SlackSettings = field(default_factory=SlackSettings.model_construct)

    name: ClassVar[str] = "slack"
    setup: ClassVar[ProviderSetup] = SETUP
    scheme: ClassVar[HmacScheme] = SCHEME
    own_headers: ClassVar[frozenset[str]] = frozenset({"x-slack-retry-num", "x-slack-retry-reason"})
    events: ClassVar[EventVocabulary] = {
        **_EVENTS,
        "slash_command": None,
        **dict.fromkeys(_INTERACTIONS),
    }
    deadline: ClassVar[float] = 3.0

    @override
    def answer_unsigned(self, request: InboundRequest) -> Answer | None:
        """Answer the request by which Slack checks the certificate of a slash command's URL.

        https://docs.slack.dev/interactivity/implementing-slash-commands
        """
        is_check = is_form(request) and b"ssl_check=1" in request.body.split(b"&")
        return Answer() if is_check else None

    @override
    def delivery_key(self, request: InboundRequest) -> str:
        """Return the id of an event, which its retries share.

        Slack sends commands and interactions once; their hash is unique by the trigger id, which is
        not recorded.
        """
        return delivery_key_in_body(request, "event_id")

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the event in a verified request: at most one.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        if not is_form(request):
            return _from_envelope(read_envelope(request))
        found = read_form(request)
        return _from_interaction(found) if isinstance(found, Interaction) else _from_slash(found)


def _from_envelope(envelope: Envelope) -> ParsedPayload:
    type_ = envelope.type
    if type_ == "url_verification":
        body = json.dumps({"challenge": require(envelope.challenge, "challenge")})
        return ParsedPayload(type=type_, handshake=Answer(body=body))
    if type_ == "app_rate_limited":
        return ParsedPayload(type=type_, ignored="Slack withheld events: over 30,000 in an hour")
    if type_ != "event_callback":
        return _not_read(type_)
    return _from_event(envelope)


def _from_event(envelope: Envelope) -> ParsedPayload:
    heading = read_heading(envelope)
    type_ = heading.name
    if type_ not in _EVENTS or heading.type in CHANGES:
        return _not_read(type_)
    if type_ == "message" and heading.subtype not in _NEW_MESSAGES:
        return ParsedPayload(type=type_, ignored="a message of this subtype is not read")
    event = read_event(envelope)
    text = commands.message_text(envelope, event)
    if text.ours:
        return ParsedPayload(type=type_, ignored=_IGNORED_AS_OWN)
    if type_ == "message_changed" and _is_unchanged(event):
        return ParsedPayload(type=type_, ignored="the text of the message did not change")
    return ParsedPayload(type=type_, events=(tasks.message_event(envelope, event, text),))


def _from_slash(command: SlashCommand) -> ParsedPayload:
    text = commands.slash_text(command)
    if text.ours:
        return ParsedPayload(type="slash_command", ignored=_IGNORED_AS_OWN)
    event = tasks.slash_event(command, text)
    return ParsedPayload(type=event.type, events=(event,), reply=ephemeral, deferred=_LATER)


def _from_interaction(interaction: Interaction) -> ParsedPayload:
    type_ = interaction.type
    follow_up = bool(interaction.outcome_url)
    if type_ not in _INTERACTIONS:
        ignored = f"the event {type_} is not read"
        return ParsedPayload(type=type_, ignored=ignored, answer=_EMPTY, follow_up=follow_up)
    text = commands.interaction_text(interaction)
    if text.ours:
        ignored = _IGNORED_AS_OWN
        return ParsedPayload(type=type_, ignored=ignored, answer=_EMPTY, follow_up=follow_up)
    only_opens = bool(interaction.action and interaction.action.url and text.text is None)
    return ParsedPayload(
        type=type_,
        events=(tasks.interaction_event(interaction, text),),
        answer=_EMPTY,
        follow_up=follow_up and not only_opens,
    )


def ephemeral(outcome: str) -> Answer:
    """Return the answer to a slash command: a message that only its sender sees."""
    message = {"response_type": "ephemeral", "text": escaped(outcome)}
    return Answer(body=json.dumps(message))


def escaped(text: str) -> str:
    """Return a text that Slack shows as it is, without links and mentions.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.translate(_SPECIAL)


def _not_read(type_: str) -> ParsedPayload:
    return ParsedPayload(type=type_, ignored=f"the event {type_} is not read")


def _is_unchanged(event: InnerEvent) -> bool:
    """Return whether Slack changed something else, such as the preview of a link."""
    after, before = event.message, event.previous_message
    return bool(after and before and after.text == before.text)


PROVIDER: Final = Slack
