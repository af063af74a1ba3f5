"""Sources: configure them."""

from signalbox.http.crud import Crud, add_crud
from signalbox.http.routing import Routes
from signalbox.http.schemas.sources import SourceList
from signalbox.models.config import Source
from signalbox.models.principal import Scope
from signalbox.services.config.configure import Configure

SOURCES = "/api/v1/sources"


def add_sources(routes: Routes, *, configure: Configure) -> None:
    """Add the routes."""
    add_crud(
        routes,
        Crud(
            kind=Source,
            path=f"{SOURCES}/<provider>/<name>",
            list_model=SourceList,
            tag="config",
            read=Scope.CONFIG_READ,
            write=Scope.CONFIG_WRITE,
            all=lambda: SourceList(items=tuple(configure.all(Source))),
            get=lambda key: configure.get(Source, key),
            put=lambda source, _context, check: configure.put(source, check),
            remove=configure.remove,
            summaries={"delete": "Delete a source and its secret"},
        ),
    )
