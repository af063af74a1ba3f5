"""Subscriptions: configure them."""

from signalbox.http.crud import Crud, add_crud
from signalbox.http.routing import Routes
from signalbox.http.schemas.subscriptions import SubscriptionList
from signalbox.models.principal import Scope
from signalbox.models.subscription import Subscription
from signalbox.services.config.configure import Configure

SUBSCRIPTIONS = "/api/v1/subscriptions"


def add_subscriptions(routes: Routes, *, configure: Configure) -> None:
    """Add the routes."""
    add_crud(
        routes,
        Crud(
            kind=Subscription,
            path=f"{SUBSCRIPTIONS}/<subscription_id>",
            list_model=SubscriptionList,
            tag="config",
            read=Scope.CONFIG_READ,
            write=Scope.CONFIG_WRITE,
            all=lambda: SubscriptionList(items=tuple(configure.all(Subscription))),
            get=lambda key: configure.get(Subscription, key),
            put=lambda subscription, _context, check: configure.put(subscription, check),
            remove=configure.remove,
        ),
    )
