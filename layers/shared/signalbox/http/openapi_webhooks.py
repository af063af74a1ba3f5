"""The OpenAPI description of webhooks, which functions of their own answer, without a router."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from signalbox.http.openapi_components import ALWAYS, header_refs, problem_refs, response_schemas
from signalbox.http.webhook import DELIVERY_HEADER, WebhookResponse
from signalbox.models.base import JsonObject

WEBHOOKS: Final = "/api/v1/webhooks"

_GENERIC: Final = "generic"
"""The provider of services that have none of their own, whose sources have short paths too."""

_ERRORS: Final = (400, 401, 404, 413, 500, 503)


def webhook_schemas() -> JsonObject:
    """Return the schemas of the responses to providers."""
    return response_schemas(WebhookResponse)


def webhook_routes(provider: str) -> tuple[str, ...]:
    """Return the paths of a provider: its default source, and any other."""
    short = (f"{WEBHOOKS}/<source>",) if provider == _GENERIC else ()
    return f"{WEBHOOKS}/{provider}", f"{WEBHOOKS}/{provider}/<source>", *short


def webhook_paths(providers: Iterable[str]) -> JsonObject:
    """Return the OpenAPI paths of these providers."""
    # the most specific path first, as routes are matched
    ordered = sorted(providers, key=lambda name: name == _GENERIC)
    return {path: {"post": operation} for name in ordered for path, operation in _of(name)}


def signature_schemes(signed: Mapping[str, str]) -> JsonObject:
    """Return the security schemes of the providers, by the header of their signature."""
    return {
        _signature(provider): {
            "type": "apiKey",
            "in": "header",
            "name": header,
            "description": f"The signature of {provider} over the bytes of the body",
        }
        for provider, header in signed.items()
    }


def _signature(provider: str) -> str:
    return f"Signature-{provider}"


def _of(provider: str) -> Iterator[tuple[str, JsonObject]]:
    default, *named = webhook_routes(provider)
    yield default, _operation(provider, f"receive_{provider}", [])
    source: JsonObject = {
        "name": "source",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"},
    }
    for path, name in zip(named, ("of_source", "by_short_path"), strict=False):
        described = path.replace("<", "{").replace(">", "}")
        yield described, _operation(provider, f"receive_{provider}_{name}", [source])


def _operation(provider: str, name: str, parameters: list[JsonObject]) -> JsonObject:
    answer: JsonObject = {
        "description": "The delivery is kept, and so is every task that it asks for",
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/WebhookResponse"}}
        },
        "headers": {
            DELIVERY_HEADER: {
                "description": "Our id of the delivery",
                "schema": {"type": "string"},
            },
            **header_refs(*ALWAYS),
        },
    }
    return {
        "tags": ["webhooks"],
        "summary": f"Receive a webhook of {provider}",
        "description": "Signed as the provider signs its webhooks; nothing else is believed.",
        "operationId": name,
        "security": [{_signature(provider): []}],
        "parameters": [*parameters],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        "responses": {"200": answer, "202": answer, **problem_refs(_ERRORS)},
    }
