"""Connections: the targets that operators have configured, and trying one."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header

from signalbox.http.idempotency import REPLAYED, idempotency_key
from signalbox.http.lists import Id
from signalbox.http.routes.notifications import NotificationView, place_of, view_of
from signalbox.http.routing import Route, Routes, said
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
from signalbox.models.config import Connection
from signalbox.models.errors import Conflict
from signalbox.models.ids import ConnectionId, RequestId
from signalbox.models.principal import Scope
from signalbox.services.configure import Configure
from signalbox.services.probe import ProbeConnection

CONNECTIONS = "/api/v1/connections"
_CONNECTION = f"{CONNECTIONS}/<connection_id>"
_TAG = "config"

ConnectionBody = Annotated[Connection, as_json(Connection), Body()]


class ConnectionList(Model):
    """Every connection; their secrets are kept apart and never shown."""

    items: tuple[Connection, ...]


def add_connections(routes: Routes, *, configure: Configure, probe: ProbeConnection) -> None:
    """Adds the routes."""

    @routes.add(
        listing(CONNECTIONS, _TAG, Scope.CONFIG_READ, "List the connections", ConnectionList)
    )
    def list_connections() -> Response[str]:
        return said(ConnectionList(items=tuple(configure.all(Connection))))

    @routes.add(showing(_CONNECTION, _TAG, Scope.CONFIG_READ, "Show a connection", Connection))
    def show_connection(connection_id: Id, known: IfNoneMatch = None) -> Response[str]:
        return shown(configure.get(Connection, connection_id), known)

    @routes.add(
        putting(_CONNECTION, _TAG, Scope.CONFIG_WRITE, "Configure a connection", Connection)
    )
    def put_connection(
        connection_id: Id,
        body: ConnectionBody,
        meant: IfMatch = None,
        known: IfNoneMatch = None,
    ) -> Response[str]:
        if body.id != connection_id:
            raise Conflict("the body names another connection than the path")
        new = configure.put(body, must_match(meant, known))
        return put(body, routes.call(), new=new)

    @routes.add(
        removing(_CONNECTION, _TAG, Scope.CONFIG_WRITE, "Remove a connection and its secret")
    )
    def remove_connection(connection_id: Id, meant: IfMatch = None) -> Response[str]:
        configure.remove(configure.get(Connection, connection_id), must_match(meant, None))
        return nothing()

    @routes.add(
        Route(
            method="POST",
            path=f"{_CONNECTION}/test",
            scope=Scope.CONFIG_WRITE,
            tag=_TAG,
            summary="Send a test through the queue and the connector; ask for it where it says",
            answers=NotificationView,
            status=202,
            refuses=(404, 409),
        )
    )
    def test_connection(
        connection_id: Id,
        key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
    ) -> Response[str]:
        call = routes.call()
        named = idempotency_key(key, call.request)
        configure.get(Connection, connection_id)
        owed, new = probe(
            ConnectionId(connection_id),
            by=call.caller.name,
            named=named,
            request_id=RequestId(call.request.request_id),
        )
        headers = {"location": place_of(owed)} | ({} if new else REPLAYED)
        return said(view_of(owed), 202, headers)
