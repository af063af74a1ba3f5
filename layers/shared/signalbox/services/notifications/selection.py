"""Select the subscriptions of a change."""

from collections.abc import Iterable

from signalbox.models.change import Change
from signalbox.models.config import Subscription, subscription_matches


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
