"""Connections: configure and test them."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header

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
from signalbox.http.idempotency import REPLAYED_HEADERS, idempotency_key
from signalbox.http.pagination import IdPath
from signalbox.http.routes.notifications import notification_path, notification_view
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.connections import CONNECTIONS, ConnectionList
from signalbox.http.schemas.notifications import NotificationView
from signalbox.models.config import Connection
from signalbox.models.errors import Conflict
from signalbox.models.ids import ConnectionId, RequestId
from signalbox.models.principal import Scope
from signalbox.services.config.configure import Configure
from signalbox.services.notifications.check_connection import CheckConnection

_CONNECTION = f"{CONNECTIONS}/<connection_id>"
_TAG = "config"

ConnectionBody = Annotated[Connection, as_json(Connection), Body()]


def add_connections(routes: Routes, *, configure: Configure, probe: CheckConnection) -> None:
    """Add the routes."""

    @routes.add(
        list_route(CONNECTIONS, _TAG, Scope.CONFIG_READ, "List the connections", ConnectionList)
    )
    def list_connections() -> Response[str]:
        return json_response(ConnectionList(items=tuple(configure.all(Connection))))

    @routes.add(get_route(_CONNECTION, _TAG, Scope.CONFIG_READ, "Get a connection", Connection))
    def show_connection(connection_id: IdPath, known: IfNoneMatch = None) -> Response[str]:
        return resource_response(configure.get(Connection, connection_id), known)

    @routes.add(
        put_route(
            _CONNECTION, _TAG, Scope.CONFIG_WRITE, "Create or replace a connection", Connection
        )
    )
    def put_connection(
        connection_id: IdPath,
        body: ConnectionBody,
        meant: IfMatch = None,
        known: IfNoneMatch = None,
    ) -> Response[str]:
        if body.id != connection_id:
            raise Conflict("the body names another connection than the path")
        new = configure.put(body, precondition_check(meant, known))
        return put_response(body, routes.call(), new=new)

    @routes.add(
        delete_route(_CONNECTION, _TAG, Scope.CONFIG_WRITE, "Delete a connection and its secret")
    )
    def remove_connection(connection_id: IdPath, meant: IfMatch = None) -> Response[str]:
        configure.remove(configure.get(Connection, connection_id), precondition_check(meant, None))
        return no_content()

    @routes.add(
        Route(
            method="POST",
            path=f"{_CONNECTION}/test",
            scope=Scope.CONFIG_WRITE,
            tag=_TAG,
            summary="Send a test notification; poll its outcome at Location",
            response_model=NotificationView,
            status=202,
            problems=(404, 409),
        )
    )
    def test_connection(
        connection_id: IdPath,
        key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
    ) -> Response[str]:
        call = routes.call()
        named = idempotency_key(key, call.request)
        configure.get(Connection, connection_id)
        notification, new = probe(
            ConnectionId(connection_id),
            by=call.caller.name,
            key=named,
            request_id=RequestId(call.request.request_id),
        )
        headers = {"location": notification_path(notification)} | ({} if new else REPLAYED_HEADERS)
        return json_response(notification_view(notification), 202, headers)
