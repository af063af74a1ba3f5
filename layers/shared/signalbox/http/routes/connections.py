"""Connections: configure and test them."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header

from signalbox.http.crud import Crud, add_crud
from signalbox.http.idempotency import REPLAYED_HEADERS, idempotency_key
from signalbox.http.pagination import IdPath
from signalbox.http.routes.notifications import notification_path, notification_view
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.connections import CONNECTIONS, ConnectionList
from signalbox.http.schemas.notifications import NotificationView
from signalbox.models.connection import Connection
from signalbox.models.ids import ConnectionId, RequestId
from signalbox.models.principal import Scope
from signalbox.services.config.configure import Configure
from signalbox.services.notifications.check_connection import CheckConnection

_CONNECTION = f"{CONNECTIONS}/<connection_id>"
_TAG = "config"


def add_connections(routes: Routes, *, configure: Configure, probe: CheckConnection) -> None:
    """Add the routes."""
    add_crud(
        routes,
        Crud(
            kind=Connection,
            path=_CONNECTION,
            list_model=ConnectionList,
            tag=_TAG,
            read=Scope.CONFIG_READ,
            write=Scope.CONFIG_WRITE,
            all=lambda: ConnectionList(items=tuple(configure.all(Connection))),
            get=lambda key: configure.get(Connection, key),
            put=lambda connection, _context, check: configure.put(connection, check),
            remove=configure.remove,
            summaries={"delete": "Delete a connection and its secret"},
        ),
    )

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
