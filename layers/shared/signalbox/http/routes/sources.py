"""Sources: configure them."""

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
from signalbox.http.schemas.sources import SourceList
from signalbox.models.config import Source
from signalbox.models.errors import Conflict
from signalbox.models.manifest import resource_key
from signalbox.models.principal import Scope
from signalbox.services.config.configure import Configure

SOURCES = "/api/v1/sources"
_SOURCE = f"{SOURCES}/<provider>/<name>"
_TAG = "config"

SourceBody = Annotated[Source, as_json(Source), Body()]


def add_sources(routes: Routes, *, configure: Configure) -> None:
    """Add the routes."""

    @routes.add(list_route(SOURCES, _TAG, Scope.CONFIG_READ, "List the sources", SourceList))
    def list_sources() -> Response[str]:
        return json_response(SourceList(items=tuple(configure.all(Source))))

    @routes.add(get_route(_SOURCE, _TAG, Scope.CONFIG_READ, "Get a source", Source))
    def show_source(provider: IdPath, name: IdPath, known: IfNoneMatch = None) -> Response[str]:
        return resource_response(configure.get(Source, f"{provider}/{name}"), known)

    @routes.add(put_route(_SOURCE, _TAG, Scope.CONFIG_WRITE, "Create or replace a source", Source))
    def put_source(
        provider: IdPath,
        name: IdPath,
        body: SourceBody,
        meant: IfMatch = None,
        known: IfNoneMatch = None,
    ) -> Response[str]:
        if resource_key(body)[1] != f"{provider}/{name}":
            raise Conflict("the body names another source than the path")
        new = configure.put(body, precondition_check(meant, known))
        return put_response(body, routes.call(), new=new)

    @routes.add(delete_route(_SOURCE, _TAG, Scope.CONFIG_WRITE, "Delete a source and its secret"))
    def remove_source(provider: IdPath, name: IdPath, meant: IfMatch = None) -> Response[str]:
        configure.remove(
            configure.get(Source, f"{provider}/{name}"), precondition_check(meant, None)
        )
        return no_content()
