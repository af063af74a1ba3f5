"""Subscriptions: configure them."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from signalbox.http.crud import (
    IfMatch,
    IfNoneMatch,
    as_json,
    delete_route,
    get_route,
    list_route,
    no_content,
    precondition_check,
    put_response,
    put_route,
    resource_response,
)
from signalbox.http.pagination import IdPath
from signalbox.http.routing import Routes, json_response
from signalbox.http.schemas.subscriptions import SubscriptionList
from signalbox.models.config import Subscription
from signalbox.models.errors import Conflict
from signalbox.models.principal import Scope
from signalbox.services.config.configure import Configure

SUBSCRIPTIONS = "/api/v1/subscriptions"
_SUBSCRIPTION = f"{SUBSCRIPTIONS}/<subscription_id>"
_TAG = "config"

SubscriptionBody = Annotated[Subscription, as_json(Subscription), Body()]


def add_subscriptions(routes: Routes, *, configure: Configure) -> None:
    """Add the routes."""

    @routes.add(
        list_route(
            SUBSCRIPTIONS, _TAG, Scope.CONFIG_READ, "List the subscriptions", SubscriptionList
        )
    )
    def list_subscriptions() -> Response[str]:
        return json_response(SubscriptionList(items=tuple(configure.all(Subscription))))

    @routes.add(
        get_route(_SUBSCRIPTION, _TAG, Scope.CONFIG_READ, "Get a subscription", Subscription)
    )
    def show_subscription(subscription_id: IdPath, known: IfNoneMatch = None) -> Response[str]:
        return resource_response(configure.get(Subscription, subscription_id), known)

    @routes.add(
        put_route(
            _SUBSCRIPTION,
            _TAG,
            Scope.CONFIG_WRITE,
            "Create or replace a subscription",
            Subscription,
        )
    )
    def put_subscription(
        subscription_id: IdPath,
        body: SubscriptionBody,
        meant: IfMatch = None,
        known: IfNoneMatch = None,
    ) -> Response[str]:
        if body.id != subscription_id:
            raise Conflict("the body names another subscription than the path")
        new = configure.put(body, precondition_check(meant, known))
        return put_response(body, routes.call(), new=new)

    @routes.add(delete_route(_SUBSCRIPTION, _TAG, Scope.CONFIG_WRITE, "Delete a subscription"))
    def remove_subscription(subscription_id: IdPath, meant: IfMatch = None) -> Response[str]:
        configure.remove(
            configure.get(Subscription, subscription_id), precondition_check(meant, None)
        )
        return no_content()
