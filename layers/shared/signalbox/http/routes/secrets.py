"""Secrets of sources and connections, and tokens of sources. They are write-only."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from signalbox.http.pagination import IdPath
from signalbox.http.routes.sources import SOURCES
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.connections import CONNECTIONS
from signalbox.http.schemas.secrets import (
    _MAX_PARAMETER_BYTES,
    PutSecretsRequest,
    PutSecretsResponse,
)
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, NotFound, PayloadInvalid
from signalbox.models.principal import Scope
from signalbox.models.source import DEFAULT_SOURCE, Source
from signalbox.services.config.configure import Configure
from signalbox.services.config.connection_secrets import check_connection_secret
from signalbox.services.ports.time import Clock

PutSecrets = Callable[[str, Sequence[str]], None]
"""Store these secrets under this name, replacing others. Raises Unavailable."""


def add_secrets(routes: Routes, *, configure: Configure, put: PutSecrets, clock: Clock) -> None:
    """Add the routes."""

    @routes.add(_setting(f"{SOURCES}/<provider>/<name>/secret"))
    def set_source_secret(
        provider: IdPath, name: IdPath, body: Annotated[PutSecretsRequest, Body()]
    ) -> Response[str]:
        source = _source(configure, provider, name)
        if create_provider := configure.providers.get(provider):
            _check(body, create_provider().check_secret)
        return _set(source.secret_name, body)

    @routes.add(_setting(f"{SOURCES}/<provider>/<name>/token", "Replace the tokens"))
    def set_source_token(
        provider: IdPath, name: IdPath, body: Annotated[PutSecretsRequest, Body()]
    ) -> Response[str]:
        source = _source(configure, provider, name)
        if create_provider := configure.providers.get(provider):
            _check(body, create_provider().check_token)
        return _set(source.token_name, body)

    @routes.add(_setting(f"{CONNECTIONS}/<connection_id>/secret"))
    def set_connection_secret(
        connection_id: IdPath, body: Annotated[PutSecretsRequest, Body()]
    ) -> Response[str]:
        connection = configure.get(Connection, connection_id)
        if make := configure.connectors.get(connection.connector):
            _check(body, partial(check_connection_secret, make(), connection))
        return _set(connection.secret_name, body)

    def _set(name: str, body: PutSecretsRequest) -> Response[str]:
        secrets = tuple(dict.fromkeys(body.secrets))
        if len(json.dumps(secrets, ensure_ascii=False).encode()) > _MAX_PARAMETER_BYTES:
            raise PayloadInvalid(
                f"the secrets have more than {_MAX_PARAMETER_BYTES} bytes together, as JSON"
            )
        put(name, secrets)
        return json_response(PutSecretsResponse(count=len(secrets), rotated_at=clock()))


def _check(body: PutSecretsRequest, check: Callable[[str], None]) -> None:
    """Check every secret; raises what `check` raises."""
    for secret in body.secrets:
        check(secret)


def _source(configure: Configure, provider: str, name: str) -> Source:
    """Return the source; the default one of a provider needs no configuration.

    Raises:
        NotFound: There is no such source.
    """
    if name == DEFAULT_SOURCE and provider in configure.providers:
        return Source(provider=provider, name=name)
    return configure.get(Source, f"{provider}/{name}")


def _setting(path: str, summary: str = "Replace the secrets") -> Route:
    return Route(
        method="PUT",
        path=path,
        scope=Scope.CONFIG_WRITE,
        tag="config",
        summary=summary,
        response_model=PutSecretsResponse,
        problems=(NotFound.status, Conflict.status),
    )
