"""Select the subscriptions of a change, and say when its message may be sent."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from signalbox.models.change import Change
from signalbox.models.subscription import Subscription, subscription_matches


def selecting(subscriptions: Iterable[Subscription], change: Change) -> list[Subscription]:
    """Return the subscriptions that select a change: their filters match, and `when` is true.

    An expression that fails for a change selects it: a message too many can be seen, one too few
    cannot.
    """
    matching = [each for each in subscriptions if subscription_matches(each, change)]
    if not any(each.when for each in matching):
        return matching
    from signalbox.models.expressions import (  # noqa: PLC0415  rarely needed
        ExpressionFailed,
        evaluate,
        is_true,
    )

    document = change.model_dump(mode="json")

    def holds(expression: str) -> bool:
        try:
            return is_true(evaluate(expression, document))
        except ExpressionFailed:
            return True

    return [each for each in matching if each.when is None or holds(each.when)]


def quiet_until(
    subscriptions: Sequence[Subscription], change: Change, now: datetime
) -> datetime | None:
    """Return until when the message of a change waits, None if it is sent now.

    It is sent as soon as one of the subscriptions has no quiet time. A time zone that this runtime
    does not have keeps no message back.
    """
    ends = [end for each in subscriptions if (end := _quiet_end(each, change, now))]
    return min(ends) if ends and len(ends) == len(subscriptions) else None


def digesting(subscriptions: Sequence[Subscription], change: Change) -> Subscription | None:
    """Return the subscription in whose digest a change is, None if its message is its own.

    It is one of its own as soon as one of the subscriptions has no digest, or does not let the
    change wait.
    """
    if not all(each.digest for each in subscriptions):
        return None
    if any(each.quiet_hours and each.quiet_hours.spares(change) for each in subscriptions):
        return None
    return next(iter(subscriptions), None)


def _quiet_end(subscription: Subscription, change: Change, now: datetime) -> datetime | None:
    quiet = subscription.quiet_hours
    if quiet is None or quiet.spares(change):
        return None
    try:
        return quiet.until(now)
    except ValueError:
        return None
