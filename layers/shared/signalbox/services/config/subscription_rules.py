"""Check the rules of a subscription: expressions that name what changes have, and time zones."""

from collections.abc import Iterator
from typing import Final

from signalbox.models.change import Change, TaskView
from signalbox.models.event_vocabulary import suggest
from signalbox.models.manifest import ManifestError
from signalbox.models.subscription import Subscription
from signalbox.services.config.expression_rules import expression_faults
from signalbox.services.ports.time import utc_now

_CHANGE: Final = dict.fromkeys(Change.model_fields)
_TASK: Final = dict.fromkeys(TaskView.model_fields)
_DATA: Final = "data"


def subscription_rule_violations(subscription: Subscription) -> Iterator[ManifestError]:
    """Yield what is wrong with the rules of a subscription, with the path within it."""
    if subscription.when is not None:
        for reason in expression_faults(subscription.when, _name_fault):
            yield ManifestError(path="when", reason=reason)
    if subscription.quiet_hours is not None:
        try:
            subscription.quiet_hours.until(utc_now())
        except ValueError as invalid:
            yield ManifestError(path="quiet_hours.timezone", reason=str(invalid))


def _name_fault(name: str, member: str | None) -> str | None:
    if name not in _CHANGE:
        hint = f"is it data.{name}?" if name in _TASK else suggest(name, _CHANGE)
        return f'names "{name}", which no change has; {hint}'
    if name == _DATA and member is not None and member not in _TASK:
        return f'names "data.{member}", which no task has; {suggest(member, _TASK)}'
    return None
