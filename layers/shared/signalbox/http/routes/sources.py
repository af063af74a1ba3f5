"""Sources: configure them, and describe how they are set up."""

from typing import Final

from aws_lambda_powertools.event_handler import Response

from signalbox.http.crud import Crud, add_crud
from signalbox.http.pagination import IdPath
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.sources import (
    NewestDelivery,
    ProviderList,
    ProviderView,
    SourceList,
    SourceSetupResponse,
)
from signalbox.http.urls import request_origin
from signalbox.models.delivery import Delivery
from signalbox.models.principal import Scope
from signalbox.models.source import Source
from signalbox.services.config.configure import Configure
from signalbox.services.config.source_setup import DescribeSource, SourceState
from signalbox.services.ports.deliveries import Providers

SOURCES = "/api/v1/sources"

_SOURCE: Final = f"{SOURCES}/<provider>/<name>"
_TAG: Final = "config"


def add_sources(routes: Routes, *, configure: Configure) -> None:
    """Add the routes."""
    add_crud(
        routes,
        Crud(
            kind=Source,
            path=_SOURCE,
            list_model=SourceList,
            tag=_TAG,
            read=Scope.CONFIG_READ,
            write=Scope.CONFIG_WRITE,
            all=lambda: SourceList(items=tuple(configure.all(Source))),
            get=lambda key: configure.get(Source, key),
            put=lambda source, _context, check: configure.put(source, check),
            remove=configure.remove,
            summaries={"delete": "Delete a source and its secret"},
        ),
    )


def add_source_setup(
    routes: Routes, *, describe: DescribeSource, providers: Providers, scheme: str
) -> None:
    """Add the routes that describe providers and sources; `scheme` is that of the API."""

    @routes.add(
        Route(
            method="GET",
            path="/api/v1/providers",
            scope=Scope.CONFIG_READ,
            tag=_TAG,
            summary="List the providers of this installation",
            response_model=ProviderList,
        )
    )
    def list_providers() -> Response[str]:
        found = ((name, create()) for name, create in sorted(providers.items()))
        items = (
            ProviderView(name=name, secret=each.setup.secret, events=tuple(each.events))
            for name, each in found
        )
        return json_response(ProviderList(items=tuple(items)))

    @routes.add(
        Route(
            method="GET",
            path=f"{_SOURCE}/setup",
            scope=Scope.CONFIG_READ,
            tag=_TAG,
            summary="Describe how a source is set up, and whether it works",
            response_model=SourceSetupResponse,
            problems=(404,),
        )
    )
    def show_source_setup(provider: IdPath, name: IdPath) -> Response[str]:
        base_url = request_origin(routes.call().request, scheme)
        return json_response(_setup(describe(provider, name, base_url), base_url))


def _setup(state: SourceState, base_url: str) -> SourceSetupResponse:
    return SourceSetupResponse(
        provider=state.source.provider,
        source=state.source.name,
        configured=state.configured,
        enabled=state.source.enabled,
        url=base_url + state.path,
        secret=state.secret,
        events=tuple(state.events),
        instructions=tuple(state.instructions),
        newest_delivery=_newest(state.newest) if state.newest else None,
        last_rejection=state.rejections.newest if state.rejections else None,
    )


def _newest(delivery: Delivery) -> NewestDelivery:
    return NewestDelivery(
        id=delivery.id,
        received_at=delivery.received_at,
        status=delivery.status,
        event=delivery.event,
    )
