"""Subscriptions: which changes go to which connection."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from signalbox.http.lists import Id
from signalbox.http.routing import Routes, said
from signalbox.http.things import (
    IfMatch,
    IfNoneMatch,
    as_json,
    listing,
    must_match,
    nothing,
    put,
    putting,
    removing,
    showing,
    shown,
)
from signalbox.models.base import Model
from signalbox.models.config import Subscription
from signalbox.models.errors import Conflict
from signalbox.models.principal import Scope
from signalbox.services.configure import Configure

SUBSCRIPTIONS = "/api/v1/subscriptions"
_SUBSCRIPTION = f"{SUBSCRIPTIONS}/<subscription_id>"
_TAG = "config"

SubscriptionBody = Annotated[Subscription, as_json(Subscription), Body()]


class SubscriptionList(Model):
    """Every subscription."""

    items: tuple[Subscription, ...]


def add_subscriptions(routes: Routes, *, configure: Configure) -> None:
    """Adds the routes."""

    @routes.add(
        listing(SUBSCRIPTIONS, _TAG, Scope.CONFIG_READ, "List the subscriptions", SubscriptionList)
    )
    def list_subscriptions() -> Response[str]:
        return said(SubscriptionList(items=tuple(configure.all(Subscription))))

    @routes.add(
        showing(_SUBSCRIPTION, _TAG, Scope.CONFIG_READ, "Show a subscription", Subscription)
    )
    def show_subscription(subscription_id: Id, known: IfNoneMatch = None) -> Response[str]:
        return shown(configure.get(Subscription, subscription_id), known)

    @routes.add(
        putting(_SUBSCRIPTION, _TAG, Scope.CONFIG_WRITE, "Configure a subscription", Subscription)
    )
    def put_subscription(
        subscription_id: Id,
        body: SubscriptionBody,
        meant: IfMatch = None,
        known: IfNoneMatch = None,
    ) -> Response[str]:
        if body.id != subscription_id:
            raise Conflict("the body names another subscription than the path")
        new = configure.put(body, must_match(meant, known))
        return put(body, routes.call(), new=new)

    @routes.add(removing(_SUBSCRIPTION, _TAG, Scope.CONFIG_WRITE, "Remove a subscription"))
    def remove_subscription(subscription_id: Id, meant: IfMatch = None) -> Response[str]:
        configure.remove(configure.get(Subscription, subscription_id), must_match(meant, None))
        return nothing()
