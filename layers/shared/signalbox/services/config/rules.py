"""The rules of the configuration: a filter that can never match is a mistake.

`signalbox apply` and the API check these rules when a resource is written. A stored resource can be
read whatever it contains.
"""

import re
from collections.abc import Iterator
from typing import Final

from signalbox.models.errors import TemplateInvalid
from signalbox.models.event_vocabulary import (
    ANY_EVENT,
    EventVocabulary,
    Vocabularies,
    event_words,
    matches_event,
    suggest,
)
from signalbox.models.manifest import ManifestError
from signalbox.models.schedule import Schedule
from signalbox.models.schedule_runs import SCHEDULE_PROVIDER
from signalbox.models.service import Service
from signalbox.models.service_route import ServiceRoute
from signalbox.models.source import Source
from signalbox.models.subscription import Subscription
from signalbox.models.task import ChangeType, TaskStatus
from signalbox.services.config.gateway_rules import route_violations, service_violations
from signalbox.services.ports.deliveries import Providers
from signalbox.services.ports.time import utc_now

API: Final = "api"
"""The provider name of tasks that were created through the API."""

_COMMAND: Final = re.compile(r"(?:[a-z]|\*)[a-z0-9*-]{0,31}", re.IGNORECASE)
_KIND: Final = re.compile(r"(?:[a-z]|\*)[a-z0-9._*-]{0,99}", re.IGNORECASE)
_PERSON: Final = re.compile(r"[^\s@][^\s]*")

_BEGINNINGS: Final = frozenset({TaskStatus.PENDING, TaskStatus.AWAITING_APPROVAL})

_STATUSES: Final = {
    ChangeType.CREATED: _BEGINNINGS,
    ChangeType.APPROVED: frozenset({TaskStatus.PENDING}),
    ChangeType.STARTED: frozenset({TaskStatus.RUNNING}),
    ChangeType.RELEASED: frozenset({TaskStatus.PENDING}),
    ChangeType.RETRYING: frozenset({TaskStatus.PENDING}),
    ChangeType.LEASE_LOST: frozenset({TaskStatus.PENDING}),
    ChangeType.SUCCEEDED: frozenset({TaskStatus.SUCCEEDED}),
    ChangeType.FAILED: frozenset({TaskStatus.FAILED}),
    ChangeType.CANCELLED: frozenset({TaskStatus.CANCELLED}),
    ChangeType.RETRIED: _BEGINNINGS,
    ChangeType.READY: frozenset({TaskStatus.PENDING}),
}
"""The statuses that a task may have after each change; an update does not change the status."""


def vocabularies_of(providers: Providers) -> Vocabularies:
    """Return the events of each provider."""
    return {name: create().events for name, create in providers.items()}


def rule_violations(resource: object, vocabularies: Vocabularies) -> Iterator[ManifestError]:
    """Yield what is wrong with a resource, with the path within it, such as `events[0]`."""
    match resource:
        case Source():
            yield from _in_source(resource, vocabularies.get(resource.provider))
        case Subscription():
            yield from _in_subscription(resource, vocabularies)
        case Service():
            yield from service_violations(resource)
        case ServiceRoute():
            yield from route_violations(resource)
        case Schedule():
            from signalbox.services.config.schedule_rules import (  # noqa: PLC0415  rarely needed
                schedule_violations,
            )

            yield from schedule_violations(resource)
        case _:
            return


def _in_source(source: Source, events: EventVocabulary | None) -> Iterator[ManifestError]:
    for index, pattern in enumerate(source.events):
        if events is not None and not matches_event(pattern, events):
            known = event_words(events) if ":" in pattern else events
            reason = f'"{pattern}" matches no event that {source.provider} sends'
            yield _error("events", index, reason, suggest(pattern, known))
    for index, pattern in enumerate(source.commands):
        if not _COMMAND.fullmatch(pattern):
            reason = (
                f'"{pattern}" matches no command, which is named by letters, digits and hyphens'
            )
            suggested = re.sub(r"[^a-z0-9*-]+", "-", pattern.lower()).strip("-")
            yield _error(
                "commands", index, reason, f'did you mean "{suggested}"?' if suggested else ""
            )
    for group in ("authors", "bots"):
        for index, pattern in enumerate(getattr(source, group)):
            if not _PERSON.fullmatch(pattern):
                reason = f'"{pattern}" matches nobody: names stand without @ and without blanks'
                yield _error(group, index, reason)
    if source.has_event_rules:
        from signalbox.services.config.source_rules import (  # noqa: PLC0415  rarely needed
            source_rule_violations,
        )

        yield from source_rule_violations(source)


def _in_subscription(
    subscription: Subscription, vocabularies: Vocabularies
) -> Iterator[ManifestError]:
    if not subscription.changes:
        yield ManifestError(path="changes", reason="is empty, so that nothing would ever be sent")
    providers = {API: None, SCHEDULE_PROVIDER: None, **dict.fromkeys(vocabularies)}
    for index, pattern in enumerate(subscription.providers):
        if not matches_event(pattern, providers):
            yield _error(
                "providers",
                index,
                f'"{pattern}" matches no provider',
                suggest(pattern, providers),
            )
    for index, pattern in enumerate(subscription.kinds):
        yield from _in_kind(index, pattern, vocabularies)
    for index, pattern in enumerate(subscription.repositories):
        if not re.search(r"[/*]", pattern) or re.search(r"\s|://", pattern):
            reason = f'"{pattern}" matches no repository, which is named as in owner/name'
            yield _error("repositories", index, reason)
    if subscription.when or subscription.quiet_hours:
        from signalbox.services.config.subscription_rules import (  # noqa: PLC0415  rarely needed
            subscription_rule_violations,
        )

        yield from subscription_rule_violations(subscription)
    if subscription.template is not None:
        yield from _in_template(subscription.template)
    possible = frozenset().union(
        *(_STATUSES.get(change, frozenset(TaskStatus)) for change in subscription.changes)
    )
    statuses = set(subscription.statuses)
    if subscription.changes and statuses and not statuses & possible:
        states = ", ".join(sorted(str(status) for status in possible))
        reason = f"none of these changes leaves a task in one of these states, only in {states}"
        yield ManifestError(path="statuses", reason=reason)


def _in_template(template: str) -> Iterator[ManifestError]:
    from signalbox.services.notifications.example_change import (  # noqa: PLC0415  rarely needed
        example_change,
    )
    from signalbox.services.notifications.message_template import (  # noqa: PLC0415
        MessageTemplate,
    )

    try:
        checked = MessageTemplate(template)
        for change in ChangeType:
            checked.render(example_change(change, stack="example", at=utc_now()))
    except TemplateInvalid as invalid:
        yield ManifestError(path="template", reason=invalid.reason)


def _in_kind(index: int, pattern: str, vocabularies: Vocabularies) -> Iterator[ManifestError]:
    """Yield what is wrong with a kind: an event, a command, or a word that an API client chose.

    Only near misses are reported.
    """
    known = (vocabulary for vocabulary in vocabularies.values() if vocabulary != ANY_EVENT)
    events = {event: None for vocabulary in known for event in vocabulary}
    if ":" in pattern:
        reason = f'"{pattern}" matches no kind: the kind of a task is its event without the detail'
        yield _error("kinds", index, reason, f'did you mean "{pattern.partition(":")[0]}"?')
    elif not _KIND.fullmatch(pattern):
        reason = f'"{pattern}" matches no kind, which is a command or an event'
        yield _error("kinds", index, reason, suggest(pattern, events))
    elif _is_of(pattern, events) and not matches_event(pattern, events):
        yield _error("kinds", index, f'"{pattern}" matches no event', suggest(pattern, events))


def _is_of(pattern: str, events: EventVocabulary) -> bool:
    """Return whether the pattern is for an action of one of these events."""
    name, dot, _ = pattern.partition(".")
    return bool(dot) and name in {event.partition(".")[0] for event in events}


def _error(group: str, index: int, reason: str, hint: str = "") -> ManifestError:
    return ManifestError(path=f"{group}[{index}]", reason="; ".join(filter(None, (reason, hint))))
