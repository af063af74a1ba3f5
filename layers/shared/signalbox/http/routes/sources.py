"""Sources: the senders that operators have configured."""

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
from signalbox.models.config import Source
from signalbox.models.errors import Conflict
from signalbox.models.manifest import identity
from signalbox.models.principal import Scope
from signalbox.services.configure import Configure

SOURCES = "/api/v1/sources"
_SOURCE = f"{SOURCES}/<provider>/<name>"
_TAG = "config"

SourceBody = Annotated[Source, as_json(Source), Body()]


class SourceList(Model):
    """Every source that is configured. The default source of a provider is there without it."""

    items: tuple[Source, ...]


def add_sources(routes: Routes, *, configure: Configure) -> None:
    """Adds the routes."""

    @routes.add(listing(SOURCES, _TAG, Scope.CONFIG_READ, "List the sources", SourceList))
    def list_sources() -> Response[str]:
        return said(SourceList(items=tuple(configure.all(Source))))

    @routes.add(showing(_SOURCE, _TAG, Scope.CONFIG_READ, "Show a source", Source))
    def show_source(provider: Id, name: Id, known: IfNoneMatch = None) -> Response[str]:
        return shown(configure.get(Source, f"{provider}/{name}"), known)

    @routes.add(putting(_SOURCE, _TAG, Scope.CONFIG_WRITE, "Configure a source", Source))
    def put_source(
        provider: Id,
        name: Id,
        body: SourceBody,
        meant: IfMatch = None,
        known: IfNoneMatch = None,
    ) -> Response[str]:
        if identity(body)[1] != f"{provider}/{name}":
            raise Conflict("the body names another source than the path")
        new = configure.put(body, must_match(meant, known))
        return put(body, routes.call(), new=new)

    @routes.add(removing(_SOURCE, _TAG, Scope.CONFIG_WRITE, "Remove a source and its secret"))
    def remove_source(provider: Id, name: Id, meant: IfMatch = None) -> Response[str]:
        configure.remove(configure.get(Source, f"{provider}/{name}"), must_match(meant, None))
        return nothing()
