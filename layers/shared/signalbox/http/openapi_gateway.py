"""The OpenAPI description of the gateway's own paths, which its function answers, not the API."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from signalbox.http.openapi_components import (
    RATE_LIMIT_HEADERS,
    header_refs,
    problem_component,
    response_schemas,
    status_headers,
)
from signalbox.http.schemas.gateway import GatewayServices, GatewayStatusResponse
from signalbox.http.schemas.problems import Problem
from signalbox.models.base import JsonObject, Model
from signalbox.models.principal import Scope

_ERRORS: Final = (413, 429, 503)
_DENIALS: Final = (401, 403)


class PublicIdentityKey(Model):
    """A public key of ES256, as RFC 7517 has it."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    use: str
    alg: str


class IdentityKeySet(Model):
    """The keys that verify `X-Signalbox-Identity`."""

    keys: tuple[PublicIdentityKey, ...]


class GatewayProblem(Problem):
    """A problem of the gateway: `error` is the code, `target_service` is null for its own paths."""

    error: str
    target_service: str | None
    request_id: str


_MODELS: Final[Mapping[str, tuple[type[BaseModel], str, Scope | None]]] = {
    "status": (
        GatewayStatusResponse,
        "Get whether the gateway runs, and the health of the services",
        Scope.METRICS_READ,
    ),
    "services": (GatewayServices, "List the services that are enabled", Scope.CONFIG_READ),
    "jwks.json": (IdentityKeySet, "Get the keys that verify the identity of callers", None),
}


def gateway_schemas() -> JsonObject:
    """Return the schemas of the responses, with those that they name."""
    return response_schemas(GatewayProblem, *(model for model, _, _ in _MODELS.values()))


def gateway_paths() -> JsonObject:
    """Return the paths."""
    return {
        f"/api/gateway/{name}": {"get": _operation(name, *described)}
        for name, described in _MODELS.items()
    }


def _operation(name: str, model: type[BaseModel], summary: str, scope: Scope | None) -> JsonObject:
    schema: JsonObject = {"$ref": f"#/components/schemas/{model.__name__}"}
    errors = (*_ERRORS, *_DENIALS) if scope else _ERRORS
    return {
        "tags": ["gateway"],
        "summary": summary,
        "description": f"Needs the scope `{scope}`." if scope else "Needs no key.",
        "operationId": f"get_gateway_{name.partition('.')[0]}",
        "security": [{"ApiKey": []}, {"Bearer": []}] if scope else [],
        "responses": {
            "200": {
                "description": "Successful Response",
                "content": {"application/json": {"schema": schema}},
                "headers": header_refs(*RATE_LIMIT_HEADERS, *status_headers(200)),
            },
            **{
                str(code): problem_component(code, GatewayProblem.__name__)
                for code in sorted(errors)
            },
        },
    }
