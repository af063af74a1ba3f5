"""Request and response bodies of subscriptions."""

from signalbox.models.base import Model
from signalbox.models.subscription import Subscription


class SubscriptionList(Model):
    """Every subscription."""

    items: tuple[Subscription, ...]
